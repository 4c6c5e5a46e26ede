import CSodium

/// A 32-byte secret that only a passphrase opens, in a form that every node may keep.
///
/// `version 1 | salt 16 | nonce 24 | secretbox{secret 32}`; the box's key is Argon2id of the passphrase with that salt, not the hash that
/// sign-in compares with. Both calls take 64 MiB and up to half a second of a Raspberry Pi: run them on a thread of their own.
struct PassphraseBox: Sendable {
    /// What is in it, for errors: "an admin's key".
    let content: String
    /// Passes over the memory.
    let passes: UInt64

    /// An admin's key for daily work.
    static let adminKey = PassphraseBox(content: "an admin's key", passes: PasswordHash.passes)
    /// The root's secret: mesh.md §1 wants a pass more.
    static let rootKey = PassphraseBox(content: "the root key", passes: 4)

    private static let version: UInt8 = 1
    private static let saltSize = Int(crypto_pwhash_SALTBYTES)
    private static let nonceSize = Int(crypto_secretbox_NONCEBYTES)
    private static let secretSize = Int(crypto_sign_SEEDBYTES)
    private static let size = 1 + saltSize + nonceSize + Int(crypto_secretbox_MACBYTES) + secretSize

    /// - Parameter secret: 32 bytes; the caller wipes its own copy.
    /// - Throws: ``TrustError`` when the memory is not there.
    func seal(_ secret: [UInt8], passphrase: String) throws(TrustError) -> [UInt8] {
        precondition(secret.count == Self.secretSize, "a seed has \(Self.secretSize) bytes")
        let salt = secureRandomBytes(Self.saltSize)
        let nonce = secureRandomBytes(Self.nonceSize)
        guard let boxKey = derive(passphrase, salt) else {
            throw TrustError(
                operation: "seal \(content)", reason: "64 MiB of memory are not free", cure: "Stop other programs on this machine and try again.")
        }
        var box = [UInt8](repeating: 0, count: secret.count + Int(crypto_secretbox_MACBYTES))
        let result = boxKey.withBytes { crypto_secretbox_easy(&box, secret, UInt64(secret.count), nonce, $0) }
        precondition(result == 0, "crypto_secretbox_easy refused valid sizes")
        return [Self.version] + salt + nonce + box
    }

    /// `nil` for another passphrase, and for bytes that are no such box.
    func open(_ sealed: [UInt8], passphrase: String) -> SecretBytes? {
        guard sealed.count == Self.size, sealed[0] == Self.version,
            let boxKey = derive(passphrase, Array(sealed[1..<1 + Self.saltSize]))
        else { return nil }
        let nonce = Array(sealed[1 + Self.saltSize..<1 + Self.saltSize + Self.nonceSize])
        let box = Array(sealed[(1 + Self.saltSize + Self.nonceSize)...])
        var secret = [UInt8](repeating: 0, count: Self.secretSize)
        defer { sodium_memzero(&secret, secret.count) }
        guard boxKey.withBytes({ crypto_secretbox_open_easy(&secret, box, UInt64(box.count), nonce, $0) }) == 0 else { return nil }
        return SecretBytes(secret)
    }

    private func derive(_ passphrase: String, _ salt: [UInt8]) -> SecretBytes? {
        Sodium.ready
        let bytes = passphrase.utf8.map { CChar(bitPattern: $0) }
        var key = [UInt8](repeating: 0, count: Int(crypto_secretbox_KEYBYTES))
        defer { sodium_memzero(&key, key.count) }
        let result = crypto_pwhash(
            &key, UInt64(key.count), bytes, UInt64(bytes.count), salt, passes, PasswordHash.memoryBytes, crypto_pwhash_ALG_ARGON2ID13)
        return result == 0 ? SecretBytes(key) : nil
    }
}
