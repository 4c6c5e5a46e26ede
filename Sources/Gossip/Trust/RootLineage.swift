/// Which key is the mesh's root: that of the genesis, or what took its place since.
///
/// A set of rotations; what it says depends on the order of their arrival in one case only. Two rotations that the same root signed are
/// a conflict: it was stolen, or two admins acted on two sides of a partition. Then each node keeps to the one that it met first, because
/// any rule that looks at the rotations alone can be won by who has the stolen key; nobody should act as root before a rotation by
/// the recovery key, which outranks all others, ends it.
struct RootLineage: Sendable {
    /// More rotations are refused, so that nobody fills our memory.
    static let limit = 64
    /// More that replace the same root are refused: two show the conflict.
    static let siblingLimit = 4

    enum Verdict: Sendable {
        case taken
        case known
        /// Its signer is no root that is known here, yet.
        case early
        case refused
    }

    private let genesis: Genesis
    /// In the order in which they came.
    private(set) var rotations: [RootRotation] = []
    /// Those that led to the present root, from the genesis or from the last recovery on.
    private(set) var path: [RootRotation] = []
    /// Whether a root on that path signed two rotations.
    private(set) var isInConflict = false

    init(genesis: Genesis) { self.genesis = genesis }

    var rootPublicKey: [UInt8] { path.last?.newKey ?? genesis.rootPublicKey }
    var epoch: UInt64 { path.last?.epoch ?? 0 }

    /// Every key that is or was the root, the present one first.
    var roots: [[UInt8]] {
        let present = rootPublicKey
        return [present] + ([genesis.rootPublicKey] + rotations.map(\.newKey)).filter { $0 != present }
    }

    /// Who comes first here should come first there: the path, then the rest, sorted.
    var records: [SignedRecord] {
        let onPath = Set(path.map(\.digest))
        let rest = rotations.filter { !onPath.contains($0.digest) }.sorted { $0.digest.lexicographicallyPrecedes($1.digest) }
        return (path + rest).map(\.record)
    }

    mutating func accept(_ record: SignedRecord) -> Verdict {
        if rotations.contains(where: { $0.digest == record.digest }) { return .known }
        guard rotations.count < Self.limit, let rotation = RootRotation(verifying: record, genesis: genesis), !isKnown(rotation.newKey),
            rotation.newKey != genesis.recoveryPublicKey
        else { return .refused }
        if !rotation.isByRecovery {
            guard let before = epoch(of: rotation.replacedKey) else { return .early }
            guard rotation.epoch == before + 1, children(of: rotation.replacedKey).count < Self.siblingLimit else { return .refused }
        }
        rotations.append(rotation)
        follow()
        return .taken
    }

    private func isKnown(_ key: [UInt8]) -> Bool { epoch(of: key) != nil }

    private func epoch(of key: [UInt8]) -> UInt64? {
        key == genesis.rootPublicKey ? 0 : rotations.first { $0.newKey == key }?.epoch
    }

    /// Those that this root signed, in the order in which they came.
    private func children(of key: [UInt8]) -> [RootRotation] { rotations.filter { !$0.isByRecovery && $0.replacedKey == key } }

    private mutating func follow() {
        // The latest recovery decides; of two at once the same one everywhere.
        let recovery = rotations.filter(\.isByRecovery).max { a, b in
            a.epoch != b.epoch ? a.epoch < b.epoch : b.digest.lexicographicallyPrecedes(a.digest)
        }
        path = recovery.map { [$0] } ?? []
        isInConflict = false
        while true {
            let next = children(of: rootPublicKey)
            guard let first = next.first else { return }
            if next.count > 1 { isInConflict = true }
            path.append(first)
        }
    }
}
