import COpenSSL

/// AES-GCM with one key, in one direction, by OpenSSL; for SRTP, whose messages follow each other too fast for a new context each.
final class AESGCM {
    static let tagBytes = 16
    static let ivBytes = 12

    /// What opening has found.
    enum Opened { case genuine, altered }

    private let context: OpaquePointer
    private let isSealing: Bool

    /// - Parameters:
    ///   - key: of 16 or 32 bytes.
    ///   - isSealing: whether it encrypts; else it decrypts.
    /// - Throws: ``MediaError`` when there is no memory.
    init(key: [UInt8], isSealing: Bool) throws(MediaError) {
        precondition([16, 32].contains(key.count), "no key")
        guard let context = EVP_CIPHER_CTX_new() else { throw OpenSSL.error("encrypt live pictures") }
        self.context = context
        self.isSealing = isSealing
        guard EVP_CipherInit_ex(context, key.count == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(), nil, key, nil, isSealing ? 1 : 0) == 1 else {
            EVP_CIPHER_CTX_free(context)
            throw OpenSSL.error("encrypt live pictures")
        }
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// Encrypts `text` in place; its tag is written behind it, where there must be room.
    ///
    /// - Parameters:
    ///   - iv: never the same twice for different content.
    ///   - head: is authenticated and stays as it is; `tail` follows it.
    /// - Throws: ``MediaError`` when OpenSSL refuses.
    func seal(
        _ text: UnsafeMutableRawBufferPointer, iv: UnsafeBufferPointer<UInt8>, head: UnsafeRawBufferPointer, tail: UnsafeRawBufferPointer? = nil
    ) throws(MediaError) {
        precondition(isSealing && iv.count == Self.ivBytes)
        var written: Int32 = 0
        guard let start = begin(text, iv: iv, head: head, tail: tail), EVP_CipherFinal_ex(context, start + text.count, &written) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagBytes), start + text.count) == 1
        else { throw OpenSSL.error("encrypt live pictures") }
    }

    /// Decrypts `text` in place, behind which its tag stands.
    ///
    /// - Returns: whether it is what somebody with the key sealed; if not, its bytes mean nothing.
    /// - Throws: ``MediaError`` when OpenSSL refuses.
    func open(
        _ text: UnsafeMutableRawBufferPointer, iv: UnsafeBufferPointer<UInt8>, head: UnsafeRawBufferPointer, tail: UnsafeRawBufferPointer? = nil
    ) throws(MediaError) -> Opened {
        precondition(!isSealing && iv.count == Self.ivBytes)
        var written: Int32 = 0
        guard let start = begin(text, iv: iv, head: head, tail: tail),
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagBytes), start + text.count) == 1
        else { throw OpenSSL.error("decrypt a viewer's reports") }
        return EVP_CipherFinal_ex(context, start + text.count, &written) == 1 ? .genuine : .altered
    }

    /// - Returns: where the text begins; nil when OpenSSL refuses.
    private func begin(
        _ text: UnsafeMutableRawBufferPointer, iv: UnsafeBufferPointer<UInt8>, head: UnsafeRawBufferPointer, tail: UnsafeRawBufferPointer?
    ) -> UnsafeMutablePointer<UInt8>? {
        guard let start = text.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        var written: Int32 = 0
        guard EVP_CipherInit_ex(context, nil, nil, nil, iv.baseAddress, -1) == 1, authenticate(head), tail.map(authenticate) ?? true,
            text.isEmpty || EVP_CipherUpdate(context, start, &written, start, Int32(text.count)) == 1
        else { return nil }
        return start
    }

    private func authenticate(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var written: Int32 = 0
        return EVP_CipherUpdate(context, nil, &written, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(bytes.count)) == 1
    }
}
