import Gossip

/// Invariant 8: who is dead is seen so by all, soon; who lives is not held for dead where loss and stalls are small.
struct DeathIsTrue: Invariant {
    static let number = 8
    static let rule = "dead seen by all <= 8 s p99; no false death at <= 5 % loss and <= 2 s stalls, one liar or none"

    /// At the 99th percentile.
    static let seenByAll = Duration.seconds(8)
    /// Never longer.
    static let limit = Duration.seconds(40)
    /// A suspicion that something worse began may run for so long: its maximum of 7.5 s, and the probes before it.
    private static let aftermath = Duration.seconds(10)

    private let schedule: FaultSchedule
    private let members: Int
    private(set) var falseDeaths = 0

    init(_ schedule: FaultSchedule, members: Int) {
        self.schedule = schedule
        self.members = members
    }

    mutating func observe(_ observation: Observation, in mesh: SimulatedMesh) -> Violation? {
        guard case .standing(let subject, let status) = observation.what, status == .dead || status == .left, !mesh.isStranger(observation.node),
            let node = (0..<members).first(where: { mesh.id($0) == subject }), mesh.nodes[node].isRunning,
            // What a liar holds, or others of it, is promised to nobody.
            !schedule.liars.contains(node), !schedule.liars.contains(observation.node),
            schedule.isCalm(from: observation.at - Self.aftermath, until: observation.at)
        else { return nil }
        falseDeaths += 1
        return Violation(of: Self.self, at: observation.at, "node \(observation.node) holds node \(node) for \(status), which lives")
    }
}
