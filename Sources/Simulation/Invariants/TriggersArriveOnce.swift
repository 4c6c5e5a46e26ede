import Gossip

/// Invariant 9: a trigger reaches every live reachable member exactly once, within five seconds.
struct TriggersArriveOnce: Invariant {
    static let number = 9
    static let rule = "trigger: every live reachable member once, <= 5 s"

    static let limit = Duration.seconds(5)
    /// After something worse, members need so long to find each other again (invariant 7): until then only those are reachable for each
    /// other that see each other.
    private static let aftermath = EverybodyAgrees.afterPartition
    /// One that is told younger than this is on film.
    private static let correctable = Duration.seconds(10)
    /// What members see right after something worse may be what was before it.
    private static let delusion = Duration.seconds(10)

    private struct Sent {
        let origin: Int
        let at: VirtualTime
        /// Who ran then, and in which life.
        let lives: [Int: Int]
        /// Who of them saw the origin, and was seen by it.
        let seen: Set<Int>
    }

    private struct Receipt: Hashable {
        let node: Int
        let event: EventID
    }

    private let schedule: FaultSchedule
    private let members: Int
    private var sent: [EventID: Sent] = [:]
    /// In the order in which they are due.
    private var waiting: [EventID] = []
    private var receipts: [Receipt: VirtualTime] = [:]
    /// When it happened, as its last delivery told, and how old it was then.
    private var moments: [Receipt: (occurred: ContinuousClock.Instant, age: Duration)] = [:]
    /// From sending to delivery, in seconds.
    private(set) var latencies: [Double] = []
    /// Since when all members have met.
    var metAt = VirtualTime.never

    init(_ schedule: FaultSchedule, members: Int) {
        self.schedule = schedule
        self.members = members
    }

    /// A trigger was sent that should arrive.
    mutating func sent(_ event: EventID, by origin: Int, in mesh: SimulatedMesh) {
        func sees(_ observer: Int, _ node: Int) -> Bool {
            mesh.nodes[observer].instance.membership.standing(of: mesh.id(node))?.status == .alive
        }
        var lives: [Int: Int] = [:]
        for node in 0..<members where node != origin && mesh.nodes[node].isRunning { lives[node] = mesh.nodes[node].life }
        let seen = lives.keys.filter { sees(origin, $0) && sees($0, origin) }
        sent[event] = Sent(origin: origin, at: mesh.time, lives: lives, seen: Set(seen))
        waiting.append(event)
    }

    mutating func observe(_ observation: Observation, in mesh: SimulatedMesh) -> Violation? {
        switch observation.what {
        case .started:
            // What it delivered is in its memory only.
            receipts = receipts.filter { $0.key.node != observation.node }
            moments = moments.filter { $0.key.node != observation.node }
        case .delivered(let trigger):
            let receipt = Receipt(node: observation.node, event: trigger.id)
            let age = mesh.nodes[observation.node].clock.instant(observation.at) - trigger.occurred
            let told = moments.updateValue((trigger.occurred, age), forKey: receipt)
            if let before = receipts[receipt] {
                // One that was told so old that a camera may have recorded nothing comes again when it is younger by a quarter.
                if let told, told.age >= Self.correctable, age < (age + (trigger.occurred - told.occurred)) * 0.75 { return nil }
                return Violation(of: Self.self, at: observation.at, "node \(observation.node) had \(trigger.id) at \(before) already")
            }
            receipts[receipt] = observation.at
            if let sent = sent[trigger.id] { latencies.append((observation.at - sent.at).inSeconds) }
        case .standing, .accepted, .oversized, .stopped, .unlearned: break
        }
        return nil
    }

    /// Looks whether what is due has arrived.
    mutating func look(at mesh: SimulatedMesh) -> Violation? {
        while let event = waiting.first, let sent = sent[event], mesh.time > sent.at + Self.limit {
            waiting.removeFirst()
            let due = sent.at + Self.limit
            guard sent.at >= metAt, schedule.isCalm(from: sent.at - Self.delusion, until: due), mesh.nodes[sent.origin].isRunning else { continue }
            let isSettled = schedule.isCalm(from: sent.at - Self.aftermath, until: due)
            for (node, life) in sent.lives.sorted(by: { $0.key < $1.key })
            where mesh.nodes[node].isRunning && mesh.nodes[node].life == life && (isSettled || sent.seen.contains(node))
                && !schedule.revoked.contains(node) && !schedule.liars.contains(node) {
                guard let at = receipts[Receipt(node: node, event: event)], at <= due else {
                    return Violation(of: Self.self, at: mesh.time, "node \(node) did not have \(event), sent by node \(sent.origin) at \(sent.at)")
                }
            }
        }
        return nil
    }
}
