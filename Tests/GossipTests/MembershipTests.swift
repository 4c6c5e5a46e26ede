import Testing

@testable import Gossip

/// Whole meshes in virtual time: who sees whom, and how soon.
@Suite struct MembershipTests {
    static let seeds: [UInt64] = [1, 2, 3, 4, 5]

    @Test(arguments: [2, 3, 10], seeds)
    func allFindEachOther(count: Int, seed: UInt64) throws {
        var sim = SimMesh(count, seed: seed)
        let took = try #require(sim.run(atMost: .seconds(10)) { $0.allSeeAll && $0.allKnowTheSame }, "seed \(seed)")
        #expect(took <= .seconds(3), "seed \(seed)")
    }

    @Test(arguments: [3, 10], seeds)
    func killedNodeIsFoundDead(count: Int, seed: UInt64) throws {
        var sim = SimMesh(count, seed: seed)
        sim.run(.seconds(5))
        #expect(sim.allSeeAll, "seed \(seed)")
        sim.kill(1)
        let took = try #require(
            sim.run(atMost: .seconds(20)) { sim in sim.nodes.indices.allSatisfy { $0 == 1 || sim.status(of: 1, at: $0) == .dead } },
            "seed \(seed)")
        #expect(took <= .seconds(8) && took >= .seconds(2), "seed \(seed): \(took)")
    }

    @Test(arguments: seeds)
    func restartedNodeIsBack(seed: UInt64) throws {
        var sim = SimMesh(3, seed: seed)
        sim.run(.seconds(5))
        sim.kill(2)
        sim.run(.seconds(15))
        #expect(sim.status(of: 2, at: 0) == .dead, "seed \(seed)")
        sim.restart(2, boot: 2)
        let took = try #require(sim.run(atMost: .seconds(10)) { $0.allSeeAll && $0.allKnowTheSame }, "seed \(seed)")
        #expect(took <= .seconds(3), "seed \(seed): \(took)")
    }

    /// Even before anybody missed it: the new boot replaces the old one.
    @Test(arguments: seeds)
    func quickRestartIsNotHeldForTheOldBoot(seed: UInt64) throws {
        var sim = SimMesh(3, seed: seed)
        sim.run(.seconds(5))
        sim.restart(2, boot: 2)
        let back = sim.run(atMost: .seconds(3)) { sim in
            sim.allSeeAll && (0..<2).allSatisfy { sim.nodes[$0].instance.membership.standings[sim.id(2)]?.incarnation.boot == 2 }
        }
        #expect(back != nil, "seed \(seed)")
    }

    @Test(arguments: seeds)
    func leavingIsSeenAtOnce(seed: UInt64) throws {
        var sim = SimMesh(3, seed: seed)
        sim.run(.seconds(5))
        sim.leave(0)
        let took = sim.run(atMost: .seconds(1)) { $0.status(of: 0, at: 1) == .left && $0.status(of: 0, at: 2) == .left }
        #expect(took != nil, "seed \(seed)")
    }

    /// mesh.md §3: no false deaths at 5 % loss with pauses of 2 s; whoever is accused refutes.
    @Test(arguments: seeds)
    func lossAndPausesKillNobody(seed: UInt64) {
        var sim = SimMesh(10, seed: seed)
        sim.network.loss = 0.05
        sim.network.duplicates = 0.02
        sim.run(.seconds(5))
        for round in 0..<6 {
            sim.pause(round, for: .seconds(2))
            sim.run(.seconds(10))
        }
        let deaths = sim.nodes.flatMap(\.changes).filter { if case .member(_, .dead) = $0 { true } else { false } }
        #expect(deaths.isEmpty, "seed \(seed): \(deaths)")
        #expect(sim.run(atMost: .seconds(20)) { $0.allSeeAll } != nil, "seed \(seed)")
    }

    /// News reaches nearly all: who has missed a suspect's refutation, and is told nothing more of it, asks before it buries.
    @Test(arguments: seeds)
    func missedRefutationIsAskedFor(seed: UInt64) {
        var settings = GossipSettings()
        // Neither a probe nor a comparison that comes by chance.
        (settings.probeInterval, settings.syncInterval) = (.seconds(1000), .seconds(1000))
        var sim = SimMesh(10, seed: seed, settings: settings)
        sim.run(.seconds(15))
        let standing = Standing(status: .suspect, incarnation: sim.nodes[1].instance.membership.own)
        let accusations = (2..<5).map { author in
            let claim = Claim(subject: sim.id(1), standing: standing, author: sim.id(author))
            let signature = sim.mesh.identities[author].sign(claim.body, domain: .claim, mesh: sim.mesh.genesis.meshID)
            return WireSigned(body: claim.body, signature: signature, signer: claim.author.bytes)
        }
        sim.act(0) { instance, now in
            let actions = accusations.flatMap { instance.accept(claim: $0, from: nil, now: now) }
            // The others have forgotten these accusations.
            instance.broadcasts = Broadcasts()
            return actions
        }
        #expect(sim.status(of: 1, at: 0) == .suspect, "seed \(seed)")
        let took = sim.run(atMost: .seconds(3)) { $0.status(of: 1, at: 0) != .suspect }
        #expect(sim.status(of: 1, at: 0) == .alive && (took ?? .zero) >= settings.suspicionMinimum - settings.suspectLastAsk, "seed \(seed)")
    }

    /// A node that stood still must not bury a suspect whose refutation waits in its own socket.
    @Test(arguments: seeds)
    func pausedNodeBuriesNobody(seed: UInt64) {
        var sim = SimMesh(3, seed: seed)
        sim.run(.seconds(5))
        sim.block(0, 1)
        sim.block(0, 2)
        #expect(sim.run(atMost: .seconds(5)) { $0.status(of: 1, at: 0) == .suspect } != nil, "seed \(seed)")
        sim.network.blocked = []
        sim.pause(0, for: .seconds(10))
        sim.run(.seconds(15))
        #expect(!sim.nodes[0].changes.contains(.member(sim.id(1), .dead)), "seed \(seed)")
        #expect(sim.run(atMost: .seconds(20)) { $0.allSeeAll } != nil, "seed \(seed)")
    }

    /// One member cannot hear another, but a third one hears both.
    @Test(arguments: seeds)
    func oneBrokenPathIsBridged(seed: UInt64) {
        var sim = SimMesh(4, seed: seed)
        sim.run(.seconds(5))
        sim.block(0, 1)
        sim.run(.seconds(60))
        let deaths = sim.nodes.flatMap(\.changes).filter { if case .member(_, .dead) = $0 { true } else { false } }
        #expect(deaths.isEmpty, "seed \(seed): \(deaths)")
    }

    @Test(arguments: seeds)
    func partitionHeals(seed: UInt64) throws {
        var sim = SimMesh(6, seed: seed)
        sim.run(.seconds(5))
        for a in 0..<3 { for b in 3..<6 { sim.block(a, b) } }
        sim.run(.seconds(60))
        #expect(sim.status(of: 4, at: 0) == .dead && sim.status(of: 1, at: 5) == .dead, "seed \(seed)")
        sim.act(0) { $0.publish(.cameras, [1, 2, 3], now: $1) }
        sim.network.blocked = []
        let took = try #require(sim.run(atMost: .seconds(60)) { $0.allSeeAll && $0.allKnowTheSame }, "seed \(seed)")
        #expect(took <= .seconds(30), "seed \(seed): \(took)")
    }

    /// Lifeguard §IV-A makes a node that hears nobody slow (a probe in 4 s), so that it takes most others for alive for long. Its return does
    /// not wait for that.
    @Test(arguments: seeds)
    func whoDoubtsItselfIsBackAsSoon(seed: UInt64) throws {
        var sim = SimMesh(10, seed: seed)
        sim.run(.seconds(12))
        for other in 1..<10 { sim.block(0, other) }
        sim.run(.seconds(25))
        #expect(sim.nodes[0].instance.membership.awareness == 7, "seed \(seed)")
        #expect((1..<10).contains { sim.status(of: $0, at: 0) != .dead }, "seed \(seed): it has found out about all already")
        #expect((1..<10).allSatisfy { sim.status(of: 0, at: $0) == .dead }, "seed \(seed)")
        sim.network.blocked = []
        let took = try #require(sim.run(atMost: .seconds(30)) { $0.allSeeAll }, "seed \(seed)")
        #expect(took <= .seconds(12), "seed \(seed): \(took)")
    }

    /// A disk that was rolled back: the node hears of its later boots, and goes on past them.
    @Test func rolledBackDiskRecovers() throws {
        var sim = SimMesh(3, seed: 1)
        sim.run(.seconds(3))
        sim.restart(2, boot: 7)
        sim.run(.seconds(5))
        sim.restart(2, boot: 3)
        #expect(sim.run(atMost: .seconds(5)) { $0.allSeeAll && $0.allKnowTheSame } != nil)
        #expect(sim.nodes[2].instance.boot == 8)
    }

    @Test func idleMeshIsQuiet() {
        var sim = SimMesh(10, seed: 3)
        sim.run(.seconds(30))
        let before = sim.nodes.map(\.bytesSent)
        sim.run(.seconds(60))
        for (index, node) in sim.nodes.enumerated() {
            #expect((node.bytesSent - before[index]) / 60 <= 1000, "bytes per second of node \(index)")
            #expect(node.largest <= PacketCodec.limit)
        }
    }

    /// The same seed gives the same run.
    @Test func runsRepeat() {
        func trace(_ seed: UInt64) -> [String] {
            var sim = SimMesh(5, seed: seed)
            sim.network.loss = 0.2
            sim.run(.seconds(5))
            sim.kill(3)
            sim.run(.seconds(10))
            return sim.nodes.map { "\($0.changes)" }
        }
        #expect(trace(9) == trace(9))
        #expect(trace(9) != trace(10))
    }
}
