import CSodium

/// Bytes that only one node can read: libsodium's sealed box (X25519, XSalsa20-Poly1305) for its X25519 key.
enum WelcomeBox {
    /// `nil` for a key that is no point.
    static func seal(_ bytes: [UInt8], for publicKey: [UInt8]) -> [UInt8]? {
        Sodium.ready
        guard publicKey.count == Int(crypto_box_PUBLICKEYBYTES) else { return nil }
        var box = [UInt8](repeating: 0, count: bytes.count + crypto_box_sealbytes())
        return crypto_box_seal(&box, bytes, UInt64(bytes.count), publicKey) == 0 ? box : nil
    }

    /// `nil` for what was not sealed for that node.
    static func open(_ box: [UInt8], by identity: NodeIdentity) -> [UInt8]? {
        Sodium.ready
        guard box.count >= crypto_box_sealbytes() else { return nil }
        var bytes = [UInt8](repeating: 0, count: box.count - crypto_box_sealbytes())
        let result = identity.dhSecret.withBytes { crypto_box_seal_open(&bytes, box, UInt64(box.count), identity.dhPublicKey, $0) }
        return result == 0 ? bytes : nil
    }
}
