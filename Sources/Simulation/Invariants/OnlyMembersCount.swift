import Gossip

/// Invariant 6, the mesh's part: nothing is accepted from a non-member, and who was revoked never returns.
struct OnlyMembersCount: Invariant {
    static let number = 6
    static let rule = "nothing accepted from a non-member or in another's name; revoked never returns"

    /// A revocation that a node has known for so long is on its card, however slow that is.
    private static let durable = Duration.seconds(10)

    private struct Knowledge {
        let node: Int
        let revoked: NodeID
        let since: VirtualTime
    }

    private var known: [Knowledge] = []
    private let schedule: FaultSchedule

    /// Whether anybody tries: looking at all records costs most of a run's time.
    private let hasAttackers: Bool

    init(_ schedule: FaultSchedule) {
        self.schedule = schedule
        hasAttackers = schedule.faults.contains { fault in
            switch fault.kind {
            case .stranger, .revoked, .liar: true
            default: false
            }
        }
    }

    func observe(_ observation: Observation, in mesh: SimulatedMesh) -> Violation? {
        guard case .accepted(let stranger, let effect) = observation.what, !mesh.isStranger(observation.node) else { return nil }
        return Violation(
            of: Self.self, at: observation.at, "node \(observation.node) took a packet of \(stranger.short), who is no member: \(effect)")
    }

    /// Looks at everybody's roster and records, time and again.
    mutating func look(at mesh: SimulatedMesh) -> Violation? { lookForForgeries(in: mesh) ?? lookForReturns(in: mesh) }

    /// Whoever sent it, and by whatever way: it is in nobody's hands.
    private func lookForForgeries(in mesh: SimulatedMesh) -> Violation? {
        guard hasAttackers else { return nil }
        let stranger = mesh.keys.stranger.id
        for index in mesh.nodes.indices where mesh.nodes[index].isRunning && !mesh.isStranger(index) {
            let instance = mesh.nodes[index].instance
            let own = mesh.id(index)
            if instance.roster.admission(of: stranger) != nil {
                return Violation(of: Self.self, at: mesh.time, "node \(index) admits \(stranger.short), whom the root did not admit")
            }
            if instance.keepsRecord(where: { $1.starts(with: Intruder.forgery) }) {
                return Violation(of: Self.self, at: mesh.time, "node \(index) keeps a record that another made than who it names")
            }
            if instance.keepsRecord(where: { node, _ in node != own && instance.roster.admission(of: node) == nil }) {
                return Violation(of: Self.self, at: mesh.time, "node \(index) keeps a record of somebody whom it does not admit")
            }
        }
        return nil
    }

    private mutating func lookForReturns(in mesh: SimulatedMesh) -> Violation? {
        for revoked in schedule.revoked.map(mesh.id) {
            for index in mesh.nodes.indices where mesh.nodes[index].isRunning && mesh.id(index) != revoked && !mesh.isStranger(index) {
                let isRevoked = mesh.nodes[index].instance.roster.isRevoked(revoked)
                guard let place = known.firstIndex(where: { $0.node == index && $0.revoked == revoked }) else {
                    if isRevoked { known.append(Knowledge(node: index, revoked: revoked, since: mesh.time)) }
                    continue
                }
                guard !isRevoked else { continue }
                let knowledge = known.remove(at: place)
                // A crash before the write, a write that failed or was not what the card said, or an old card put in: then only the
                // others can tell it again.
                let hadTime = mesh.nodes[index].startedAt - knowledge.since > Self.durable
                let cards: [Fault.Kind] = [.rollback(index), .tornDisk(index), .failingDisk(index)]
                let oldCard = schedule.faults.contains { cards.contains($0.kind) && $0.until >= knowledge.since }
                if hadTime, !oldCard {
                    return Violation(of: Self.self, at: mesh.time, "node \(index) admits \(revoked.short) again, revoked since \(knowledge.since)")
                }
            }
        }
        return nil
    }
}
