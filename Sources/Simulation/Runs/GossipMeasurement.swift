import Glibc
package import Gossip

/// How fast and how dear a mesh of one size is, with a steady loss and short stalls: no faults to survive, only figures.
package struct GossipMeasurement: Sendable {
    package let nodes: Int
    package let seeds: Int
    package let lossPercent: Int
    package let crypto: SimulatedCrypto.Kind
    /// Whether all knew each other from the beginning: then ``meetings`` is empty.
    package let startsSettled: Bool
    /// Until the first, and until everybody, holds a killed node for dead; seconds.
    package private(set) var firstDetections: [Double] = []
    package private(set) var detections: [Double] = []
    /// From a new record until everybody has it; seconds.
    package private(set) var updates: [Double] = []
    /// From power-on until everybody sees everybody; seconds. Nothing where all had met before.
    package private(set) var meetings: [Double] = []
    /// Of each node and seed, UDP with its headers and TLS.
    package private(set) var idleRates: [Double] = []
    /// The same with the measurement's loss; ``idleRates`` are without any.
    package private(set) var lossyRates: [Double] = []
    package private(set) var falseDeaths = 0
    /// Processor time of this machine for a second of one idle node; microseconds.
    package private(set) var cpuRates: [Double] = []
    /// Runs in which something was not reached within a minute.
    package private(set) var unfinished = 0

    /// - Parameters:
    ///   - crypto: `nil`: real up to a hundred nodes, then quick.
    ///   - startsSettled: `nil`: above a hundred nodes.
    ///   - progress: called after each seed.
    package init(
        nodes: Int, seeds: Int, settings: GossipSettings, lossPercent: Int = 5, crypto: SimulatedCrypto.Kind? = nil,
        startsSettled: Bool? = nil, progress: (_ seed: Int) -> Void = { _ in }
    ) {
        self.nodes = nodes
        self.seeds = seeds
        self.lossPercent = lossPercent
        self.crypto = crypto ?? (nodes <= Self.coldLimit ? .real : .fast)
        self.startsSettled = startsSettled ?? (nodes > Self.coldLimit)
        for seed in 1...max(1, seeds) {
            measure(UInt64(seed), settings)
            progress(seed)
        }
    }

    /// Larger meshes take mesh.md §7's fast mode.
    private static let coldLimit = 100

    private mutating func measure(_ seed: UInt64, _ settings: GossipSettings) {
        var options = SimulatedMesh.Options()
        options.settings = settings
        options.crypto = crypto
        options.isSettled = startsSettled
        var mesh = SimulatedMesh(nodes, seed: seed, options: options)
        var rng = Randomness.of("measurement", seed: seed)
        mesh.network.loss = Double(lossPercent) / 100
        guard meet(&mesh) else {
            unfinished += 1
            return
        }
        _ = mesh.takeObservations()
        // Beyond the eager first seconds.
        _ = mesh.run(until: max(mesh.time, .zero + settings.eagerPeriod) + .seconds(15))
        mesh.network.loss = 0
        _ = mesh.run(until: mesh.time + .seconds(10))
        idle(&mesh, \.idleRates)
        mesh.network.loss = Double(lossPercent) / 100
        idle(&mesh, \.lossyRates)
        for _ in 0..<3 { update(&mesh, rng.below(nodes), &rng) }
        stall(&mesh, &rng)
        die(&mesh, rng.below(nodes))
    }

    /// Whether everybody knows everything in time.
    private mutating func meet(_ mesh: inout SimulatedMesh) -> Bool {
        let everybody = EverybodyAgrees(members: Array(0..<nodes), revoked: [])
        if startsSettled { return everybody.sameState(in: mesh) && everybody.everybodySeesEverybody(in: mesh) }
        guard let met = Self.wait(&mesh, step: .milliseconds(nodes > 100 ? 500 : 50), until: { everybody.everybodySeesEverybody(in: $0) }),
            Self.wait(&mesh, step: .milliseconds(500), until: { everybody.holds(in: $0) }) != nil
        else { return false }
        meetings.append(met.inSeconds)
        return true
    }

    private mutating func idle(_ mesh: inout SimulatedMesh, _ rates: WritableKeyPath<Self, [Double]>) {
        let seconds = nodes > 100 ? 20 : 60
        var quiet = IdleIsQuiet()
        quiet.begin(mesh)
        let cpu = clock()
        _ = mesh.run(until: mesh.time + .seconds(seconds))
        if mesh.network.loss == 0 { cpuRates.append(Double(clock() - cpu) / Double(CLOCKS_PER_SEC) * 1e6 / Double(seconds * nodes)) }
        _ = quiet.end(mesh, members: Array(0..<nodes))
        self[keyPath: rates] += quiet.rates
    }

    private mutating func update(_ mesh: inout SimulatedMesh, _ node: Int, _ rng: inout Randomness) {
        let everybody = EverybodyAgrees(members: Array(0..<nodes), revoked: [])
        let old = mesh.nodes[node].instance.stateHash
        let bytes = (0..<100).map { _ in UInt8(truncatingIfNeeded: rng.next()) }
        mesh.act(node) { $0.publish(.cameras, bytes, now: $1) }
        let took = Self.wait(&mesh, step: .milliseconds(20)) { everybody.sameState(in: $0) && $0.nodes[node].instance.stateHash != old }
        if let took { updates.append(took.inSeconds) } else { unfinished += 1 }
        _ = mesh.run(until: mesh.time + .seconds(2))
    }

    /// A node in ten, at least one, stands still for two seconds; three times.
    private mutating func stall(_ mesh: inout SimulatedMesh, _ rng: inout Randomness) {
        for _ in 0..<3 {
            for _ in 0..<max(1, nodes / 10) { mesh.pause(rng.below(nodes), for: .seconds(2)) }
            _ = mesh.run(until: mesh.time + .seconds(8))
        }
        _ = mesh.run(until: mesh.time + .seconds(12))
        falseDeaths += mesh.takeObservations().count { if case .standing(_, .dead) = $0.what { true } else { false } }
    }

    private mutating func die(_ mesh: inout SimulatedMesh, _ victim: Int) {
        let (id, others) = (mesh.id(victim), (0..<nodes).filter { $0 != victim })
        func isDead(_ mesh: SimulatedMesh, at node: Int) -> Bool { mesh.nodes[node].instance.membership.standing(of: id)?.status == .dead }
        mesh.kill(victim)
        guard let first = Self.wait(&mesh, step: .milliseconds(50), until: { mesh in others.contains { isDead(mesh, at: $0) } }),
            let rest = Self.wait(&mesh, step: .milliseconds(50), until: { mesh in others.allSatisfy { isDead(mesh, at: $0) } })
        else {
            unfinished += 1
            return
        }
        firstDetections.append(first.inSeconds)
        detections.append((first + rest).inSeconds)
    }

    private static func wait(_ mesh: inout SimulatedMesh, step: Duration, until condition: (SimulatedMesh) -> Bool) -> Duration? {
        let began = mesh.time
        while !condition(mesh) {
            guard mesh.time - began < .seconds(60) else { return nil }
            _ = mesh.run(until: mesh.time + step)
        }
        return mesh.time - began
    }
}
