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

    /// `nil` for another passphrase, for bytes that are no sealed key, and for a key that is not that mesh's root now.
    public static func open(_ sealed: [UInt8], passphrase: String, roster: Roster) -> RootKey? {
        PassphraseBox.rootKey.open(sealed, passphrase: passphrase).flatMap { RootKey($0, roster: roster) }
    }
}

/// The root's secret for an admin whose passphrase nobody knows at the moment: sealed for that admin's own key, which the passphrase opens.
/// Makes a rotation good for every admin.
public enum RootForAdmin {
    /// - Parameter admin: the public half of that admin's key.
    /// - Returns: nothing for bytes that are no key.
    public static func seal(_ root: RootKey, for admin: [UInt8]) -> [UInt8] {
        var secret = root.key.seed
        defer { sodium_memzero(&secret, secret.count) }
        return SigningKey.boxKey(of: admin).flatMap { SealedBox.seal(secret, to: $0) } ?? []
    }

    /// `nil` for another's key, for bytes that are no such box, and for a key that is not that mesh's root now.
    public static func open(_ sealed: [UInt8], admin: AdminKey, roster: Roster) -> RootKey? {
        admin.key.open(sealed).flatMap { RootKey($0, roster: roster) }
    }
}

extension RootKey {
    /// `nil` unless it is that mesh's root now.
    fileprivate init?(_ secret: SecretBytes, roster: Roster) {
        guard let key = SigningKey(seed: secret.copy), key.publicKey == roster.currentRootPublicKey else { return nil }
        self.init(key: key, meshID: roster.meshID)
    }
}
