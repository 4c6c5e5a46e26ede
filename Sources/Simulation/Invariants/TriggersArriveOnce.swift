import Gossip

/// Invariant 9: a trigger reaches every live reachable member exactly once, within five seconds; who could not be reached then and can be
/// again while it counts has it, too.
struct TriggersArriveOnce: Invariant {
    static let number = 9
    static let rule = "trigger: every live reachable member once, <= 5 s"

    static let limit = Duration.seconds(5)
    /// After something worse, members need so long to find each other again (invariant 7): until then only those are reachable for each
    /// other that see each other.
    private static let aftermath = EverybodyAgrees.afterPartition
    /// One that is told younger than this is on film.
    private static let correctable = Duration.seconds(10)
    /// As long as its origin keeps it for those who lack it (``GossipSettings/triggerLifetime``), by the fastest of clocks and with a while to come.
    private static let keptFor = Duration.seconds(50)
    /// Who can be reached again for so long has what was kept: two members call each other every 10 s, and tell what is late every 5 s.
    private static let reunion = Duration.seconds(35)
    /// What members see right after something worse may be what was before it.
    private static let delusion = Duration.seconds(10)

    private struct Sent {
        let origin: Int
        let at: VirtualTime
        /// The life of its origin.
        let life: Int
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
    /// Those who did not have it in time, and could not be reached, or may not have been.
    private var late: [Receipt] = []
    /// Of them had it later.
    private(set) var lateReceipts = 0
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
        sent[event] = Sent(origin: origin, at: mesh.time, life: mesh.nodes[origin].life, lives: lives, seen: Set(seen))
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
            guard sent.at >= metAt, mesh.nodes[sent.origin].isRunning else { continue }
            for (node, life) in sent.lives.sorted(by: { $0.key < $1.key })
            where mesh.nodes[node].isRunning && mesh.nodes[node].life == life && !schedule.revoked.contains(node) && !schedule.liars.contains(node) {
                let receipt = Receipt(node: node, event: event)
                if let at = receipts[receipt], at <= due { continue }
                let isSettled = schedule.isCalm(between: sent.origin, and: node, from: sent.at - Self.aftermath, until: due)
                let isCalm = schedule.isCalm(between: sent.origin, and: node, from: sent.at - Self.delusion, until: due)
                guard isSettled || isCalm && sent.seen.contains(node) else {
                    late.append(receipt)
                    continue
                }
                return Violation(of: Self.self, at: mesh.time, "node \(node) did not have \(event), sent by node \(sent.origin) at \(sent.at)")
            }
        }
        return lookAtLate(mesh)
    }

    private mutating func lookAtLate(_ mesh: SimulatedMesh) -> Violation? {
        var found: Violation?
        late.removeAll { receipt in
            guard found == nil, let sent = sent[receipt.event], mesh.time <= sent.at + Self.keptFor else { return true }
            // What either of them knew is gone, or is two boxes' in one.
            guard mesh.nodes[sent.origin].isRunning, mesh.nodes[sent.origin].life == sent.life, mesh.nodes[receipt.node].isRunning,
                mesh.nodes[receipt.node].life == sent.lives[receipt.node], !schedule.isDoubtful(sent.origin), !schedule.isDoubtful(receipt.node)
            else { return true }
            if receipts[receipt] != nil {
                lateReceipts += 1
                return true
            }
            guard schedule.isCalm(between: sent.origin, and: receipt.node, from: mesh.time - Self.reunion, until: mesh.time) else { return false }
            found = Violation(
                of: Self.self, at: mesh.time,
                "node \(receipt.node) never had \(receipt.event), sent by node \(sent.origin) at \(sent.at), though it could be reached for \(Self.reunion)")
            return true
        }
        return found
    }
}
