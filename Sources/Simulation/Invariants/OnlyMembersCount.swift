import Gossip

/// Invariant 6, the mesh's part: nothing is accepted from a non-member, and who was revoked never returns.
struct OnlyMembersCount: Invariant {
    static let number = 6
    static let rule = "nothing accepted from a non-member; revoked never returns"

    /// A revocation that a node has known for so long is on its card, however slow that is.
    private static let durable = Duration.seconds(10)

    private struct Knowledge {
        let node: Int
        let revoked: NodeID
        let since: VirtualTime
    }

    private var known: [Knowledge] = []
    private let schedule: FaultSchedule

    init(_ schedule: FaultSchedule) { self.schedule = schedule }

    func observe(_ observation: Observation) -> Violation? {
        guard case .accepted(let stranger, let effect) = observation.what else { return nil }
        return Violation(
            of: Self.self, at: observation.at, "node \(observation.node) took a packet of \(stranger.short), who is no member: \(effect)")
    }

    /// Looks at everybody's roster, time and again.
    mutating func look(at mesh: SimulatedMesh) -> Violation? {
        for revoked in schedule.revoked.map(mesh.id) {
            for index in mesh.nodes.indices where mesh.nodes[index].isRunning && mesh.id(index) != revoked {
                let isRevoked = mesh.nodes[index].instance.roster.isRevoked(revoked)
                guard let place = known.firstIndex(where: { $0.node == index && $0.revoked == revoked }) else {
                    if isRevoked { known.append(Knowledge(node: index, revoked: revoked, since: mesh.time)) }
                    continue
                }
                guard !isRevoked else { continue }
                let knowledge = known.remove(at: place)
                // A crash before the write, or an old card put in: then only the others can tell it again.
                let hadTime = mesh.nodes[index].startedAt - knowledge.since > Self.durable
                let oldCard = schedule.faults.contains { $0.kind == .rollback(index) && $0.until >= knowledge.since }
                if hadTime, !oldCard {
                    return Violation(of: Self.self, at: mesh.time, "node \(index) admits \(revoked.short) again, revoked since \(knowledge.since)")
                }
            }
        }
        return nil
    }
}
