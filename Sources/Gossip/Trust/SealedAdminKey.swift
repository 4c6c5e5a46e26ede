import CSodium

/// An admin's key as the users' configuration carries it: every node has it, and only the password opens it.
///
/// `version 1 | salt 16 | nonce 24 | secretbox{seed 32}`; the box's key is Argon2id of the password with that salt, not the hash that
/// sign-in compares with. Both calls take 64 MiB and up to half a second of a Raspberry Pi: run them on a thread of their own.
public enum SealedAdminKey {
    private static let version: UInt8 = 1
    private static let saltSize = Int(crypto_pwhash_SALTBYTES)
    private static let nonceSize = Int(crypto_secretbox_NONCEBYTES)
    private static let size = 1 + saltSize + nonceSize + Int(crypto_secretbox_MACBYTES) + Int(crypto_sign_SEEDBYTES)

    /// - Throws: ``TrustError`` when the memory is not there.
    public static func seal(_ key: AdminKey, password: String) throws(TrustError) -> [UInt8] {
        let salt = secureRandomBytes(saltSize)
        let nonce = secureRandomBytes(nonceSize)
        guard let boxKey = derive(password, salt) else {
            throw TrustError(
                operation: "seal an admin's key", reason: "64 MiB of memory are not free", cure: "Stop other programs on this machine and try again.")
        }
        var seed = key.secretBytes
        defer { sodium_memzero(&seed, seed.count) }
        var box = [UInt8](repeating: 0, count: seed.count + Int(crypto_secretbox_MACBYTES))
        let result = boxKey.withBytes { crypto_secretbox_easy(&box, seed, UInt64(seed.count), nonce, $0) }
        precondition(result == 0, "crypto_secretbox_easy refused valid sizes")
        return [version] + salt + nonce + box
    }

    /// `nil` for another password, and for bytes that are no sealed key.
    public static func open(_ sealed: [UInt8], password: String) -> AdminKey? {
        guard sealed.count == size, sealed[0] == version,
            let boxKey = derive(password, Array(sealed[1..<1 + saltSize]))
        else { return nil }
        let nonce = Array(sealed[1 + saltSize..<1 + saltSize + nonceSize])
        let box = Array(sealed[(1 + saltSize + nonceSize)...])
        var seed = [UInt8](repeating: 0, count: Int(crypto_sign_SEEDBYTES))
        defer { sodium_memzero(&seed, seed.count) }
        guard boxKey.withBytes({ crypto_secretbox_open_easy(&seed, box, UInt64(box.count), nonce, $0) }) == 0 else { return nil }
        return AdminKey(secret: seed)
    }

    private static func derive(_ password: String, _ salt: [UInt8]) -> SecretBytes? {
        Sodium.ready
        let bytes = password.utf8.map { CChar(bitPattern: $0) }
        var key = [UInt8](repeating: 0, count: Int(crypto_secretbox_KEYBYTES))
        defer { sodium_memzero(&key, key.count) }
        let result = crypto_pwhash(
            &key, UInt64(key.count), bytes, UInt64(bytes.count), salt, PasswordHash.passes, PasswordHash.memoryBytes,
            crypto_pwhash_ALG_ARGON2ID13)
        return result == 0 ? SecretBytes(key) : nil
    }
}
