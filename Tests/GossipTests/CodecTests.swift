import Testing

@testable import Gossip

@Suite struct PacketCodecTests {
    private let cipher = NodeCrypto(identity: TestMesh.shared.identities[0], mesh: TestMesh.shared.genesis.meshID)
    private let key = [UInt8](repeating: 7, count: 32)

    private var packet: [UInt8] {
        let header = PacketHeader(type: .frames, meshTag: [1, 2, 3, 4], source: 0x0102_0304_0506_0708, nonce: [UInt8](0..<24))
        let content = PacketContent(
            sourceBoot: 3, destinationBoot: 4, sequence: 5, frames: [Frame(kind: .ping, body: [8, 1]), Frame(kind: .claim, body: [])])
        return PacketCodec.encode(header, content, key: key, cipher: cipher)
    }

    @Test func roundTrip() throws {
        let header = try #require(PacketCodec.header(of: packet))
        #expect(header.source == 0x0102_0304_0506_0708 && header.meshTag == [1, 2, 3, 4])
        let content = try #require(PacketCodec.open(packet, header: header, key: key, cipher: cipher))
        #expect(content.sourceBoot == 3 && content.destinationBoot == 4 && content.sequence == 5)
        #expect(content.frames == [Frame(kind: .ping, body: [8, 1]), Frame(kind: .claim, body: [])])
    }

    @Test func anyAlteredByteIsRefused() {
        let packet = packet
        for index in packet.indices {
            var altered = packet
            altered[index] ^= 1
            guard let header = PacketCodec.header(of: altered) else { continue }
            #expect(PacketCodec.open(altered, header: header, key: key, cipher: cipher) == nil, "byte \(index)")
        }
    }

    @Test func everyLengthIsRefusedOrRead() {
        for length in 0..<packet.count {
            let cut = Array(packet.prefix(length))
            if let header = PacketCodec.header(of: cut) { #expect(PacketCodec.open(cut, header: header, key: key, cipher: cipher) == nil) }
        }
        #expect(PacketCodec.header(of: packet + [UInt8](repeating: 0, count: PacketCodec.limit)) == nil)
    }

    @Test func largestPacketFits() {
        let frame = Frame(kind: .record, body: [UInt8](repeating: 1, count: PacketCodec.frameSpace - Frame.overhead))
        let header = PacketHeader(type: .frames, meshTag: [1, 2, 3, 4], source: 1, nonce: [UInt8](repeating: 0, count: 24))
        let content = PacketContent(sourceBoot: 1, destinationBoot: 1, sequence: 1, frames: [frame])
        #expect(PacketCodec.encode(header, content, key: key, cipher: cipher).count == PacketCodec.limit)
    }

    /// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    @Test func publishedVector() throws {
        let plain = Array("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.".utf8)
        let aad = try #require([UInt8](hexDigits: "50515253c0c1c2c3c4c5c6c7"))
        let key = [UInt8](0x80...0x9f)
        let nonce = [UInt8](0x40...0x57)
        let sealed = cipher.seal(plain, additionalData: aad, nonce: nonce, key: key)
        #expect(sealed.prefix(16).hexDigits == "bd6d179d3e83d43b9576579493c0e939")
        #expect(sealed.suffix(16).hexDigits == "c0875924c1c7987947deafd8780acf49")
    }
}

@Suite struct ReplayWindowTests {
    /// At every awkward number: word and window borders, and the largest.
    @Test(arguments: [0, 1, 62, 63, 64, 65, 2046, 2047, 2048, 2049, 4095, 1 << 32, UInt64.max - 5000])
    func countsEachOnce(start: UInt64) {
        var window = ReplayWindow()
        var inserted = 0
        for offset in 0..<UInt64(4500) where offset % 3 != 0 { inserted += window.insert(start + offset) ? 1 : 0 }
        #expect(inserted == 3000)
        let highest = start + 4499
        #expect(window.highest == highest)
        for offset in 0..<UInt64(4500) {
            let number = start + offset
            let isInside = highest - number < ReplayWindow.size
            #expect(window.isNew(number) == (isInside && offset % 3 == 0), "\(number)")
        }
        // What was left out comes late, once.
        let late = highest - 1499 - (highest - 1499 - start) % 3
        let results = [window.insert(late), window.insert(late)]
        #expect(results == [true, false])
    }

    @Test func leapsForgetTheOld() {
        var window = ReplayWindow()
        let numbers: [(UInt64, Bool)] = [
            (5, true), (1 << 40, true), (5, false), ((1 << 40) - 2047, true), ((1 << 40) - 2048, false), (.max, true), (.max, false),
        ]
        for (number, isNew) in numbers {
            let inserted = window.insert(number)
            #expect(inserted == isNew, "\(number)")
        }
    }

    /// Compared with a set of all numbers, over random walks.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func agreesWithASet(seed: UInt64) {
        var rng = Randomness.seeded(seed)
        var window = ReplayWindow()
        var seen: Set<UInt64> = []
        var base: UInt64 = 1
        for _ in 0..<20_000 {
            base += UInt64.random(in: 0...40, using: &rng)
            let number = base - min(base, UInt64.random(in: 0...3000, using: &rng))
            let highest = seen.max() ?? 0
            let expected = !seen.contains(number) && (number > highest || highest - number < ReplayWindow.size)
            guard window.insert(number) == expected else {
                Issue.record("seed \(seed): \(number) below \(highest)")
                return
            }
            if expected { seen.insert(number) }
            if seen.count > 4000 { seen = seen.filter { $0 + 3100 > highest } }
        }
    }
}

@Suite struct IdentifierTests {
    @Test func textForms() throws {
        let text = "00ff0123456789abcdef0123456789ab"
        let id = try #require(NodeID(hex: text))
        #expect("\(id)" == text && id.short == "00ff0123" && NodeID(bytes: id.bytes) == id)
        #expect(NodeID(hex: text.uppercased()) == id)
        for bad in ["", "00", text + "00", "g" + text.dropFirst(), "é" + text.dropFirst(2)] { #expect(NodeID(hex: bad) == nil, "\(bad)") }
        let event = EventID(origin: id, boot: 0x0102_0304, counter: 0xfffe_fdfc)
        #expect("\(event)" == "00ff0123456789ab01020304fffefdfc" && event.isFrom(id) && event.boot == 0x0102_0304)
        #expect(EventID(hex: "\(event)") == event && event.counter == 0xfffe_fdfc)
    }

    /// RFC 4291 §2.2 and §2.5.5, and what looks like it.
    @Test(arguments: [
        ("::", [UInt8](repeating: 0, count: 16)), ("::1", [UInt8](repeating: 0, count: 15) + [1]),
        ("fe80::1%eth0", [0xfe, 0x80] + [UInt8](repeating: 0, count: 13) + [1]),
        ("1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]),
        ("::ffff:192.168.1.7", [UInt8](repeating: 0, count: 10) + [0xff, 0xff, 192, 168, 1, 7]), ("192.168.1.7", [192, 168, 1, 7]),
        ("1::", [0, 1] + [UInt8](repeating: 0, count: 14)),
    ])
    func addresses(text: String, bytes: [UInt8]) { #expect(IPAddress(text)?.bytes == bytes) }

    @Test(arguments: ["", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "256.1.1.1", "1.2.3", "host", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7", "g::1", "12345::"])
    func noAddresses(text: String) { #expect(IPAddress(text) == nil) }
}
