import Gossip

/// Watches a run for all invariants, and keeps what they found.
struct Judge: Sendable {
    private var onlyMembers: OnlyMembersCount
    var deaths: DeathIsTrue
    var triggers: TriggersArriveOnce
    var idle = IdleIsQuiet()
    private(set) var violations: [Violation] = []

    init(_ schedule: FaultSchedule, members: Int) {
        onlyMembers = OnlyMembersCount(schedule)
        deaths = DeathIsTrue(schedule, members: members)
        triggers = TriggersArriveOnce(schedule, members: members)
    }

    mutating func note(_ violation: Violation?) {
        if let violation { violations.append(violation) }
    }

    /// Takes what happened since the last call.
    mutating func judge(_ mesh: inout SimulatedMesh) {
        for observation in mesh.takeObservations() {
            note(onlyMembers.observe(observation, in: mesh))
            note(deaths.observe(observation, in: mesh))
            note(triggers.observe(observation, in: mesh))
            note(idle.observe(observation))
        }
        note(onlyMembers.look(at: mesh))
        note(triggers.look(at: mesh))
    }
}
