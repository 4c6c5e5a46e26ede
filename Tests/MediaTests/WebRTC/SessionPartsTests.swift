import Testing

@testable import Media

@Suite struct SessionPartsTests {
    /// RFC 7983 §7 and RFC 5761 §4, at every edge.
    @Test func datagramsAreTold() {
        func kind(_ first: UInt8, _ second: UInt8 = 0) -> DatagramKind? { DatagramKind([first, second]) }
        #expect([0, 3].map { kind($0) } == [.stun, .stun] && kind(4) == nil && kind(19) == nil)
        #expect([20, 63].map { kind($0) } == [.dtls, .dtls] && kind(64) == nil && kind(127) == nil && kind(192) == nil && kind(255) == nil)
        #expect(kind(128, 191) == .rtp && kind(128, 192) == .rtcp && kind(191, 223) == .rtcp && kind(128, 224) == .rtp)
        #expect(kind(128, 96) == .rtp && kind(128, 0xe0) == .rtp, "with marker")
        #expect(DatagramKind([]) == nil && DatagramKind([0]) == nil)
    }

    /// RFC 5764 §4.2: client key, server key, client salt, server salt.
    @Test(arguments: SRTPProfile.allCases)
    func keysAreTakenApart(profile: SRTPProfile) throws {
        let key = profile.keyBytes
        let salt = profile.saltBytes
        func run(_ value: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: value, count: count) }
        let material = run(1, key) + run(2, key) + run(3, salt) + run(4, salt)
        #expect(material.count == profile.materialBytes)
        let client = try #require(SRTPKeys(material: material, profile: profile, role: .client))
        #expect(client.local == run(1, key) + run(3, salt) && client.remote == run(2, key) + run(4, salt))
        let server = try #require(SRTPKeys(material: material, profile: profile, role: .server))
        #expect(server.local == client.remote && server.remote == client.local)
        #expect(SRTPKeys(material: material.dropLast(), profile: profile, role: .client) == nil)
    }

    @Test func batchesHoldEqualPacketsTogether() throws {
        struct Refusal: Error {}
        let path = IcePath(local: SessionLab.camera, remote: SessionLab.browser)
        var batch = DatagramBatch()
        batch.append([1, 2], path: path)
        let length = batch.append(path: path, overhead: 16) { $0 += [3, 4, 5] } protect: { buffer, length in
            buffer[length] = 9
            return length + 1
        }
        #expect(length == 4 && batch.bytes == [1, 2, 3, 4, 5, 9] && batch.entries.map(\.range) == [0..<2, 2..<6])
        #expect(throws: Refusal.self) { try batch.append(path: path, overhead: 16) { $0 += [6] } protect: { _, _ in throw Refusal() } }
        #expect(batch.bytes.count == 6 && batch.entries.count == 2, "what cannot be encrypted leaves nothing")
        batch.removeAll()
        #expect(batch.bytes.isEmpty && batch.entries.isEmpty)
    }

    @Test func theRouterKnowsWhoseADatagramIs() {
        var router = DatagramRouter<Int>()
        let path = IcePath(local: SessionLab.camera, remote: SessionLab.browser)
        let check = StunMessage(.request, transactionID: .init(first: 1, second: 2), attributes: [.username("abcd:x")]).bytes(key: [1])
        #expect(router.session(for: check[...], path: path) == nil)
        router.add(1, fragment: "abcd")
        #expect(router.session(for: check[...], path: path) == 1)
        #expect(router.session(for: [22, 1], path: path) == nil)
        router.learn(path, for: 1, isProven: false)
        router.learn(path, for: 7, isProven: true)
        #expect(router.session(for: [22, 1], path: path) == 1)
        // The same address asks for another session. Anybody can write a sender's address: it is that one's once somebody answered there.
        router.add(2, fragment: "efgh")
        router.learn(path, for: 2, isProven: false)
        #expect(router.session(for: [22, 1], path: path) == 1)
        router.learn(path, for: 2, isProven: true)
        router.remove(1)
        #expect(router.session(for: [22, 1], path: path) == 2 && router.session(for: check[...], path: path) == nil)
        router.add(2, fragment: "efgh2")
        router.add(2, fragment: "efgh3")
        let old = StunMessage(.request, transactionID: .init(first: 1, second: 3), attributes: [.username("efgh:x")]).bytes(key: [1])
        #expect(router.session(for: old[...], path: path) == nil, "of two restarts ago")
        for port in 1...100 as ClosedRange<UInt16> {
            router.learn(IcePath(local: SessionLab.camera, remote: TransportAddress("10.0.0.1", port: port)!), for: 2, isProven: true)
        }
        #expect(router.session(for: [22, 1], path: path) == nil, "sixteen are remembered")
        // An answer belongs to whoever asked, wherever it comes from.
        let question = StunMessage(.request, transactionID: .init(first: 8, second: 9)).bytes(key: nil)
        let answer = StunMessage(.success, transactionID: .init(first: 8, second: 9)).bytes(key: nil)
        #expect(router.session(for: answer[...], path: path) == nil)
        router.sends(question[...], from: 2)
        router.sends([0x80, 96, 0, 0], from: 2)
        #expect(router.session(for: answer[...], path: path) == 2)
        for number in 0..<200 as Range<UInt64> {
            router.sends(StunMessage(.request, transactionID: .init(first: 7, second: number)).bytes(key: nil)[...], from: 2)
        }
        #expect(router.session(for: answer[...], path: path) == nil, "128 are remembered")
        router.remove(2)
        #expect(router.session(for: [22, 1], path: IcePath(local: SessionLab.camera, remote: TransportAddress("10.0.0.1", port: 100)!)) == nil)
    }

    @Test func streamsAreMeasured() {
        var rate = StreamRate()
        func unit(_ bytes: Int, key: Bool) -> PacketizedAccessUnit {
            PacketizedAccessUnit(bytes: [UInt8](repeating: 0, count: bytes), ends: [bytes], pts90k: 0, isKeyFrame: key, isDisposable: false, captured: at(0))!
        }
        for frame in 0..<600 { rate.add(unit(frame % 60 == 0 ? 8000 : 1000, key: frame % 60 == 0), now: at(Double(frame) / 30)) }
        // 60 pictures in two seconds: 67,000 bytes, of them 8000 of key frames.
        #expect(abs((rate.bitRate ?? 0) - 268_000) < 30_000, "\(rate.bitRate ?? 0)")
        #expect(abs((rate.keyFrameBitRate ?? 0) - 32_000) < 3000, "\(rate.keyFrameBitRate ?? 0)")
    }
}
