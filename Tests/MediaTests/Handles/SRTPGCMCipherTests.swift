import Testing

@testable import Media

/// That libsrtp2 opens what it encrypts, over wraps too: ``SRTPSessionTests``.
@Suite struct SRTPGCMCipherTests {
    private func protect(_ packet: [UInt8], by cipher: SRTPGCMCipher) throws -> [UInt8]? {
        var buffer = packet + [UInt8](repeating: 0, count: AESGCM.tagBytes)
        let count = try buffer.withUnsafeMutableBytes { try cipher.protect($0, length: packet.count) }
        return count.map { Array(buffer.prefix($0)) }
    }

    private let header = "8040f17b 8041f8d3 5501a0b2"

    /// RFC 7714 §16.1.1.
    @Test func packetWith128Bits() throws {
        let cipher = try SRTPGCMCipher(key: Array(0..<16), salt: Array("Quid pro quo".utf8))
        #expect(
            try protect(SRTPVectors.hex(header) + Array("Gallia est omnis divisa in partes tres".utf8), by: cipher)
                == SRTPVectors.hex(
                    header + """
                        f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833
                        899d7f27 beb16a91 52cf765e e4390cce
                        """))
    }

    /// RFC 7714 §16.2.1.
    @Test func packetWith256Bits() throws {
        let cipher = try SRTPGCMCipher(key: Array(0..<32), salt: Array("Quid pro quo".utf8))
        #expect(
            try protect(SRTPVectors.hex(header) + Array("Gallia est omnis divisa in partes tres".utf8), by: cipher)
                == SRTPVectors.hex(
                    header + """
                        32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b
                        7aa3db36 dfffd6b0 f9bb7878 d7a76c13
                        """))
    }

    /// RFC 3711 §B.3.
    @Test func keysFromAMasterKey() throws {
        let (key, salt) = (SRTPVectors.hex("E1F97A0D3E018BE0D64FA32C06DE4139"), SRTPVectors.hex("0EC675AD498AFEEBB6960B3AABE6"))
        #expect(try SRTPKeyDerivation.key(.rtpEncryption, masterKey: key, masterSalt: salt, count: 16) == SRTPVectors.hex("C61E7A93744F39EE10734AFE3FF7A087"))
        #expect(try SRTPKeyDerivation.key(.rtpSalt, masterKey: key, masterSalt: salt, count: 14) == SRTPVectors.hex("30CBBC08863D8C85D49DB34A9AE1"))
    }

    @Test func whatIsNoPacketIsRefused() throws {
        let cipher = try SRTPGCMCipher(key: Array(0..<16), salt: Array(0..<12))
        let header = SRTPVectors.hex(header)
        #expect(try protect(header, by: cipher)?.count == 28, "a packet may be empty")
        for length in 0..<12 { #expect(try protect(Array(header.prefix(length)), by: cipher) == nil) }
        // A contributing source and an extension that are not there.
        #expect(try protect([0x81] + header.dropFirst(), by: cipher) == nil)
        #expect(try protect([0x90] + header.dropFirst(), by: cipher) == nil)
        #expect(try protect([0x90] + header.dropFirst() + [0xbe, 0xde, 0xff, 0xff], by: cipher) == nil)
        #expect(try protect([0x90] + header.dropFirst() + [0xbe, 0xde, 0, 0], by: cipher)?.count == 32)
    }
}
