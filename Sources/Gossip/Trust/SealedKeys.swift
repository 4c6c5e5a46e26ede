import CSodium

/// An admin's key as the users' configuration carries it: every node has it, and only the password opens it. Both calls take long.
public enum SealedAdminKey {
    /// - Throws: ``TrustError`` when the memory is not there.
    public static func seal(_ key: AdminKey, password: String) throws(TrustError) -> [UInt8] {
        var secret = key.secretBytes
        defer { sodium_memzero(&secret, secret.count) }
        return try PassphraseBox.adminKey.seal(secret, passphrase: password)
    }

    /// `nil` for another password, and for bytes that are no sealed key.
    public static func open(_ sealed: [UInt8], password: String) -> AdminKey? {
        PassphraseBox.adminKey.open(sealed, passphrase: password).flatMap { AdminKey(secret: $0.copy) }
    }
}

/// The root's secret, once for each admin: any node can administer, and none without an admin (mesh.md §1). Both calls take long.
public enum SealedRootKey {
    /// - Throws: ``TrustError`` when the memory is not there.
    public static func seal(_ root: RootKey, passphrase: String) throws(TrustError) -> [UInt8] {
        var secret = root.key.seed
        defer { sodium_memzero(&secret, secret.count) }
        return try PassphraseBox.rootKey.seal(secret, passphrase: passphrase)
    }

    /// `nil` for another passphrase, for bytes that are no sealed key, and for a key that is not that mesh's root.
    public static func open(_ sealed: [UInt8], passphrase: String, genesis: Genesis) -> RootKey? {
        guard let secret = PassphraseBox.rootKey.open(sealed, passphrase: passphrase), let key = SigningKey(seed: secret.copy),
            key.publicKey == genesis.rootPublicKey
        else { return nil }
        return RootKey(key: key, meshID: genesis.meshID)
    }
}
