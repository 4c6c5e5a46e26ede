import Gossip

/// Invariant 6, the mesh's part: nothing is accepted from a non-member, and who was revoked never returns.
struct OnlyMembersCount: Invariant {
    static let number = 6
    static let rule = "nothing accepted from a non-member or in another's name; revoked never returns"

    /// A revocation that a node has known for so long is on its card.
    private static let durable = Duration.seconds(1)
    /// The same where the card takes up to two seconds for each write.
    private static let durableOnSlowCard = Duration.seconds(10)

    private struct Knowledge {
        let node: Int
        let revoked: NodeID
        let since: VirtualTime
    }

    private var known: [Knowledge] = []
    /// By node: when it last stopped. What it had not written then it cannot know again.
    private var stoppedAt: [Int: VirtualTime] = [:]
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

    mutating func observe(_ observation: Observation, in mesh: SimulatedMesh) -> Violation? {
        guard !mesh.isStranger(observation.node) else { return nil }
        switch observation.what {
        case .accepted(let stranger, let effect):
            let what = "node \(observation.node) took a packet of \(stranger.short), who is no member: \(effect)"
            return Violation(of: Self.self, at: observation.at, what)
        case .unlearned(let revoked, let peer):
            // Whatever its card has forgotten: the first whom it compares with tells it again.
            guard mesh.id(observation.node) != revoked else { return nil }
            let what = "node \(observation.node) compared everything with \(peer.short), and does not know that \(revoked.short) was revoked"
            return Violation(of: Self.self, at: observation.at, what)
        case .stopped: stoppedAt[observation.node] = observation.at
        case .standing, .delivered, .oversized, .started: break
        }
        return nil
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

    /// A power cut before the write, a write that failed, a card that had lied about it or an earlier one: then only the others can tell
    /// it again, and the first comparison does.
    private func mayForget(_ knowledge: Knowledge) -> Bool {
        let isSlow = schedule.faults.contains { $0.kind == .slowDisk(knowledge.node) }
        let written = knowledge.since + (isSlow ? Self.durableOnSlowCard : Self.durable)
        // Who goes on running forgets nothing.
        guard let stopped = stoppedAt[knowledge.node], stopped >= knowledge.since else { return false }
        guard stopped > written else { return true }
        return schedule.faults.contains { fault in
            switch fault.kind {
            case .rollback(knowledge.node), .tornDisk(knowledge.node): fault.until >= knowledge.since
            case .failingDisk(knowledge.node): fault.from <= written && fault.until >= knowledge.since
            default: false
            }
        }
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
                if !mayForget(knowledge) {
                    let what = "node \(index) admits \(revoked.short) again, revoked since \(knowledge.since)"
                    return Violation(of: Self.self, at: mesh.time, what)
                }
            }
        }
        return nil
    }
}
