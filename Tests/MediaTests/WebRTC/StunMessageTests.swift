import Testing

@testable import Media

@Suite struct StunMessageTests {
    /// RFC 5769 §2: all of short-term credentials, with this password.
    private static let password = Array("VOkJxbRl1RmTxUk/WvJxBt".utf8)
    /// RFC 5769 §2.1.
    static let sampleRequest = [UInt8](
        hex: """
            000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36
            000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf
            """)
    /// RFC 5769 §2.2.
    static let sampleIPv4Response = [UInt8](
        hex: """
            0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599fd9e90c3
            8c7489f92af9ba53f06be7d780280004c07d4c96
            """)
    /// RFC 5769 §2.3.
    static let sampleIPv6Response = [UInt8](
        hex: """
            010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9
            00080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c
            """)

    private static let transaction = StunTransactionID(first: 0xb7e7_a701, second: 0xbc34_d686_fa87_dfae)

    @Test func theStandardsRequest() throws {
        let message = try StunMessage(Self.sampleRequest[...])
        #expect(message.messageClass == .request && message.method == StunMessage.binding && message.transactionID == Self.transaction)
        #expect(
            message.attributes == [
                .software("STUN test client"), .priority(0x6e00_01ff), .iceControlled(0x932f_f9b1_5126_3b36), .username("evtj:h6vY"),
            ])
        #expect(message.unknownRequired.isEmpty && message.addressedFragment == "evtj")
        #expect(StunIntegrity.isRight(in: Self.sampleRequest[...], key: Self.password))
        #expect(!StunIntegrity.isRight(in: Self.sampleRequest[...], key: Array("VOkJxbRl1RmTxUk/WvJxBT".utf8)))
    }

    @Test func theStandardsResponses() throws {
        let four = try StunMessage(Self.sampleIPv4Response[...])
        #expect(four.messageClass == .success && four.mappedAddress == TransportAddress("192.0.2.1", port: 32853))
        #expect(StunIntegrity.isRight(in: Self.sampleIPv4Response[...], key: Self.password))
        let six = try StunMessage(Self.sampleIPv6Response[...])
        #expect(six.mappedAddress == TransportAddress("2001:db8:1234:5678:11:2233:4455:6677", port: 32853))
        #expect(StunIntegrity.isRight(in: Self.sampleIPv6Response[...], key: Self.password))
    }

    /// The vectors pad with other bytes than zeros, which change the checksums: the rest is written as they have it.
    @Test func weWriteWhatTheStandardWrites() {
        let address = TransportAddress("192.0.2.1", port: 32853)!
        let message = StunMessage(.success, transactionID: Self.transaction, attributes: [.xorMappedAddress(address)])
        let bytes = message.bytes(key: Self.password)
        #expect(Array(bytes[20..<32]) == Array(Self.sampleIPv4Response[36..<48]))
        #expect(StunIntegrity.isRight(in: bytes[...], key: Self.password))
        #expect((try? StunMessage(bytes[...])) == message)
    }

    /// RFC 2202, HMAC-SHA1 has its vectors in swift-crypto; CRC-32 has its check value.
    @Test func checksum() {
        #expect(CRC32.checksum(Array("123456789".utf8)[...]) == 0xcbf4_3926)
        #expect(CRC32.checksum([]) == 0)
    }

    @Test func everyAlteredBitIsSeen() {
        // With another type the fingerprint would be an optional attribute behind the integrity, which nobody heeds.
        let fingerprintType = Self.sampleRequest.count - 8..<Self.sampleRequest.count - 6
        for index in Self.sampleRequest.indices where !fingerprintType.contains(index) {
            for bit in 0..<8 {
                var altered = Self.sampleRequest
                altered[index] ^= 1 << UInt8(bit)
                // A length may be made to swallow the fingerprint; the integrity is then gone too.
                let isRefused = (try? StunMessage(altered[...])) == nil || !StunIntegrity.isRight(in: altered[...], key: Self.password)
                #expect(isRefused, "byte \(index) bit \(bit)")
            }
        }
        // Without the fingerprint, integrity finds what it covers.
        let bytes = Self.sampleRequest.dropLast(8)
        var short = Array(bytes)
        short.set(bigEndian: UInt16(short.count - 20), at: 2)
        #expect(StunIntegrity.isRight(in: short[...], key: Self.password))
        for index in short.indices where index < 2 || index > 3 {
            var altered = short
            altered[index] ^= 0x10
            #expect(!StunIntegrity.isRight(in: altered[...], key: Self.password), "byte \(index)")
        }
    }

    /// RFC 8489 §14.5: what follows MESSAGE-INTEGRITY is not heeded.
    @Test func whatIsNotProtectedIsNotHeeded() throws {
        var bytes = StunMessage(.request, transactionID: Self.transaction, attributes: [.username("a:b")]).bytes(key: Self.password, hasFingerprint: false)
        StunAttribute.append(StunAttribute.Kind.useCandidate, [], to: &bytes)
        StunAttribute.append(0x7fff, [1], to: &bytes)
        bytes.set(bigEndian: UInt16(bytes.count - 20), at: 2)
        let message = try StunMessage(bytes[...])
        #expect(message.attributes == [.username("a:b")] && message.unknownRequired.isEmpty)
        #expect(StunIntegrity.isRight(in: bytes[...], key: Self.password))
    }

    @Test func unknownTypesAreNoticedIfTheyMustBeUnderstood() throws {
        var bytes = StunMessage(.request, transactionID: Self.transaction, attributes: [.priority(1)]).bytes(key: nil, hasFingerprint: false)
        StunAttribute.append(0x7001, [1, 2, 3], to: &bytes)
        StunAttribute.append(0xc001, [1, 2, 3, 4, 5], to: &bytes)
        bytes.set(bigEndian: UInt16(bytes.count - 20), at: 2)
        let message = try StunMessage(bytes[...])
        #expect(message.unknownRequired == [0x7001] && message.attributes == [.priority(1)])
    }

    @Test(arguments: [StunMessage.Class.request, .indication, .success, .failure], [UInt16(1), 2, 0x7f, 0x80, 0xfff])
    func classesAndMethodsComeBack(kind: StunMessage.Class, method: UInt16) throws {
        let message = StunMessage(
            kind, method: method, transactionID: Self.transaction,
            attributes: [
                .errorCode(487, reason: "Role Conflict"), .unknownAttributes([1, 0x7fff]), .useCandidate, .iceControlling(.max),
                .mappedAddress(TransportAddress("::1", port: 1)!), .xorMappedAddress(TransportAddress("fe80::1", port: 65535)!),
            ])
        let bytes = message.bytes(key: [1])
        #expect(try StunMessage(bytes[...]) == message)
        #expect(bytes[0] & 0xc0 == 0, "the two zero bits that tell STUN from RTP")
    }

    @Test func isTotalOnAnything() {
        let originals = [Self.sampleRequest, Self.sampleIPv4Response, Self.sampleIPv6Response]
        for seed in ByteMutator.seeds {
            var mutator = ByteMutator(seed: seed)
            var read = 0
            for round in 0..<4000 {
                // Without the fingerprint: it would refuse nearly everything before it is looked at.
                var bytes = mutator.mutate(Array(originals[round % 3].dropLast(8)))
                if bytes.count >= 20, round % 5 != 0 {
                    bytes.set(bigEndian: UInt16((bytes.count - 20) & ~3), at: 2)
                    bytes.removeLast(bytes.count % 4)
                }
                _ = StunIntegrity.isRight(in: bytes[...], key: Self.password)
                guard let message = try? StunMessage(bytes[...]) else { continue }
                read += 1
                #expect(message.attributes.count <= StunMessage.attributeLimit, "seed \(seed): \(bytes)")
                _ = message.bytes(key: Self.password)
            }
            #expect(read > 400, "seed \(seed): the mutator must leave something to read: \(read)")
        }
    }
}

@Suite struct StunTransactionTests {
    /// RFC 8489 §6.2.1: with the defaults, requests at 0, 500, 1500, 3500, 7500, 15500 and 31500 ms; failed at 39500 ms.
    @Test func theStandardsTimes() {
        var transaction = StunTransaction(id: StunTransactionID(first: 0, second: 0), bytes: [], timing: .init(), now: at(0))
        var sent: [Double] = []
        while true {
            let now = transaction.deadline
            let step = transaction.step(now: now)
            if step == .timedOut {
                #expect(now == at(39.5))
                break
            }
            #expect(step == .transmit)
            sent.append((now - at(0)).inSeconds)
            #expect(transaction.step(now: now) == .wait)
        }
        #expect(sent.map { ($0 * 1000).rounded() } == [0, 500, 1500, 3500, 7500, 15500, 31500])
    }

    @Test func aHastenedRequestGoesAtOnce() {
        var transaction = StunTransaction(id: StunTransactionID(first: 0, second: 0), bytes: [], timing: .init(), now: at(0))
        #expect(transaction.step(now: at(0)) == .transmit)
        transaction.hasten(now: at(0.1))
        #expect(transaction.step(now: at(0.1)) == .transmit)
    }
}
