import Testing

@testable import Gossip

/// Datagrams by the hundred thousand change nothing but the counters.
@Suite struct FloodTests {
    /// Everything that grows in an instance.
    private func sizes(_ instance: GossipInstance) -> [Int] {
        [
            instance.links.count, instance.owners.count, instance.descriptions.count, instance.state.records.count,
            instance.state.evidence.count, instance.membership.standings.count, instance.membership.relays.count,
            instance.membership.suspicions.count, instance.exchanging.count, instance.plannedRetries.count, instance.retriesLeft.count, instance.config.byKey.count, instance.roster.records.count,
            instance.links.values.map(\.addresses.count).max() ?? 0,
        ]
    }

    @Test(arguments: [1, 2] as [UInt64]) func mutatedDatagrams(seed: UInt64) throws {
        var sim = SimMesh(3, seed: seed)
        sim.run(.seconds(30))
        let samples = sim.wire.filter { $0.to == 0 }.map(\.bytes)
        #expect(samples.count > 50)
        var rng = Randomness.seeded(seed)
        let before = (sizes: sizes(sim.nodes[0].instance), hash: sim.nodes[0].instance.stateHash, changes: sim.nodes.map(\.changes.count))
        let droppedBefore = sim.nodes[0].instance.drops.total.values.reduce(0, +)
        let count = 100_000
        var answered = 0
        for number in 0..<count {
            var packet = samples[Int(rng.next() % UInt64(samples.count))]
            switch number % 5 {
            case 0: packet[Int(rng.next() % UInt64(packet.count))] ^= UInt8(1 + rng.next() % 255)
            case 1: packet.removeLast(1 + Int(rng.next() % UInt64(packet.count)))
            case 2: packet += (0..<(1 + rng.next() % 300)).map { UInt8(truncatingIfNeeded: $0) }
            case 3: packet = (0..<rng.next() % 200).map { _ in UInt8(truncatingIfNeeded: rng.next()) }
            // A true header, all else noise: as far as one gets without a key.
            default: packet = Array(packet.prefix(38)) + (0..<(32 + rng.next() % 64)).map { _ in UInt8(truncatingIfNeeded: rng.next()) }
            }
            let source = PeerAddress(host: "10.9.\(rng.next() % 256).\(rng.next() % 256)", port: Int(1 + rng.next() % 65535))
            sim.act(0) { instance, now in
                let actions = instance.receive(packet, from: source, now: now)
                answered += actions.count
                return actions
            }
            // The mesh goes on meanwhile: 5000 packets a second.
            if number % 500 == 0 { sim.run(.milliseconds(100)) }
        }
        sim.run(.seconds(1))
        let instance = sim.nodes[0].instance
        #expect(answered == 0, "seed \(seed)")
        #expect(instance.drops.total.values.reduce(0, +) - droppedBefore == count, "seed \(seed)")
        #expect(sizes(instance) == before.sizes && instance.stateHash == before.hash, "seed \(seed)")
        // Nobody missed a probe: no suspicion anywhere, and no node thinks less of its own health.
        #expect(sim.nodes.map(\.changes.count) == before.changes && sim.nodes.allSatisfy { $0.instance.membership.awareness == 0 }, "seed \(seed)")
        #expect(instance.view(now: sim.now).refusedPackets["damaged"] ?? 0 > count / 2)
    }

    /// What a member with valid keys can make another do.
    @Test func aMemberCostsLittle() throws {
        var sim = SimMesh(4, seed: 1)
        sim.run(.seconds(30))
        let (sender, to) = (sim.id(1), sim.id(0))
        func answers(_ frames: [Frame], _ sim: inout SimMesh) -> Int {
            var sealed: [UInt8]?
            sim.act(1) { instance, _ in
                sealed = instance.seal(.frames, frames, for: to)
                return []
            }
            guard let packet = sealed else { return -1 }
            var count = 0
            sim.act(0) { instance, now in
                let actions = instance.receive(packet, from: SimMesh.address(of: 1), now: now)
                count = actions.count
                return actions
            }
            return count
        }
        // As many frames as fit: more than an honest packet ever has, so none is answered.
        #expect(answers([Frame](repeating: Frame(kind: .want, body: []), count: 387), &sim) == 0)
        for kind in [Frame.Kind.ping, .want] {
            let once = answers([Frame(kind: kind, body: [])], &sim)
            #expect(answers([Frame](repeating: Frame(kind: kind, body: []), count: PacketCodec.frameLimit), &sim) == once, "\(kind)")
        }
        // Forged records: after some of them nobody looks at the rest.
        var delta = WireDelta()
        for n in 1...1000 as ClosedRange<UInt64> {
            var content = WireRecordBody()
            (content.kind, content.boot, content.n) = (UInt32(1 + n / 2 % 6), 9, n)
            let author = sim.id(2 + Int(n % 2))
            var frame = WireRecordFrame()
            frame.record = WireSigned(body: content.wireBytes, signature: [UInt8](repeating: 1, count: 64), signer: author.bytes)
            delta.records.append(frame)
            let claim = Claim(subject: author, standing: Standing(status: .alive, incarnation: Incarnation(boot: 9, number: UInt32(n))), author: author)
            delta.claims.append(WireSigned(body: claim.body, signature: [UInt8](repeating: 1, count: 64), signer: author.bytes))
        }
        var request = WireExchangeRequest()
        request.delta = delta
        let forged = sim.drops(0, .forged)
        sim.act(0) { $0.answer(request.wireBytes, from: sender, now: $1).actions }
        #expect(sim.drops(0, .forged) - forged == 8)
        // True claims about itself by the thousand: a node has one last word.
        var own = WireDelta()
        for number in 1...1000 as ClosedRange<UInt32> {
            let claim = Claim(subject: sender, standing: Standing(status: .alive, incarnation: Incarnation(boot: 1, number: number)), author: sender)
            let signature = sim.mesh.identities[1].sign(claim.body, domain: .claim, mesh: sim.mesh.genesis.meshID)
            own.claims.append(WireSigned(body: claim.body, signature: signature, signer: sender.bytes))
        }
        request.delta = own
        // Not in the same breath: whoever sent forgeries is not read for a moment.
        let unread = sim.nodes[0].instance.membership.standing(of: sender)
        sim.act(0) { instance, now in
            let (answer, actions) = instance.answer(request.wireBytes, from: sender, now: now)
            #expect(answer == nil, "and it is told: else it would think that it has compared")
            return actions
        }
        #expect(sim.nodes[0].instance.membership.standing(of: sender) == unread)
        sim.run(.seconds(1))
        sim.act(0) { $0.answer(request.wireBytes, from: sender, now: $1).actions }
        #expect(sim.nodes[0].instance.membership.standing(of: sender)?.incarnation.number == 2)
        // A name of any length is shown and logged as a name.
        var record = NodeRecord()
        record.name = String(repeating: "long ", count: 10_000)
        sim.act(1) { $0.publish(.node, record.wireBytes, now: $1) }
        sim.run(.seconds(20))
        #expect(sim.nodes[0].instance.name(of: sender).utf8.count == 252)
        // Links that come and go plan no more comparisons than a few.
        let plans = sim.nodes.map(\.instance.plannedSyncs.count)
        for _ in 0..<1000 { sim.act(0) { $0.greet(sender, now: $1) } }
        #expect(sim.nodes[0].instance.plannedSyncs.count <= plans[0] + 2)
    }

    /// Whoever asks all the time does not use up what is meant for all, and accusations fill nobody's log.
    @Test func oneMemberNeitherTakesTheNewsNorFillsTheLog() throws {
        var sim = SimMesh(6, seed: 1)
        sim.run(.seconds(30))
        let (liar, victim, observer) = (sim.id(1), sim.id(2), 0)
        sim.act(observer) { $0.publish(.cameras, [7], now: $1) }
        var lines = 0
        for _ in 0..<200 {
            var packet: [UInt8]?
            let to = sim.id(observer)
            let standing = try #require(sim.nodes[observer].instance.membership.standing(of: victim))
            let claim = Claim(subject: victim, standing: Standing(status: .suspect, incarnation: standing.incarnation), author: liar)
            let accusation = WireSigned(body: claim.body, signature: sim.nodes[1].instance.crypto.sign(claim.body, domain: .claim), signer: liar.bytes)
            sim.act(1) { instance, _ in
                packet = instance.seal(.frames, [Frame(kind: .ping, body: []), Frame(kind: .claim, body: accusation.wireBytes)], for: to)
                return []
            }
            let bytes = try #require(packet)
            sim.act(observer) { instance, now in
                let waits = !instance.broadcasts.isEmpty
                let actions = instance.receive(bytes, from: SimMesh.address(of: 1), now: now)
                #expect(!waits || !instance.broadcasts.isEmpty)
                for case .log(let level, _, _) in actions where level != .debug { lines += 1 }
                return actions
            }
            // The mesh goes on: the accused refutes, and is accused again.
            sim.run(.milliseconds(20))
        }
        #expect(lines == 0)
        #expect(sim.nodes.indices.allSatisfy { sim.nodes[$0].instance.state.record(sim.id(observer), .cameras)?.body == [7] })
    }

    /// One line a minute, however many packets; nothing when there is nothing to say.
    @Test func theLogIsNotFlooded() throws {
        var drops = DropCounters()
        let start = ContinuousClock.now
        #expect(drops.report(now: start) == nil)
        var lines: [String] = []
        for millisecond in 0..<180_000 {
            drops.count(millisecond % 2 == 0 ? .foreign : .replayed)
            if let line = drops.report(now: start + .milliseconds(millisecond)) { lines.append(line) }
        }
        #expect(lines == ["1 foreign", "30000 foreign, 30000 replayed", "30000 foreign, 30000 replayed"])
        var quiet = DropCounters()
        quiet.count(.forged, 0)
        #expect(quiet.report(now: start) == nil)
    }
}
