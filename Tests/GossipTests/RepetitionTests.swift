import Foundation
import Testing

@testable import Gossip

/// What is right, and comes again and again: each is answered or looked at only so often.
@Suite struct RepetitionTests {
    private let mesh = TestMesh.shared

    private func trigger(_ counter: UInt32, from sim: SimMesh) -> WireSigned {
        var wire = WireTrigger()
        wire.id = Data(EventID(origin: sim.id(1), boot: 1, counter: counter).bytes)
        wire.incident = wire.id
        wire.group = "home"
        let signature = mesh.identities[1].sign(wire.wireBytes, domain: .trigger, mesh: mesh.genesis.meshID)
        return WireSigned(body: wire.wireBytes, signature: signature, signer: sim.id(1).bytes)
    }

    /// A known trigger is acknowledged, a thousand of them are not; and the next true one is heard a moment later.
    @Test func theSameTriggerAllTheTime() {
        var sim = SimMesh(2, seed: 1)
        sim.run(.seconds(5))
        let (sender, signed) = (sim.id(1), trigger(1, from: sim))
        var answers = 0
        for _ in 0..<1000 {
            sim.act(0) { instance, now in
                let actions = instance.accept(trigger: signed, from: sender, now: now)
                if case .send? = actions.last { answers += 1 }
                return actions
            }
        }
        #expect(answers == VerificationBudget.triggersPerSecond)
        #expect(sim.drops(0, .unheeded) == 1000 - VerificationBudget.triggersPerSecond)
        #expect(sim.nodes[0].delivered.count == 1)
        sim.run(.seconds(1))
        let next = trigger(2, from: sim)
        sim.act(0) { $0.accept(trigger: next, from: sender, now: $1) }
        #expect(sim.nodes[0].delivered.count == 2)
    }

    /// A member that starts anew with every packet gets two answers in full each second, and a hash for the rest.
    @Test func aNewBootWithEveryPacket() {
        var sim = SimMesh(4, seed: 1)
        sim.run(.seconds(30))
        let to = sim.id(0)
        var (asked, answered) = (0, 0)
        for boot in 100..<1100 as Range<UInt32> {
            var packet: [UInt8] = []
            sim.act(1) { instance, _ in
                instance.boot = boot
                packet = instance.seal(.frames, [], for: to) ?? []
                return []
            }
            asked += packet.count
            sim.act(0) { instance, now in
                let actions = instance.receive(packet, from: SimMesh.address(of: 1), now: now)
                for case .send(let bytes, _) in actions { answered += bytes.count }
                return actions
            }
        }
        #expect(asked > 50_000)
        #expect(answered < 3 * asked, "\(answered) B for \(asked) B")
    }

    /// mDNS proves nothing: who announces a member all the time makes nobody call more often than it would by itself.
    @Test func announcementsAllTheTime() {
        var sim = SimMesh(2, seed: 1)
        sim.run(.seconds(5))
        let member = sim.id(1)
        sim.kill(1)
        sim.run(.seconds(30))
        var calls = 0
        for port in 1...1000 as ClosedRange<UInt16> {
            sim.act(0) { instance, now in
                let actions = instance.discovered(member, at: PeerAddress(host: "192.0.2.1", port: Int(port)), now: now)
                if !actions.isEmpty { calls += 1 }
                return actions
            }
        }
        #expect(calls <= 1)
    }

    /// Whatever was heard and told of a member, what an owner typed is called.
    @Test func seedsKeepTheirRoom() throws {
        var sim = SimMesh(2, seed: 1)
        let seed = PeerAddress(host: "192.0.2.77", port: 7462)
        let member = sim.id(1)
        var called: [PeerAddress] = []
        sim.act(0) { instance, now in
            instance.seeds = [seed]
            instance.links[member]?.restore(addresses: (1...8).map { PeerAddress(host: "198.51.100.\($0)", port: 1) }, boot: 0)
            instance.links[member]?.follow(told: (1...8).map { PeerAddress(host: "203.0.113.\($0)", port: 1) })
            for n in 1...4 { instance.links[member]?.hear(rumour: PeerAddress(host: "192.0.2.\(n)", port: 1)) }
            let actions = instance.hello(member, now: now + .seconds(1))
            for case .send(_, let address) in actions { called.append(address) }
            return []
        }
        #expect(called.contains(seed) && called.count == PeerLink.addressLimit * 2)
    }

    /// A member whose silence ends and begins, over and over, is six lines a minute, the lines that it is gone among them.
    @Test func goneAndBackFillsNobodysLog() {
        var sim = SimMesh(2, seed: 1)
        sim.run(.seconds(5))
        let member = sim.id(1)
        var lines = 0
        sim.act(0) { instance, now in
            for _ in 0..<50 {
                for (old, new) in [(Status.alive, Status.dead), (.dead, .alive)] {
                    let incarnation = Incarnation(boot: 1, number: 0)
                    let actions = instance.noteChange(
                        of: member, from: Standing(status: old, incarnation: incarnation), to: Standing(status: new, incarnation: incarnation), now: now)
                    for case .log(let level, _, _) in actions where level != .debug { lines += 1 }
                }
            }
            return []
        }
        #expect((1...6).contains(lines))
    }

    /// A roster that fits no answer comes piece by piece, all of it, and what is no roster comes beside it each time.
    @Test func aRosterLargerThanAnAnswer() throws {
        let (genesis, root, _) = Founding.found(name: "large")
        let (now, own) = (ContinuousClock.now, mesh.identities[0])
        var roster = Roster(genesis: genesis)
        let name = String(repeating: "n", count: 63)
        let strangers = (0..<3600 as Range<UInt64>).map { number in
            var admission = WireAdmitBody()
            admission.signKey = Data(blake2b([1] + withUnsafeBytes(of: number, Array.init), length: 32))
            admission.dhKey = Data(blake2b([2] + withUnsafeBytes(of: number, Array.init), length: 32))
            admission.tlsKeyHash = Data(blake2b([3] + withUnsafeBytes(of: number, Array.init), length: 32))
            (admission.hardware, admission.name, admission.serial) = (name, name, number + 2)
            return root.sign(admission.wireBytes, .admit)
        }
        roster.merge([root.admit(own.public, name: "here", serial: 1)] + strangers)
        try #require(roster.records.count == 3601)
        var here = GossipInstance(
            id: own.id, boot: 1, roster: roster, config: SharedConfig(), settings: GossipSettings(), crypto: NodeCrypto(identity: own, mesh: genesis.meshID),
            random: .seeded(1), now: now)
        var there = Roster(genesis: genesis)
        var exchanges = 0
        while there != roster, exchanges < 30 {
            exchanges += 1
            var digest = WireDigest()
            digest.rosterHash = Data(there.hash)
            let delta = here.delta(for: digest, now: now)
            #expect(!delta.claims.isEmpty, "its own claim comes each time")
            #expect(delta.wireBytes.count <= GossipInstance.deltaLimit)
            there.merge(delta.roster.compactMap(SignedRecord.init))
        }
        #expect((2..<30).contains(exchanges))
        print("\(exchanges) exchanges")
    }

    /// A former root's word, and an old list of groups, are right whenever they come. Looked at is only so much of that.
    @Test func whatIsRightAndChangesNothing() throws {
        var sim = SimMesh(3, seed: 1)
        sim.run(.seconds(5))
        let config = SharedConfig()
        let yard = config.groups([CameraGroup(name: "yard", cameras: ["a"])], by: Identifier128(writer: sim.id(1), boot: 1))
        let body = config.next(SharedConfigKey.groups, yard, adminKey: mesh.admin.publicKey)
        let old = WireSigned(body: body, signature: mesh.admin.key.sign(body, domain: .config, mesh: mesh.genesis.meshID), signer: mesh.admin.publicKey)
        sim.act(0) { instance, _ in instance.accept(config: [old]) }
        sim.act(0) { instance, _ in (try? instance.setGroups([CameraGroup(name: "street", cameras: ["b"])], by: mesh.admin)) ?? [] }
        let (_, rotation) = mesh.root.replaced(in: mesh.roster)
        sim.act(0) { $0.merge([rotation], now: $1) }
        let void = mesh.root.revoke(sim.id(2), serial: 77)
        for frame in [Frame(kind: .config, body: old.wireBytes), Frame(kind: .roster, body: void.wire.wireBytes)] {
            let before = sim.drops(0, .unheeded)
            for _ in 0..<200 {
                var packet: [UInt8] = []
                let to = sim.id(0)
                sim.act(1) { instance, _ in
                    packet = instance.seal(.frames, [frame], for: to) ?? []
                    return []
                }
                sim.act(0) { $0.receive(packet, from: SimMesh.address(of: 1), now: $1) }
            }
            #expect(sim.drops(0, .unheeded) - before >= 200 - VerificationBudget.perSecond)
            sim.run(.seconds(2))
        }
        #expect(sim.drops(0, .forged) == 0 && sim.nodes[0].instance.roster.admission(of: sim.id(2)) != nil)
    }
}
