import Foundation

/// The birth certificate of a mesh. Its hash is the ``MeshID``, so whoever holds the id can check all the rest.
public struct Genesis: Sendable, Hashable {
    /// The bytes as they were made; the id covers these, never a re-encoding.
    public let bytes: [UInt8]
    public let meshID: MeshID
    /// The mesh's name, for people.
    public let name: String
    /// Ed25519: who may admit and revoke.
    public let rootPublicKey: [UInt8]
    /// Ed25519: outranks the root when that is lost or stolen.
    public let recoveryPublicKey: [UInt8]

    /// `nil` for bytes that are no genesis.
    public init?(bytes: [UInt8]) {
        guard bytes.count <= 1024, let body = WireGenesisBody(untrusted: bytes), body.version == 1, body.rootKey.count == 32,
            body.recoveryKey.count == 32, let meshID = MeshID(bytes: blake2b(bytes, length: 16))
        else { return nil }
        self.bytes = bytes
        self.meshID = meshID
        name = body.name
        rootPublicKey = Array(body.rootKey)
        recoveryPublicKey = Array(body.recoveryKey)
    }

    fileprivate init(name: String, root: [UInt8], recovery: [UInt8]) {
        var body = WireGenesisBody()
        body.version = 1
        body.name = String(name.prefix(63))
        body.rootKey = Data(root)
        body.recoveryKey = Data(recovery)
        body.salt = Data(secureRandomBytes(16))
        guard let genesis = Genesis(bytes: body.wireBytes) else { preconditionFailure("a new genesis does not read back") }
        self = genesis
    }
}

/// The explicit act that begins a mesh.
public enum Founding {
    /// Makes a new mesh: its genesis and the two secrets that rule it. Whoever calls this decides where the secrets live.
    public static func found(name: String) -> (Genesis, RootKey, RecoveryKey) {
        let root = SigningKey()
        let recovery = SigningKey()
        let genesis = Genesis(name: name, root: root.publicKey, recovery: recovery.publicKey)
        return (genesis, RootKey(key: root, meshID: genesis.meshID), RecoveryKey(key: recovery))
    }
}

/// The secret that outranks the root: to be printed and put in a drawer.
public struct RecoveryKey: Sendable, CustomStringConvertible {
    let key: SigningKey

    /// Eight groups of eight hexadecimal digits. Secret.
    public var printed: String {
        let digits = Array(key.seed.hexDigits)
        return stride(from: 0, to: digits.count, by: 8).map { String(digits[$0..<min($0 + 8, digits.count)]) }.joined(separator: " ")
    }

    public var description: String { "<recovery key>" }
}
