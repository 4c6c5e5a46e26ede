package import Gossip

/// One seed: a mesh meets, suffers, heals, and is measured.
package struct SimulatedRun: Sendable {
    /// What is different from the usual.
    package struct Variation: Sendable {
        package var control: NegativeControl?
        package var settings = GossipSettings()
        /// In place of the one that the seed draws.
        package var schedule: FaultSchedule?
        /// `nil`: real for one seed of eight in small meshes, else quick.
        package var crypto: SimulatedCrypto.Kind?
        /// How many of the last events a failure shows.
        package var shownEvents = 60

        package init() {}
    }

    private static let look = Duration.milliseconds(100)
    /// Larger meshes start settled (mesh.md §7's fast mode): that each pair meets takes hours at a thousand nodes.
    private static let coldLimit = 100
    /// With more loss than that there is always something to tell.
    private static let quietLoss = 0.01
    /// Numbers of planned events from here on are the workload's.
    private static let workload = 1 << 20

    private let nodes: Int
    private let schedule: FaultSchedule
    private var mesh: SimulatedMesh
    private var injector: FaultInjector
    private var judge: Judge
    private var rng: Randomness
    private var report: RunReport
    private let variation: Variation
    /// Members that are expected to be well at the end.
    private let members: [Int]

    package static func run(nodes: Int, seed: UInt64, variation: Variation = Variation()) -> RunReport {
        var run = SimulatedRun(nodes: nodes, seed: seed, variation: variation)
        return run.run()
    }

    private init(nodes: Int, seed: UInt64, variation: Variation) {
        self.nodes = nodes
        self.variation = variation
        schedule = variation.schedule ?? .drawn(from: seed, nodes: nodes)
        var options = SimulatedMesh.Options()
        options.settings = variation.settings
        variation.control?.change(&options.settings)
        options.control = variation.control
        options.crypto = variation.crypto ?? (nodes <= 10 && seed % 8 == 0 ? .real : .fast)
        options.links = 2
        options.knowEachOther = nodes > Self.coldLimit
        options.isSettled = nodes > Self.coldLimit
        mesh = SimulatedMesh(nodes, seed: seed, options: options)
        injector = FaultInjector(schedule, seed: seed, members: nodes)
        judge = Judge(schedule, members: nodes)
        rng = .of("workload", seed: seed)
        report = RunReport(seed: seed, nodes: nodes, schedule: schedule)
        let revoked = schedule.revoked
        members = (0..<nodes).filter { !revoked.contains($0) }
    }

    private mutating func run() -> RunReport {
        injector.plan(in: &mesh)
        planWorkload()
        meet()
        advance(to: schedule.end)
        injector.end(in: &mesh)
        if heal() {
            update()
            trigger()
            stall()
            idle()
            settle()
            die()
        }
        judge.judge(&mesh)
        report.traceHash = mesh.trace.hash
        report.events = mesh.trace.count
        report.seconds = (mesh.time - .zero).inSeconds
        report.violations = judge.violations
        report.triggerSeconds = judge.triggers.latencies
        report.falseDeaths = judge.deaths.falseDeaths
        if !judge.violations.isEmpty { report.lastEvents = mesh.trace.last(variation.shownEvents) }
        return report
    }

    // MARK: Phases

    private var agreement: EverybodyAgrees { EverybodyAgrees(members: members, revoked: schedule.revoked.map(mesh.id)) }

    private mutating func meet() {
        let everybody = EverybodyAgrees(members: Array(0..<nodes), revoked: [])
        let took = wait(atMost: FaultSchedule.meeting) { everybody.everybodySeesEverybody(in: $0) }
        report.meetSeconds = took?.inSeconds
        judge.triggers.metAt = took == nil ? mesh.time + EverybodyAgrees.afterPartition : mesh.time
    }

    private mutating func heal() -> Bool {
        let agreement = agreement
        guard let took = wait(atMost: EverybodyAgrees.afterPartition, step: .milliseconds(50), until: { agreement.holds(in: $0) }) else {
            judge.note(agreement.violation(in: mesh))
            return false
        }
        report.healSeconds = took.inSeconds
        return true
    }

    /// Changes as soon as all agree, while others still have something to tell.
    private mutating func update() {
        for round in 0..<4 {
            guard let took = change(isSetting: round == 3) else { return }
            report.updateSeconds.append(took.known.inSeconds)
        }
    }

    /// Changes once nothing else is to be told: the states of all must be one as soon.
    private mutating func settle() {
        for isSetting in [false, true] {
            guard let took = change(isSetting: isSetting) else { return }
            report.settleSeconds.append(took.agreed.inSeconds)
        }
    }

    /// One member says something new. How long until all knew it, and until all agreed in everything; `nil` and a violation if they never did.
    private mutating func change(isSetting: Bool) -> (known: Duration, agreed: Duration)? {
        let agreement = agreement
        let node = rng.pick(members)
        // Some fit no packet: those go another way.
        let size = rng.chance(0.25) ? 3000 : rng.between(10...300)
        let bytes = (0..<size).map { _ in UInt8(truncatingIfNeeded: rng.next()) }
        let change = Change(what: isSetting ? .setting("simulated") : .record(.cameras, of: mesh.id(node)), bytes: bytes)
        change.make(at: node, in: &mesh)
        guard agreement.sameContents(in: mesh) == (members.count == 1) else {
            judge.note(Violation(of: EverybodyAgrees.self, at: mesh.time, "node \(node)'s change changed nothing"))
            return nil
        }
        let limit = EverybodyAgrees.afterPartition
        // Two clocks: others speak too, as long as triggers are in records that somebody missed. Each origin has a new record when they arrive
        // or expire, and how long those take says nothing about this change.
        guard let known = wait(atMost: limit, step: .milliseconds(20), until: { change.isKnown(to: agreement.members, in: $0) }),
            let rest = wait(atMost: limit - known, step: .milliseconds(20), until: { agreement.holds(in: $0) })
        else {
            judge.note(agreement.violation(in: mesh))
            return nil
        }
        return (known, known + rest)
    }

    private mutating func trigger() {
        for _ in 0..<2 {
            sendTrigger()
            advance(to: mesh.time + rng.duration(.milliseconds(100), .seconds(1)))
        }
        advance(to: mesh.time + TriggersArriveOnce.limit + .milliseconds(200))
    }

    /// Stalls of up to two seconds, with the loss that the schedule's end says.
    private mutating func stall() {
        for _ in 0..<3 {
            mesh.pause(rng.pick(members), for: rng.duration(.milliseconds(500), .seconds(2)))
            advance(to: mesh.time + rng.duration(.seconds(4), .seconds(8)))
        }
        advance(to: mesh.time + .seconds(12))
    }

    private mutating func idle() {
        // Triggers that somebody missed are in records for so long; and what a loss costs is no idleness.
        advance(to: max(mesh.time, schedule.end + GossipSettings().triggerLifetime + .seconds(10)))
        let loss = mesh.network.loss
        mesh.network.loss = min(loss, Self.quietLoss)
        judge.idle.begin(mesh)
        advance(to: mesh.time + .seconds(30))
        judge.note(judge.idle.end(mesh, members: members))
        report.idleBytesPerSecond = judge.idle.rates
        mesh.network.loss = loss
        guard loss > Self.quietLoss else { return }
        judge.idle.begin(mesh)
        advance(to: mesh.time + .seconds(30))
        judge.note(judge.idle.end(mesh, members: members, lossy: true))
        report.lossyBytesPerSecond = judge.idle.rates
    }

    private mutating func die() {
        // A liar must not hide it, where the schedule has one.
        injector.resumeLies(in: &mesh)
        let honest = members.filter { !schedule.liars.contains($0) }
        let victim = rng.pick(honest.isEmpty ? members : honest)
        let (id, others) = (mesh.id(victim), members.filter { $0 != victim })
        // Not always at the same moment of its probes.
        advance(to: mesh.time + rng.duration(.zero, .seconds(1)))
        mesh.kill(victim)
        func isDead(_ mesh: SimulatedMesh, at node: Int) -> Bool { mesh.nodes[node].instance.membership.standing(of: id)?.status == .dead }
        guard let first = wait(atMost: DeathIsTrue.limit, step: .milliseconds(50), until: { mesh in others.contains { isDead(mesh, at: $0) } }),
            let rest = wait(atMost: DeathIsTrue.limit - first, step: .milliseconds(50), until: { mesh in others.allSatisfy { isDead(mesh, at: $0) } })
        else {
            let missed = "node \(victim) is dead, and not everybody sees it after \(DeathIsTrue.limit)"
            return judge.note(Violation(of: DeathIsTrue.self, at: mesh.time, missed))
        }
        report.firstDetectionSeconds = first.inSeconds
        report.detectionSeconds = (first + rest).inSeconds
    }

    // MARK: Workload

    /// Triggers, records and configuration while things go wrong.
    private mutating func planWorkload() {
        var at = VirtualTime.zero + FaultSchedule.meeting
        // In a partition of hours nothing more happens than in one of minutes.
        let pace = max(3, Int((schedule.end - at).inSeconds / 25))
        var number = Self.workload
        while at < schedule.end {
            mesh.plan(number, at: at)
            number += 1
            at += rng.duration(.milliseconds(500), .seconds(Int64(pace)))
        }
    }

    private mutating func work() {
        let running = (0..<nodes).filter { mesh.nodes[$0].isRunning && mesh.nodes[$0].pausedUntil == nil && !schedule.revoked.contains($0) }
        guard !running.isEmpty else { return }
        let node = rng.pick(running)
        switch rng.below(6) {
        case 0, 1, 2: sendTrigger()
        case 3:
            let size = rng.pick([20, 200, 900, 3000])
            let kind = rng.pick([RecordKind.cameras, .storage, .clips, .sessions])
            let bytes = (0..<size).map { _ in UInt8(truncatingIfNeeded: rng.next()) }
            mesh.act(node) { $0.publish(kind, bytes, now: $1) }
        case 4:
            let cameras = (0..<nodes).filter { _ in rng.chance(0.5) }.map { "\(mesh.id($0))" }
            mesh.setGroups(node, [CameraGroup(name: rng.pick(["home", "garden"]), cameras: Set(cameras))])
        default:
            // As a program does that stamps what it writes.
            let stamp = String(mesh.nodes[node].clock.wallSeconds(mesh.time))
            mesh.setConfig(node, rng.pick(["users", "simulated"]), Array(stamp.utf8))
        }
    }

    private mutating func sendTrigger() {
        let able = members.filter { mesh.nodes[$0].isRunning && mesh.nodes[$0].pausedUntil == nil && !schedule.liars.contains($0) }
        guard !able.isEmpty else { return }
        let origin = rng.pick(able)
        let event = mesh.trigger(origin)
        judge.triggers.sent(event, by: origin, in: mesh)
    }

    // MARK: Time

    private mutating func advance(to end: VirtualTime) {
        while mesh.time < end {
            let slice = min(end, mesh.time + Self.look)
            // Whatever is planned for the very moment of the slice's end belongs to it: of several faults that end with the schedule, none
            // is left for later.
            var due: [Int]
            repeat {
                due = mesh.run(until: min(slice, max(mesh.time, injector.nextLie ?? slice)))
                for number in due {
                    if number >= Self.workload { work() } else { injector.handle(number, in: &mesh) }
                }
                injector.lie(in: &mesh)
            } while mesh.time < slice || !due.isEmpty
            judge.judge(&mesh)
        }
    }

    private mutating func wait(
        atMost limit: Duration, step: Duration = look, until condition: (SimulatedMesh) -> Bool
    ) -> Duration? {
        let began = mesh.time
        while !condition(mesh) {
            guard mesh.time - began < limit else { return nil }
            advance(to: mesh.time + step)
        }
        return mesh.time - began
    }
}
