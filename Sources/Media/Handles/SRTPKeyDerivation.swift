import COpenSSL

/// Session keys from a master key (RFC 3711 §4.3, with a key derivation rate of 0): AES in counter mode over a label and the master salt.
enum SRTPKeyDerivation {
    /// What a key is for (RFC 3711 §4.3.2).
    enum Label: UInt8 {
        case rtpEncryption = 0x00
        case rtpSalt = 0x02
        case rtcpEncryption = 0x03
        case rtcpSalt = 0x05
    }

    /// - Parameters:
    ///   - masterKey: of 16 or 32 bytes.
    ///   - masterSalt: of at most 14 bytes; a shorter one, as AES-GCM's of 12, is followed by zeros (RFC 7714 §11).
    ///   - count: bytes of the key.
    /// - Throws: ``MediaError`` when there is no memory.
    static func key(_ label: Label, masterKey: [UInt8], masterSalt: [UInt8], count: Int) throws(MediaError) -> [UInt8] {
        precondition([16, 32].contains(masterKey.count) && masterSalt.count <= 14, "no master key")
        var counter = masterSalt + [UInt8](repeating: 0, count: 16 - masterSalt.count)
        counter[7] ^= label.rawValue
        guard let context = EVP_CIPHER_CTX_new() else { throw OpenSSL.error("derive keys for live pictures") }
        defer { EVP_CIPHER_CTX_free(context) }
        let zeros = [UInt8](repeating: 0, count: count)
        var key = zeros
        var written: Int32 = 0
        guard EVP_EncryptInit_ex(context, masterKey.count == 16 ? EVP_aes_128_ctr() : EVP_aes_256_ctr(), nil, masterKey, counter) == 1,
            EVP_EncryptUpdate(context, &key, &written, zeros, Int32(count)) == 1, written == count
        else { throw OpenSSL.error("derive keys for live pictures") }
        return key
    }
}
