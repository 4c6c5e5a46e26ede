import Gossip

/// Invariant 7: once faults stop, everybody knows the same and sees everybody, however long the partition was.
struct EverybodyAgrees: Invariant {
    static let number = 7
    static let rule = "faults stop: same state everywhere, <= 2 s p99 connected, <= 60 s after a partition of any length"

    static let afterPartition = Duration.seconds(60)
    /// At the 99th percentile.
    static let connected = Duration.seconds(2)

    let members: [Int]
    let revoked: [NodeID]

    func holds(in mesh: SimulatedMesh) -> Bool {
        sameState(in: mesh) && everybodySeesEverybody(in: mesh)
            && members.allSatisfy { node in revoked.allSatisfy { mesh.nodes[node].instance.roster.isRevoked($0) } }
    }

    func sameState(in mesh: SimulatedMesh) -> Bool {
        guard let first = members.first else { return true }
        let hash = mesh.nodes[first].instance.stateHash
        return members.allSatisfy { mesh.nodes[$0].instance.stateHash == hash }
    }

    func everybodySeesEverybody(in mesh: SimulatedMesh) -> Bool {
        members.allSatisfy { a in members.allSatisfy { b in status(of: b, at: a, in: mesh) == .alive } }
    }

    private func status(of node: Int, at observer: Int, in mesh: SimulatedMesh) -> Status? {
        mesh.nodes[observer].instance.membership.standing(of: mesh.id(node))?.status
    }

    func violation(in mesh: SimulatedMesh) -> Violation {
        var groups: [[UInt8]: [Int]] = [:]
        for node in members { groups[mesh.nodes[node].instance.stateHash, default: []].append(node) }
        let hashes = groups.values.sorted { $0[0] < $1[0] }.map { "\($0)" }.joined(separator: " / ")
        var missing: [String] = []
        for a in members { for b in members where status(of: b, at: a, in: mesh) != .alive { missing.append("\(b) at \(a)") } }
        return Violation(
            of: Self.self, at: mesh.time,
            "groups of the same state: \(hashes); not seen as alive: \(missing.isEmpty ? "nobody" : missing.prefix(12).joined(separator: ", "))")
    }
}
