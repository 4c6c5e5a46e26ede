import Foundation

/// The birth certificate of a mesh. Its hash is the ``MeshID``, so whoever holds the id can check all the rest.
public struct Genesis: Sendable, Hashable {
    /// The bytes as they were made; the id covers these, never a re-encoding.
    public let bytes: [UInt8]
    public let meshID: MeshID
    /// The mesh's name, for people.
    public let name: String
    /// Ed25519: who may admit and revoke, until another key takes its place (``Roster/currentRootPublicKey``).
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

    fileprivate init(name: String, root: [UInt8], recovery: [UInt8], salt: [UInt8]) {
        var body = WireGenesisBody()
        body.version = 1
        body.name = String(name.prefix(63))
        body.rootKey = Data(root)
        body.recoveryKey = Data(recovery)
        body.salt = Data(salt)
        guard let genesis = Genesis(bytes: body.wireBytes) else { preconditionFailure("a new genesis does not read back") }
        self = genesis
    }
}

extension NodeID {
    /// Stands for a mesh in what this node signs while it belongs to none, so that its footage from then is still its own afterwards.
    public var aloneMesh: MeshID {
        guard let mesh = MeshID(bytes: blake2b(Array("meshcam-alone-1".utf8) + bytes, length: 16)) else {
            preconditionFailure("BLAKE2b made an id of a wrong size")
        }
        return mesh
    }
}

/// The explicit act that begins a mesh.
public enum Founding {
    /// Makes a new mesh: its genesis and the two secrets that rule it. Whoever calls this decides where the secrets live.
    public static func found(name: String) -> (Genesis, RootKey, RecoveryKey) {
        found(name: name, root: SigningKey(), recovery: SigningKey(), salt: secureRandomBytes(16))
    }

    /// The same mesh for the same seed, for simulations whose runs are to repeat. Never for a mesh that anybody uses.
    package static func found(name: String, seed: [UInt8]) -> (Genesis, RootKey, RecoveryKey) {
        func secret(_ purpose: String) -> [UInt8] { blake2b(Array(purpose.utf8) + seed, length: 32) }
        guard let root = SigningKey(seed: secret("root")), let recovery = SigningKey(seed: secret("recovery")) else {
            preconditionFailure("BLAKE2b made a seed of a wrong size")
        }
        return found(name: name, root: root, recovery: recovery, salt: Array(secret("salt").prefix(16)))
    }

    private static func found(name: String, root: SigningKey, recovery: SigningKey, salt: [UInt8]) -> (Genesis, RootKey, RecoveryKey) {
        let genesis = Genesis(name: name, root: root.publicKey, recovery: recovery.publicKey, salt: salt)
        return (genesis, RootKey(key: root, meshID: genesis.meshID), RecoveryKey(key: recovery))
    }
}
