import CSodium

/// What only the owner of an X25519 key opens (libsodium's `crypto_box_seal`); nobody can tell who sealed it.
enum SealedBox {
    static let overhead = crypto_box_sealbytes()

    /// `nil` for a public key that yields no secret.
    static func seal(_ message: [UInt8], to publicKey: [UInt8]) -> [UInt8]? {
        Sodium.ready
        guard publicKey.count == Int(crypto_box_PUBLICKEYBYTES) else { return nil }
        var sealed = [UInt8](repeating: 0, count: message.count + overhead)
        return crypto_box_seal(&sealed, message, UInt64(message.count), publicKey) == 0 ? sealed : nil
    }

    /// `nil` for what was sealed for another key, or is no such box.
    static func open(_ sealed: [UInt8], publicKey: [UInt8], secret: SecretBytes) -> SecretBytes? {
        Sodium.ready
        guard sealed.count >= overhead, publicKey.count == Int(crypto_box_PUBLICKEYBYTES), secret.count == Int(crypto_box_SECRETKEYBYTES) else {
            return nil
        }
        // One byte more, so that there is an address even for an empty content.
        var message = [UInt8](repeating: 0, count: sealed.count - overhead + 1)
        defer { sodium_memzero(&message, message.count) }
        guard secret.withBytes({ crypto_box_seal_open(&message, sealed, UInt64(sealed.count), publicKey, $0) }) == 0 else { return nil }
        return SecretBytes(message.dropLast())
    }
}

extension SigningKey {
    /// The X25519 key that belongs to an Ed25519 public key. `nil` for a point that has none.
    static func boxKey(of publicKey: [UInt8]) -> [UInt8]? {
        Sodium.ready
        guard publicKey.count == Int(crypto_sign_PUBLICKEYBYTES) else { return nil }
        var key = [UInt8](repeating: 0, count: Int(crypto_box_PUBLICKEYBYTES))
        return crypto_sign_ed25519_pk_to_curve25519(&key, publicKey) == 0 ? key : nil
    }

    /// Opens what was sealed for ``boxKey(of:)`` of this key.
    func open(_ sealed: [UInt8]) -> SecretBytes? {
        guard let boxKey = Self.boxKey(of: publicKey) else { return nil }
        var secret = [UInt8](repeating: 0, count: Int(crypto_box_SECRETKEYBYTES))
        defer { sodium_memzero(&secret, secret.count) }
        guard withSecret({ crypto_sign_ed25519_sk_to_curve25519(&secret, $0) }) == 0 else { return nil }
        return SealedBox.open(sealed, publicKey: boxKey, secret: SecretBytes(secret))
    }
}
