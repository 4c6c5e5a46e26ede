import Foundation

/// The secret that admits and revokes nodes and certifies admin keys. Whoever has it owns the mesh.
public struct RootKey: Sendable, CustomStringConvertible {
    let key: SigningKey
    public let meshID: MeshID

    /// Ed25519.
    public var publicKey: [UInt8] { key.publicKey }
    public var description: String { "<root key>" }

    /// A key that rules nothing yet: for a rotation to hand the mesh over to.
    public init(toSucceedIn mesh: MeshID) {
        key = SigningKey()
        meshID = mesh
    }

    init(key: SigningKey, meshID: MeshID) {
        self.key = key
        self.meshID = meshID
    }

    /// Makes a node a member: the record that every member's roster takes.
    ///
    /// - Parameter serial: a node's admission with the highest serial counts; use a greater one to rename it.
    public func admit(_ node: NodeIdentity.Public, name: String, serial: UInt64) -> SignedRecord {
        var body = WireAdmitBody()
        body.signKey = Data(node.signPublicKey)
        body.dhKey = Data(node.dhPublicKey)
        body.tlsKeyHash = Data(node.tlsKeyHash)
        body.hardware = node.hardware.cut(toUTF8: 64)
        body.name = name.cut(toUTF8: GossipInstance.nameLimit)
        body.serial = serial
        return sign(body.wireBytes, .admit)
    }

    /// Ends a membership for ever.
    ///
    /// - Parameter keeping: serials of the admissions by ticket made by that node which stay valid (``KeptAdmissions``).
    public func revoke(_ node: NodeID, serial: UInt64, keeping: [UInt64] = []) -> SignedRecord {
        var body = WireRevokeBody(node, serial: serial)
        body.keptSerials = keeping
        return sign(body.wireBytes, .revoke)
    }

    /// Lets a user's key sign shared configuration.
    public func certify(_ adminPublicKey: [UInt8], name: String, serial: UInt64) -> SignedRecord {
        sign(WireAdminKeyBody(adminPublicKey, name: name, serial: serial).wireBytes, .adminKey)
    }

    /// Ends for ever what ``certify(_:name:serial:)`` began. What that key had signed is void, too, wherever this is known: take it to
    /// the mesh with ``GossipService/merge(_:changing:by:_:)``, which signs it anew.
    public func revoke(adminKey: [UInt8], name: String, serial: UInt64) -> SignedRecord {
        sign(WireAdminKeyBody(adminKey, name: name, serial: serial).wireBytes, .revokeAdminKey)
    }

    func sign(_ body: [UInt8], _ kind: SignedRecord.Kind) -> SignedRecord {
        SignedRecord(kind: kind, body: body, signature: key.sign(body, domain: kind.domain, mesh: meshID))
    }

    /// Writes the secret into a file that only this user can read.
    public func write(to path: String) throws(TrustError) {
        try DurableFile.write(Checksummed.seal(meshID.bytes + key.seed), to: path, operation: "write the root key")
    }

    /// Reads what ``write(to:)`` wrote.
    public static func load(from path: String) throws(TrustError) -> RootKey {
        let operation = "read the root key"
        guard let file = try DurableFile.read(path, limit: 4096, operation: operation) else {
            throw TrustError(operation: operation, reason: "\(path) does not exist", cure: "Name the file that was written when the mesh was founded.")
        }
        guard let content = Checksummed.open(file), let mesh = MeshID(bytes: content.prefix(16)),
            let key = SigningKey(seed: Array(content.dropFirst(16)))
        else { throw TrustError(operation: operation, reason: "\(path) is damaged", cure: "Restore it from a copy.") }
        return RootKey(key: key, meshID: mesh)
    }
}

extension WireRevokeBody {
    init(_ node: NodeID, serial: UInt64) {
        self.init()
        self.node = Data(node.bytes)
        self.serial = serial
    }
}

extension WireAdminKeyBody {
    init(_ publicKey: [UInt8], name: String, serial: UInt64) {
        self.init()
        key = Data(publicKey)
        self.name = String(name.prefix(63))
        self.serial = serial
    }
}

/// A user's key for daily administration: signs shared configuration once the root has certified it.
public struct AdminKey: Sendable, CustomStringConvertible {
    let key: SigningKey

    /// A new key.
    public init() { key = SigningKey() }

    /// From ``secretBytes``. `nil` unless there are 32 bytes.
    public init?(secret: [UInt8]) {
        guard let key = SigningKey(seed: secret) else { return nil }
        self.key = key
    }

    /// Ed25519.
    public var publicKey: [UInt8] { key.publicKey }
    /// 32 bytes for ``init(secret:)``; to be sealed by whoever stores them.
    public var secretBytes: [UInt8] { key.seed }
    public var description: String { "<admin key>" }
}
