import Foundation

/// Another key takes the root's place, with everything that goes on to count under it.
///
/// mesh.md §1 names the roster's hash here; a hash cannot show of a single record whether it was under it. So the rotation carries the
/// roster itself, and **whatever the old root signed otherwise is void once the rotation is known**, in whatever order both arrive:
/// who cracks the old root later can neither admit nor revoke anybody. It is one record, so no node ever knows half of it.
struct RootRotation: Sendable, Hashable {
    /// A longer one is refused. 2,000 members have room.
    static let sizeLimit = 512 << 10
    /// More than a line of roots can be long (``RootLineage/limit``), recoveries included; the counters of shared settings have room for it.
    private static let epochLimit: UInt64 = 1 << 14

    /// Counts the roots of a mesh; that of the genesis has 0.
    let epoch: UInt64
    /// The root until now. Ed25519.
    let replacedKey: [UInt8]
    /// The root from now on. Ed25519.
    let newKey: [UInt8]
    /// Signed by the recovery key, which outranks every root.
    let isByRecovery: Bool
    /// Admissions, revocations and admin keys that count from now on; without signatures of their own.
    let carried: [SignedRecord]
    /// As it was signed.
    let record: SignedRecord
    let digest: [UInt8]

    /// `nil` unless the key that is replaced (or the recovery key) and the new one both signed it. Whether the replaced key was ever the
    /// root is for ``RootLineage`` to say.
    init?(verifying record: SignedRecord, genesis: Genesis) {
        guard record.kind == .rootRotate, record.body.count <= Self.sizeLimit, let body = WireRootRotateBody(untrusted: record.body),
            ExchangeShape.elements(Array(body.rotation), upTo: Roster.limit + 8) != nil,
            let rotation = WireRootRotation(untrusted: body.rotation), (1...Self.epochLimit).contains(rotation.epoch),
            rotation.replacedKey.count == 32, rotation.newKey.count == 32, rotation.carried.count <= Roster.limit
        else { return nil }
        let mesh = genesis.meshID
        let (replaced, new) = (Array(rotation.replacedKey), Array(rotation.newKey))
        let signer = rotation.byRecovery ? genesis.recoveryPublicKey : replaced
        guard SigningKey.verify(record.signature, of: record.body, domain: .rootRotate, mesh: mesh, publicKey: signer),
            SigningKey.verify(Array(body.newSignature), of: Array(body.rotation), domain: .newRoot, mesh: mesh, publicKey: new)
        else { return nil }
        let carried = rotation.carried.compactMap(SignedRecord.init)
        let isWhole = carried.count == rotation.carried.count
            && carried.allSatisfy { $0.kind.isCarried && $0.body.count <= Roster.recordLimit && $0.signature.isEmpty }
        guard isWhole else { return nil }
        self.init(
            epoch: rotation.epoch, replacedKey: replaced, newKey: new, isByRecovery: rotation.byRecovery, carried: carried, record: record,
            digest: record.digest)
    }

    private init(
        epoch: UInt64, replacedKey: [UInt8], newKey: [UInt8], isByRecovery: Bool, carried: [SignedRecord], record: SignedRecord, digest: [UInt8]
    ) {
        self.epoch = epoch
        self.replacedKey = replacedKey
        self.newKey = newKey
        self.isByRecovery = isByRecovery
        self.carried = carried
        self.record = record
        self.digest = digest
    }

    /// The record that hands the mesh of `roster` over to `new`.
    fileprivate static func record(
        in roster: Roster, to new: SigningKey, signedBy signer: SigningKey, isByRecovery: Bool, carrying carried: [SignedRecord]
    ) -> SignedRecord {
        var rotation = WireRootRotation()
        rotation.epoch = roster.rootEpoch + 1
        rotation.replacedKey = Data(roster.currentRootPublicKey)
        rotation.newKey = Data(new.publicKey)
        rotation.byRecovery = isByRecovery
        rotation.carried = carried.map(\.wire)
        var body = WireRootRotateBody()
        body.rotation = Data(rotation.wireBytes)
        body.newSignature = Data(new.sign(Array(body.rotation), domain: .newRoot, mesh: roster.meshID))
        let bytes = body.wireBytes
        return SignedRecord(
            kind: .rootRotate, body: bytes, signature: signer.sign(bytes, domain: .rootRotate, mesh: roster.meshID))
    }
}

extension RootKey {
    /// Hands the mesh over to a new key: everything goes on to count, but for those who are revoked in the same act.
    ///
    /// Seal the new key for the admins before anybody forgets it: nothing but the recovery key brings it back.
    ///
    /// - Parameter admins: names by public key: whose keys go on to count, of those that the roster certifies; a key that its owner has replaced
    ///   with a new password should not be among them. Default: all.
    /// - Returns: the new root, and the record that every member's roster takes.
    public func replaced(
        in roster: Roster, revoking nodes: [NodeID] = [], admins: [[UInt8]: String]? = nil
    ) -> (root: RootKey, record: SignedRecord) {
        let new = RootKey(toSucceedIn: meshID)
        return (new, handOver(to: new, in: roster, revoking: nodes, admins: admins))
    }

    /// The same with a key that was made before, and sealed for the admins, which takes long.
    public func handOver(to new: RootKey, in roster: Roster, revoking nodes: [NodeID] = [], admins: [[UInt8]: String]? = nil) -> SignedRecord {
        let kept = roster.adminKeys.filter { admins == nil || admins?[$0.key] != nil }
        return RootRotation.record(
            in: roster, to: new.key, signedBy: key, isByRecovery: false, carrying: roster.carried(revoking: nodes, admins: kept))
    }
}

extension RecoveryKey {
    /// Makes a new root without the old one. Every admin key but the one that is named here is void: who held it is what nobody knows.
    ///
    /// - Returns: the new root, and the record that every member's roster takes, whatever roots it knew.
    public func replaceRoot(in roster: Roster, certifying admin: [UInt8], name: String) -> (root: RootKey, record: SignedRecord) {
        let new = RootKey(toSucceedIn: roster.meshID)
        return (new, handOver(to: new, in: roster, certifying: admin, name: name))
    }

    /// The same with a key that was made before, and sealed for the admin, which takes long.
    public func handOver(to new: RootKey, in roster: Roster, certifying admin: [UInt8], name: String) -> SignedRecord {
        RootRotation.record(
            in: roster, to: new.key, signedBy: key, isByRecovery: true,
            carrying: roster.carried(revoking: [], admins: [admin: String(name.prefix(63))]))
    }

    /// Whether this is the phrase of that mesh.
    public func rules(_ genesis: Genesis) -> Bool { key.publicKey == genesis.recoveryPublicKey }
}

extension Roster {
    /// What a new root is to take over from this roster.
    fileprivate func carried(revoking nodes: [NodeID], admins: [[UInt8]: String]) -> [SignedRecord] {
        var serial = nextSerial
        func next() -> UInt64 {
            defer { serial += 1 }
            return serial
        }
        let doubtful = doubtfulGuests(of: Set(nodes))
        let kept = members.filter { !nodes.contains($0.id) && !doubtful.contains($0.id) }.map { SignedRecord(kind: .admit, body: $0.body, signature: []) }
        let gone = revokedNodes.union(nodes).sorted().map { node in
            SignedRecord(kind: .revoke, body: WireRevokeBody(node, serial: next()).wireBytes, signature: [])
        }
        let keys = admins.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, name in
            SignedRecord(kind: .adminKey, body: WireAdminKeyBody(key, name: name, serial: next()).wireBytes, signature: [])
        }
        return kept + gone + keys
    }
}
