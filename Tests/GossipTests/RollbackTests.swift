import Testing

@testable import Gossip

/// Disks that forget, and members that nobody believes alive any more.
@Suite struct RollbackTests {
    static let seeds: [UInt64] = [1, 2, 3, 4, 5]

    /// The disk lost the last increment of the boot counter: the same boot number twice, and all its packets look old.
    @Test(arguments: seeds) func sameBootTwice(seed: UInt64) {
        var sim = SimMesh(3, seed: seed)
        sim.run(.seconds(20))
        sim.restart(2, boot: 1)
        let took = sim.run(atMost: .seconds(20)) { $0.nodes[2].instance.boot == 2 && $0.allSeeAll && $0.allKnowTheSame }
        #expect(took != nil, "seed \(seed)")
    }

    /// A copy of the card from five thousand starts ago: in leaps, because nobody is believed further at a time.
    @Test func aLongForgottenCard() {
        var sim = SimMesh(3, seed: 1)
        sim.restart(2, boot: 5001)
        sim.run(.seconds(20))
        #expect(sim.allSeeAll)
        sim.restart(2, boot: 1)
        let took = sim.run(atMost: .seconds(120)) { $0.nodes[2].instance.boot > 5001 && $0.allSeeAll && $0.allKnowTheSame }
        #expect(took != nil, "it is in boot \(sim.nodes[2].instance.boot)")
    }

    /// A disk from before it met anybody: whoever still talks to an earlier boot is called where its packets come from, for no other place
    /// is known, and announcements may have been missed.
    @Test func whoKnowsNoPlaceCallsWhereItIsTalkedToFrom() throws {
        var sim = SimMesh(2, seed: 1)
        sim.run(.seconds(5))
        let (own, member) = (sim.id(0), sim.id(1))
        var packet: [UInt8]?
        sim.act(1) { instance, _ in
            packet = instance.seal(.frames, [], for: own)
            return []
        }
        let bytes = try #require(packet)
        let place = PeerAddress(host: "192.0.2.9", port: 7462)
        var called: [PeerAddress] = []
        sim.act(0) { instance, now in
            instance.boot += 1
            guard let link = instance.links[member] else { return [] }
            instance.links[member] = PeerLink(
                id: member, sendKey: link.sendKey, receiveKey: link.receiveKey, candidates: [], highestBoot: link.highestBoot)
            for _ in 0..<3 {
                for case .send(_, let address) in instance.receive(bytes, from: place, now: now) { called.append(address) }
            }
            return []
        }
        #expect(called == [place], "once: it may be a recording")
    }

    /// One member's word that a disk was rolled back is believed six times an hour; another's may be true all the same.
    @Test func oneMemberDoesNotDriveTheBootUp() throws {
        var sim = SimMesh(3, seed: 1)
        sim.run(.seconds(5))
        func raises(_ boot: UInt32, by peer: Int) -> Bool {
            let id = sim.id(peer)
            var raised = false
            sim.act(2) { instance, now in
                raised = instance.goBeyond(boot, tellsOf: id, now: now).contains { if case .raiseBoot = $0 { true } else { false } }
                return []
            }
            return raised
        }
        for boot in 1...6 as ClosedRange<UInt32> {
            #expect(raises(boot, by: 0))
            #expect(!raises(boot, by: 0), "at most every ten seconds")
            sim.run(.seconds(11))
        }
        #expect(!raises(50, by: 0))
        #expect(raises(50, by: 1))
        sim.run(.seconds(3600))
        #expect(raises(90, by: 0))
    }

    /// A goodbye that the disk has forgotten is still the others' last word of this node.
    @Test func ownGoodbyeOfThisBootIsAnswered() throws {
        var sim = SimMesh(3, seed: 1)
        sim.run(.seconds(5))
        let own = sim.nodes[2].instance.membership.own
        let claim = Claim(subject: sim.id(2), standing: Standing(status: .left, incarnation: own), author: sim.id(2))
        let signature = sim.mesh.identities[2].sign(claim.body, domain: .claim, mesh: sim.mesh.genesis.meshID)
        let signed = WireSigned(body: claim.body, signature: signature, signer: sim.id(2).bytes)
        var raised: [UInt32] = []
        sim.act(2) { instance, now in
            raised = instance.accept(claim: signed, from: nil, now: now).compactMap { if case .raiseBoot(let boot) = $0 { boot } else { nil } }
            return []
        }
        #expect(raised == [2])
    }

    /// Nobody's link remembers the later boot any more, but our own signed word of it still goes round.
    @Test func ownWordFromALaterBoot() throws {
        var sim = SimMesh(3, seed: 1)
        sim.run(.seconds(5))
        func claim(_ boot: UInt32, _ number: UInt32) -> WireSigned {
            let standing = Standing(status: .alive, incarnation: Incarnation(boot: boot, number: number))
            let body = Claim(subject: sim.id(2), standing: standing, author: sim.id(2)).body
            let signature = sim.mesh.identities[2].sign(body, domain: .claim, mesh: sim.mesh.genesis.meshID)
            return WireSigned(body: body, signature: signature, signer: sim.id(2).bytes)
        }
        func raises(_ signed: WireSigned) -> [UInt32] {
            var instance = sim.nodes[2].instance
            return instance.accept(claim: signed, from: sim.id(0), now: sim.now).compactMap { if case .raiseBoot(let boot) = $0 { boot } else { nil } }
        }
        #expect(raises(claim(1, 0)) == [] && raises(claim(7, 0)) == [8] && raises(claim(1, 5)) == [2] && raises(claim(2000, 0)) == [1002])
        var forged = claim(7, 0)
        forged.signature[0] ^= 1
        #expect(raises(forged) == [])
        // And never more often than every ten seconds, whoever insists.
        let later = claim(7, 0)
        sim.act(2) { $0.accept(claim: later, from: nil, now: $1) }
        sim.run(.milliseconds(100))
        #expect(sim.nodes[2].instance.boot == 8 && raises(claim(9, 0)) == [])
    }

    /// A member that all others hold for dead learns it from the answer to its own ping, not from the next call in ten seconds.
    @Test(arguments: seeds) func falselyBuriedNodeRefutesAtOnce(seed: UInt64) {
        var sim = SimMesh(4, seed: seed)
        sim.run(.seconds(15))
        let standing = Standing(status: .dead, incarnation: Incarnation(boot: 1, number: 0))
        let victim = sim.id(0)
        for index in 1..<4 {
            sim.act(index) { instance, now in
                let claim = Claim(subject: victim, standing: standing, author: instance.id)
                let directives = instance.membership.apply(obituary: claim, now: now) + [.assert(standing, of: victim)]
                let actions = instance.carryOut(directives, now: now)
                // Not spread: only the answers to pings tell.
                instance.broadcasts = Broadcasts()
                return actions
            }
            #expect(sim.status(of: 0, at: index) == .dead)
        }
        let took = sim.run(atMost: .seconds(2)) { $0.allSeeAll }
        #expect(took != nil, "seed \(seed)")
    }

    /// With many members absent, calling them stays cheap, and each is called again and again.
    @Test func callsHaveABudget() {
        var sim = SimMesh(10, seed: 1)
        sim.run(.seconds(5))
        for index in 1..<10 { sim.kill(index) }
        sim.run(.seconds(60))
        sim.wire = []
        let before = sim.nodes[0].bytesSent
        sim.run(.seconds(30))
        #expect((sim.nodes[0].bytesSent - before) / 30 <= 1000)
        let called = Set(sim.wire.map(\.to))
        #expect(called == Set(1..<10))
    }

    /// The sum that is kept is the sum that would be made anew.
    @Test(arguments: seeds) func stateHashTellsEverything(seed: UInt64) {
        var sim = SimMesh(5, seed: seed)
        sim.network.loss = 0.1
        sim.run(.seconds(3))
        sim.kill(4)
        sim.act(1) { $0.publish(.cameras, [1], now: $1) }
        sim.run(.seconds(20))
        let revocation = sim.mesh.root.revoke(sim.id(4), serial: 3).wire
        sim.act(0) { $0.accept(roster: [revocation], now: $1) }
        sim.run(.seconds(20))
        for node in sim.nodes.prefix(4) {
            let state = node.instance.state
            var fresh = SignedState(hash: { node.instance.crypto.hash($0) })
            for (key, record) in state.records { fresh.set(key, record) }
            for (_, evidence) in state.evidence { for signed in evidence.all { if let claim = Claim(signed) { fresh.keep(claim, signed, standing: claim.standing) } } }
            #expect(fresh.sum == state.sum, "seed \(seed)")
            #expect(!state.records.keys.contains { $0.node == sim.id(4) })
        }
        #expect(Set(sim.nodes.prefix(4).map(\.instance.stateHash)).count == 1, "seed \(seed)")
    }
}
