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

/// The root's secret for an admin whose passphrase nobody knows at the moment: sealed for the keys that the roster certifies in that
/// admin's name, which the passphrase opens. Makes a rotation good for every admin.
public enum RootForAdmin {
    /// More keys of one admin do not get it.
    private static let keyLimit = 8
    private static let boxSize = Int(crypto_sign_SEEDBYTES) + SealedBox.overhead

    /// Empty when no key is certified in that name.
    public static func seal(_ root: RootKey, admin name: String, roster: Roster) -> [UInt8] {
        var secret = root.key.seed
        defer { sodium_memzero(&secret, secret.count) }
        let keys = roster.adminKeys.filter { $0.value == String(name.prefix(63)) }.keys.sorted { $0.lexicographicallyPrecedes($1) }
        var boxes: [UInt8] = []
        for key in keys.prefix(keyLimit) {
            if let boxKey = SigningKey.boxKey(of: key), let box = SealedBox.seal(secret, to: boxKey) { boxes += box }
        }
        return boxes
    }

    /// `nil` for another's key, for bytes that are no such boxes, and for a key that is not that mesh's root now.
    public static func open(_ sealed: [UInt8], admin: AdminKey, roster: Roster) -> RootKey? {
        guard sealed.count <= keyLimit * boxSize else { return nil }
        for start in stride(from: 0, to: sealed.count - boxSize + 1, by: boxSize) {
            if let secret = admin.key.open(Array(sealed[start..<start + boxSize])) { return RootKey(secret, roster: roster) }
        }
        return nil
    }
}

extension RootKey {
    /// `nil` unless it is that mesh's root now.
    fileprivate init?(_ secret: SecretBytes, roster: Roster) {
        guard let key = SigningKey(seed: secret.copy), key.publicKey == roster.currentRootPublicKey else { return nil }
        self.init(key: key, meshID: roster.meshID)
    }
}
