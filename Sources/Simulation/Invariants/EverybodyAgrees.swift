import Gossip

/// Invariant 7: once faults stop, everybody knows the same and sees everybody, however long the partition was.
struct EverybodyAgrees: Invariant {
    static let number = 7
    static let rule = "faults stop: same state everywhere, in hash and in content, <= 2 s p99 connected, <= 60 s after a partition of any length"

    static let afterPartition = Duration.seconds(60)
    /// At the 99th percentile.
    static let connected = Duration.seconds(2)
    /// The same where TLS was blocked: a connection that was under way then hangs for 3 s here, and what fits no packet is compared again 2 s later.
    static let afterBlockedTLS = Duration.seconds(6)

    let members: [Int]
    let revoked: [NodeID]

    func holds(in mesh: SimulatedMesh) -> Bool {
        sameState(in: mesh) && everybodySeesEverybody(in: mesh)
            && members.allSatisfy { node in revoked.allSatisfy { mesh.nodes[node].instance.roster.isRevoked($0) } }
            && sameContents(in: mesh)
    }

    /// The hash is what makes nodes compare at all, so it cannot be the proof that they agree: what it misses stays missing.
    func sameContents(in mesh: SimulatedMesh) -> Bool {
        guard let first = members.first else { return true }
        let contents = mesh.nodes[first].instance.contents
        return members.dropFirst().allSatisfy { mesh.nodes[$0].instance.contents == contents }
    }

    /// The quick look, for what is asked often: equal hashes.
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
            "groups of the same state: \(hashes); not seen as alive: \(missing.isEmpty ? "nobody" : missing.prefix(12).joined(separator: ", "))"
                + contentsDiffer(in: mesh))
    }

    /// Who knows something else than the first member.
    private func contentsDiffer(in mesh: SimulatedMesh) -> String {
        guard let first = members.first else { return "" }
        let contents = mesh.nodes[first].instance.contents
        let others = members.dropFirst().compactMap { node -> String? in
            let differences = mesh.nodes[node].instance.contents.differences(from: contents)
            let hash = mesh.nodes[node].instance.stateHash == mesh.nodes[first].instance.stateHash ? " under the same hash" : ""
            return differences.isEmpty ? nil : "node \(node) from node \(first)\(hash) in \(differences.prefix(4).joined(separator: "; "))"
        }
        return others.isEmpty ? "" : "; contents differ: \(others.prefix(6).joined(separator: " / "))"
    }
}
