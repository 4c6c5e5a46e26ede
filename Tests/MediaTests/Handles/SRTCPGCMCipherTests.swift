import Testing

@testable import Media

/// That browsers, aiortc, GStreamer and pion understand it, and it them: `Tests/System/test_strangers_*.py`.
@Suite struct SRTCPGCMCipherTests {
    private let salt = Array("Quid pro quo".utf8)
    private let report = SRTPVectors.hex(
        "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef")

    private func cipher(keyBytes: Int, from index: UInt32 = 1) throws -> SRTCPGCMCipher {
        let key = (Array(0..<UInt8(keyBytes)), salt)
        return try SRTCPGCMCipher(outbound: key, inbound: key, firstIndex: index)
    }

    private func protect(_ packet: [UInt8], by cipher: SRTCPGCMCipher) throws -> [UInt8]? {
        var buffer = packet + [UInt8](repeating: 0, count: SRTCPGCMCipher.overhead)
        return try buffer.withUnsafeMutableBytes { try cipher.protect($0, length: packet.count) }.map { Array(buffer.prefix($0)) }
    }

    private func open(_ packet: [UInt8], by cipher: SRTCPGCMCipher) throws -> [UInt8]? {
        var buffer = packet
        return try buffer.withUnsafeMutableBytes { try cipher.unprotect($0, length: $0.count) }.map { Array(buffer.prefix($0)) }
    }

    /// RFC 7714 §17.1.
    @Test func packetWith128Bits() throws {
        let sealed = SRTPVectors.hex(
            """
            81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b
            c84aa458 96cf4d2f c5abf872 45d9eade 800005d4
            """)
        #expect(try protect(report, by: cipher(keyBytes: 16, from: 0x5d4)) == sealed)
        #expect(try open(sealed, by: cipher(keyBytes: 16)) == report)
    }

    /// RFC 3711 §3.3.2: nothing twice, in whatever order it comes, each sender by itself.
    @Test func nothingComesTwice() throws {
        let (here, there) = (try cipher(keyBytes: 32), try cipher(keyBytes: 32))
        let sealed = try (0..<300).map { _ in try #require(try protect(report, by: here)) }
        for number in [0, 2, 1, 299, 172, 298] { #expect(try open(sealed[number], by: there) == report, "\(number)") }
        // Had, and more than the window behind.
        for number in [0, 1, 2, 299, 172, 298, 3, 171] { #expect(throws: SRTPSession.Failure.replayed, "\(number)") { try open(sealed[number], by: there) } }
        let other = report.prefix(4) + [9, 9, 9, 9] + report.dropFirst(8)
        let first = try #require(try protect(Array(other), by: cipher(keyBytes: 32)))
        #expect(try open(first, by: there) == Array(other))
    }

    /// A forged number must not shut out the genuine ones that follow.
    @Test func whatIsAlteredChangesNothing() throws {
        let (here, there) = (try cipher(keyBytes: 16), try cipher(keyBytes: 16))
        let sealed = try #require(try protect(report, by: here))
        for place in sealed.indices {
            for bit in [1, 0x80] as [UInt8] {
                var altered = sealed
                altered[place] ^= bit
                #expect(try open(altered, by: there) == nil, "byte \(place)")
            }
        }
        for length in sealed.indices { #expect(try open(Array(sealed.prefix(length)), by: there) == nil) }
        #expect(try open(sealed, by: there) == report)
    }

    @Test func numbersEnd() throws {
        let last = try cipher(keyBytes: 16, from: 1 << 31 - 1)
        #expect(try protect(report, by: last)?.suffix(4) == [0xff, 0xff, 0xff, 0xff])
        #expect(throws: MediaError.self) { try protect(report, by: last) }
        for length in 0..<8 { #expect(try protect(Array(report.prefix(length)), by: cipher(keyBytes: 16)) == nil) }
    }
}
