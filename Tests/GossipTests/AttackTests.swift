import Foundation
import Testing

@testable import Gossip

/// What strangers, thieves and liars send is counted and dropped, and nothing else happens.
@Suite struct AttackTests {
    private func settledMesh(_ seed: UInt64 = 1) -> SimMesh {
        var sim = SimMesh(3, seed: seed)
        sim.run(.seconds(5))
        return sim
    }

    @Test func replayedAndReflectedPacketsAreRefused() throws {
        var sim = settledMesh()
        sim.wire = []
        sim.run(.seconds(2))
        let packets = sim.wire.filter { $0.to == 1 }
        // What is on its way arrives first.
        sim.run(.milliseconds(50))
        #expect(packets.count > 5)
        let before = sim.drops(1, .replayed)
        let hash = sim.nodes[1].instance.stateHash
        for packet in packets {
            sim.act(1) { $0.receive(packet.bytes, from: SimMesh.address(of: packet.from), now: $1) }
            // Back to its sender, as if from the receiver.
            sim.act(packet.from) { $0.receive(packet.bytes, from: SimMesh.address(of: 1), now: $1) }
            // On to somebody it was not meant for.
            let third = 3 - 1 - packet.from
            sim.act(third) { $0.receive(packet.bytes, from: SimMesh.address(of: packet.from), now: $1) }
        }
        #expect(sim.drops(1, .replayed) - before == packets.count)
        #expect(sim.drops(0, .reflected) + sim.drops(2, .reflected) == packets.count)
        #expect(sim.drops(0, .damaged) + sim.drops(2, .damaged) == packets.count)
        #expect(sim.nodes[1].instance.stateHash == hash)
    }

    /// In a larger mesh two members are silent towards each other for seconds: a recording played then must not make one begin anew.
    @Test(arguments: [1, 2, 3] as [UInt64]) func recordingsMakeNobodyBeginAnew(seed: UInt64) throws {
        var sim = SimMesh(10, seed: seed)
        sim.run(.seconds(20))
        sim.wire = []
        sim.run(.seconds(20))
        let recorded = sim.wire.filter { $0.from == 3 && $0.to == 5 && PacketCodec.header(of: $0.bytes)?.type == .frames }
        let packet = try #require(recorded.first, "seed \(seed)")
        var played = 0
        for _ in 0..<600 {
            sim.run(.milliseconds(100))
            if let heard = sim.nodes[5].instance.links[sim.id(3)]?.lastHeard, sim.now - heard > .milliseconds(2100) {
                for _ in 0..<10 { sim.act(5) { $0.receive(packet.bytes, from: SimMesh.address(of: 3), now: $1) } }
                played += 1
            }
        }
        #expect(played > 5, "seed \(seed)")
        #expect(sim.nodes[3].instance.boot == 1 && sim.allSeeAll, "seed \(seed)")
    }

    /// Packets of a node's earlier life fit none of its later ones, nor do a peer's earlier ones.
    @Test func oldRecordingsAreRefusedAfterRestarts() {
        var sim = settledMesh()
        let packets = sim.wire
        sim.restart(1, boot: 2)
        sim.run(.seconds(5))
        let before = PeerLink.Refusal.allCases.map { sim.drops(1, $0) }.reduce(0, +)
        let toOne = packets.filter { $0.to == 1 }
        var sent = 0
        for packet in toOne where PacketCodec.header(of: packet.bytes)?.type == .frames {
            sent += 1
            sim.act(1) { $0.receive(packet.bytes, from: SimMesh.address(of: packet.from), now: $1) }
        }
        #expect(sent > 5)
        #expect(PeerLink.Refusal.allCases.map { sim.drops(1, $0) }.reduce(0, +) - before == sent)
        // A hello of the boot before is answered with the truth, and changes nothing.
        for packet in packets where packet.from == 1 { sim.act(packet.to) { $0.receive(packet.bytes, from: SimMesh.address(of: 1), now: $1) } }
        #expect(sim.nodes[0].instance.links[sim.id(1)]?.boot == 2)
        sim.run(.seconds(5))
        #expect(sim.allSeeAll)
    }

    /// Every single bit of the header, and some of the rest.
    @Test func alteredPacketsAreRefused() throws {
        var sim = settledMesh()
        sim.network.loss = 1
        sim.wire = []
        sim.run(.seconds(1))
        let packet = try #require(sim.wire.first { $0.to == 1 && PacketCodec.header(of: $0.bytes)?.type == .frames })
        for bit in 0..<packet.bytes.count * 8 {
            var altered = packet.bytes
            altered[bit / 8] ^= 1 << (bit % 8)
            sim.act(1) { $0.receive(altered, from: SimMesh.address(of: packet.from), now: $1) }
        }
        let drops = [PeerLink.Refusal.damaged, .foreign, .reflected].map { sim.drops(1, $0) }.reduce(0, +)
        #expect(drops == packet.bytes.count * 8)
        // The true one is still welcome.
        let heard = sim.nodes[1].instance.links[sim.id(packet.from)]?.lastHeard
        sim.act(1) { $0.receive(packet.bytes, from: SimMesh.address(of: packet.from), now: $1) }
        #expect(sim.nodes[1].instance.links[sim.id(packet.from)]?.lastHeard != heard)
    }

    @Test func strangersAndOtherMeshesAreForeign() {
        var sim = settledMesh()
        let other = TestMesh(nodes: 2, name: "other")
        var stranger = GossipInstance(
            id: other.identities[0].id, boot: 1, roster: other.roster, config: SharedConfig(), settings: GossipSettings(),
            crypto: NodeCrypto(identity: other.identities[0], mesh: other.genesis.meshID),
            known: [other.identities[1].id: ([SimMesh.address(of: 0)], 0)], random: .seeded(1), now: sim.now)
        var sent = 0
        for action in stranger.tick(now: sim.now) {
            guard case .send(let packet, _) = action else { continue }
            sent += 1
            sim.act(0) { $0.receive(packet, from: PeerAddress(host: "10.0.0.99", port: 1), now: $1) }
        }
        #expect(sent > 0)
        #expect(sim.drops(0, .foreign) == sent)
    }

    @Test func revokedNodeIsHeardNoMore() throws {
        var sim = settledMesh()
        let revocation = sim.mesh.root.revoke(sim.id(2), serial: 2)
        sim.act(0) { $0.accept(roster: [revocation.wire], now: $1) }
        #expect(sim.run(atMost: .seconds(2)) { $0.nodes[1].instance.roster.isRevoked($0.id(2)) } != nil)
        #expect(sim.nodes[0].instance.links[sim.id(2)] == nil && sim.status(of: 2, at: 0) == nil)
        sim.wire = []
        let event = sim.trigger(2)
        sim.run(.seconds(2))
        let packets = sim.wire.filter { $0.from == 2 && $0.to == 0 }
        #expect(!packets.isEmpty && sim.drops(0, .foreign) >= packets.count - 3)
        #expect(!sim.nodes[0].delivered.contains { $0.id == event })
        #expect(!sim.nodes[0].instance.view(now: sim.now).members.contains { $0.id == sim.id(2) })
        // An old roster brings nobody back.
        let old = sim.mesh.roster.records.map(\.wire)
        sim.act(0) { $0.accept(roster: old, now: $1) }
        #expect(sim.nodes[0].instance.links[sim.id(2)] == nil)
    }

    /// A member lies: about others, in others' names, with numbers nobody reached.
    @Test func liesOfMembersAreRefused() {
        var sim = settledMesh()
        let (liar, victim) = (sim.id(1), sim.id(2))
        func claim(_ status: Status, _ incarnation: Incarnation, author: NodeID, signedBy index: Int) -> WireSigned {
            let claim = Claim(subject: victim, standing: Standing(status: status, incarnation: incarnation), author: author)
            let signature = sim.mesh.identities[index].sign(claim.body, domain: .claim, mesh: sim.mesh.genesis.meshID)
            return WireSigned(body: claim.body, signature: signature, signer: author.bytes)
        }
        let now = Incarnation(boot: 1, number: 0)
        let lies = [
            claim(.left, now, author: liar, signedBy: 1), claim(.left, now, author: victim, signedBy: 1),
            claim(.alive, Incarnation(boot: 9, number: 0), author: victim, signedBy: 1),
            claim(.dead, Incarnation(boot: .max, number: 0), author: liar, signedBy: 1),
            claim(.dead, Incarnation(boot: 1, number: .max), author: liar, signedBy: 1),
            claim(.dead, now, author: sim.id(0), signedBy: 1),
        ]
        for lie in lies { sim.act(0) { $0.accept(claim: lie, from: liar, now: $1) } }
        #expect(sim.status(of: 2, at: 0) == .alive)
        // A lie that is formally right is refuted by its victim, and buries nobody in the meantime.
        let lie = claim(.dead, now, author: liar, signedBy: 1)
        sim.act(0) { $0.accept(claim: lie, from: liar, now: $1) }
        #expect(sim.status(of: 2, at: 0) == .suspect)
        #expect(sim.run(atMost: .seconds(3)) { $0.allSeeAll } != nil)
        #expect(!sim.nodes[0].changes.contains(.member(victim, .dead)))
    }

    /// One member accuses another for a minute, to everybody but the accused, in every incarnation as soon as it is heard of and in
    /// those to come: nobody holds the accused for dead, and it does not grow slow.
    @Test(arguments: [3, 6], [1, 2, 3] as [UInt64])
    func aLiarBuriesNobody(count: Int, seed: UInt64) throws {
        var sim = SimMesh(count, seed: seed)
        sim.run(.seconds(5))
        sim.network.loss = 0.05
        let (liar, victim) = (1, sim.id(2))
        let others = sim.nodes.indices.filter { $0 != liar && $0 != 2 }
        var slowest = 0
        for _ in 0..<300 {
            let standing = try #require(sim.nodes[liar].instance.membership.standing(of: victim))
            let frames = [Status.suspect, .dead].flatMap { status in
                (0..<3 as Range<UInt32>).map { ahead in
                    let incarnation = Incarnation(boot: standing.incarnation.boot, number: standing.incarnation.number + ahead)
                    let claim = Claim(subject: victim, standing: Standing(status: status, incarnation: incarnation), author: sim.id(liar))
                    let signature = sim.nodes[liar].instance.crypto.sign(claim.body, domain: .claim)
                    return Frame(kind: .claim, body: WireSigned(body: claim.body, signature: signature, signer: sim.id(liar).bytes).wireBytes)
                }
            }
            for other in others {
                let to = sim.id(other)
                sim.act(liar) { instance, _ in
                    frames.compactMap { instance.seal(.frames, [$0], for: to).map { .send($0, to: SimMesh.address(of: other)) } }
                }
            }
            sim.run(.milliseconds(200))
            slowest = max(slowest, sim.nodes[2].instance.membership.awareness)
        }
        for node in others { #expect(!sim.nodes[node].changes.contains(.member(victim, .dead)), "seed \(seed), node \(node)") }
        #expect(slowest <= 2, "seed \(seed)")
        #expect(sim.run(atMost: .seconds(3)) { $0.allSeeAll } != nil, "seed \(seed)")
    }

    /// A helper says that a dead member has answered: nobody believes it without the dead one's own word.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func aLiarKeepsNobodyAlive(seed: UInt64) {
        var sim = SimMesh(4, seed: seed)
        sim.run(.seconds(5))
        sim.kill(3)
        for _ in 0..<1000 where [0, 2].contains(where: { sim.status(of: 3, at: $0) != .dead }) {
            sim.run(.milliseconds(10))
            // It does not accuse the dead one itself.
            sim.act(1) { instance, _ in
                instance.membership.probe = nil
                return []
            }
            for observer in [0, 2] {
                // Whatever is asked is answered at once, with and without the look of a proof.
                guard let probe = sim.nodes[observer].instance.membership.probe, probe.target == sim.id(3), probe.askedOthers else { continue }
                for proof in [[], [UInt8](repeating: 7, count: 16)] as [[UInt8]] {
                    var ack = WireAck()
                    ack.sequence = probe.sequence
                    ack.proof = Data(proof)
                    let to = sim.id(observer)
                    sim.act(1) { instance, _ in
                        instance.seal(.frames, [Frame(kind: .ack, body: ack.wireBytes)], for: to).map { [.send($0, to: SimMesh.address(of: observer))] } ?? []
                    }
                }
            }
        }
        #expect(sim.status(of: 3, at: 0) == .dead && sim.status(of: 3, at: 2) == .dead, "seed \(seed)")
    }

    @Test func recordsOfOthersCannotBeForged() {
        var sim = settledMesh()
        let before = sim.nodes[0].instance.state.record(sim.id(2), .node)?.body
        var body = WireRecordBody()
        body.kind = 1
        body.boot = 1
        body.n = 1000
        body.body = Data([1])
        let signature = sim.mesh.identities[1].sign(body.wireBytes, domain: .record, mesh: sim.mesh.genesis.meshID)
        var frame = WireRecordFrame()
        frame.record = WireSigned(body: body.wireBytes, signature: signature, signer: sim.id(2).bytes)
        sim.act(0) { $0.accept(record: frame, now: $1) }
        #expect(sim.nodes[0].instance.state.record(sim.id(2), .node)?.body == before)
        #expect(sim.drops(0, .forged) == 1)
    }

    /// Random bytes, and random frames inside of true packets.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func fuzz(seed: UInt64) {
        var sim = settledMesh(seed)
        var rng = Randomness.seeded(seed)
        let (sender, receiver) = (sim.id(1), sim.id(0))
        let samples = sim.wire.map(\.bytes)
        for _ in 0..<2000 {
            var packet = samples.randomElement(using: &rng) ?? []
            switch Int.random(in: 0..<3, using: &rng) {
            case 0: packet = (0..<Int.random(in: 0...1400, using: &rng)).map { _ in UInt8.random(in: 0...255, using: &rng) }
            case 1: packet = Array(packet.prefix(Int.random(in: 0...packet.count, using: &rng)))
            default: packet = Array(packet.prefix(38)) + (0..<200).map { _ in UInt8.random(in: 0...255, using: &rng) }
            }
            sim.act(0) { $0.receive(packet, from: SimMesh.address(of: 1), now: $1) }
        }
        // An honest sender's keys, a dishonest sender's frames.
        for round in 0..<3000 {
            guard let kind = Frame.Kind(rawValue: UInt8.random(in: 1...15, using: &rng)) else { continue }
            var body = (0..<Int.random(in: 0...300, using: &rng)).map { _ in UInt8.random(in: 0...255, using: &rng) }
            if round % 2 == 0 { body = mutatedMessage(sim, &rng) }
            sim.act(1) { instance, _ in
                instance.seal(.frames, [Frame(kind: kind, body: Array(body.prefix(1100)))], for: receiver).map { [.send($0, to: SimMesh.address(of: 0))] } ?? []
            }
            sim.act(0) { instance, now in
                _ = instance.answer(body, from: sender, now: now)
                return instance.exchangeAnswered(.sync, body, by: sender, now: now)
            }
            if round % 100 == 0 { sim.run(.milliseconds(30)) }
        }
        sim.run(.seconds(10))
        #expect(sim.allSeeAll, "seed \(seed)")
    }

    /// A true message with some bytes changed: gets deeper into the parsers than noise.
    private func mutatedMessage(_ sim: SimMesh, _ rng: inout Randomness) -> [UInt8] {
        var instance = sim.nodes[1].instance
        let frames = instance.ownFrames(now: sim.now)
        var request = WireExchangeRequest()
        request.digest = instance.digest
        request.delta = instance.delta(for: WireDigest(), now: sim.now)
        var body = (frames.map(\.body) + [request.wireBytes]).randomElement(using: &rng) ?? []
        for _ in 0..<Int.random(in: 1...8, using: &rng) where !body.isEmpty {
            body[Int.random(in: body.indices, using: &rng)] = UInt8.random(in: 0...255, using: &rng)
        }
        return body
    }
}
