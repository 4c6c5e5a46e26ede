import Foundation
import Testing

@testable import Gossip

/// How long others had a record is said by whoever passes it on, and signed by nobody: a lie about it loses no trigger.
@Suite struct HeldTimeTests {
    /// Node 2's record of late triggers: one, that happened at the moment of its publication.
    private func events(_ sim: SimMesh, n: UInt64, counter: UInt32, held: Duration) -> WireRecordFrame {
        var trigger = WireTrigger()
        trigger.id = Data(EventID(origin: sim.id(2), boot: 1, counter: counter).bytes)
        trigger.incident = trigger.id
        trigger.group = "home"
        trigger.kind = "motion"
        trigger.camera = "c"
        var record = WireEventsRecord()
        record.triggers = [Data(trigger.wireBytes)]
        var body = WireRecordBody()
        body.kind = UInt32(RecordKind.events.rawValue)
        body.boot = 1
        body.n = n
        body.body = Data(record.wireBytes)
        let signature = sim.mesh.identities[2].sign(body.wireBytes, domain: .record, mesh: sim.mesh.genesis.meshID)
        var frame = WireRecordFrame()
        frame.record = WireSigned(body: body.wireBytes, signature: signature, signer: sim.id(2).bytes)
        frame.heldMs = UInt32(clamping: Int64(held / .milliseconds(1)))
        return frame
    }

    /// Node 2 is gone: it would notice that records of its own come back which it does not remember.
    private func settled() -> SimMesh {
        var sim = SimMesh(3, seed: 1)
        sim.run(.seconds(5))
        sim.kill(2)
        return sim
    }

    private func tell(_ sim: inout SimMesh, n: UInt64 = 1000, counter: UInt32 = 1, held: Duration) {
        let frame = events(sim, n: n, counter: counter, held: held)
        sim.act(0) { $0.accept(record: frame, now: $1) }
    }

    /// The first to bring it says that it is older than anybody cares for, or so old that it is over; an honest one comes after.
    @Test(arguments: [Duration.seconds(7 * 24 * 3600), .seconds(61), .seconds(45)])
    func whoSaysTooOldLosesNothing(lie: Duration) throws {
        var sim = settled()
        tell(&sim, held: lie)
        let early = sim.nodes[0].delivered.count
        #expect(early == (lie < .seconds(60) ? 1 : 0))
        sim.run(.seconds(1))
        let before = sim.now
        tell(&sim, held: .seconds(3))
        #expect(sim.nodes[0].delivered.count == early + 1)
        let trigger = try #require(sim.nodes[0].delivered.last)
        #expect(trigger.id.counter == 1 && before - trigger.occurred == .seconds(3))
        // The others hear from us what is true, although our first word to them was not.
        sim.run(.seconds(2))
        #expect(sim.nodes[1].delivered.count == early + 1 && sim.nodes[1].delivered.last.map { abs(($0.occurred - trigger.occurred) / .seconds(1)) < 0.5 } == true)
        // And no more comes of it, whoever repeats what.
        for held in [Duration.zero, .seconds(1), lie] { tell(&sim, held: held) }
        #expect(sim.nodes[0].delivered.count == early + 1)
    }

    /// Clocks that run wrong by a tenth, and packets that waited, deliver nothing twice.
    @Test func honestDifferencesAreNone() {
        var sim = settled()
        tell(&sim, held: .seconds(55))
        #expect(sim.nodes[0].delivered.count == 1)
        for held in [Duration.seconds(45), .milliseconds(54_500)] { tell(&sim, held: held) }
        // The same trigger in the next version of the record.
        tell(&sim, n: 1001, held: .seconds(45))
        #expect(sim.nodes[0].delivered.count == 1)
    }

    /// A record is no younger than the moment at which it came here first, whatever is said of it, and however often.
    @Test func whoSaysTooYoungMakesNothingYoungerThanItsArrival() throws {
        var sim = settled()
        let arrived = sim.now
        tell(&sim, held: .seconds(3600))
        let key = SignedState.Key(node: sim.id(2), kind: .events)
        for second in 0..<90 {
            sim.run(.seconds(1))
            tell(&sim, held: .seconds(3600 - 40 * second))
            tell(&sim, held: .zero)
            let record = try #require(sim.nodes[0].instance.state.records[key])
            #expect(record.receivedAt <= arrived, "after \(second) s")
        }
        #expect(sim.nodes[0].delivered.map(\.occurred) == [arrived])
        // What its node has not signed changes nothing.
        tell(&sim, n: 1000, counter: 2, held: .zero)
        #expect(sim.nodes[0].delivered.count == 1)
    }

    /// Whoever comes back hears of it from a liar first, and from the origin after.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func aLyingRelayIsCorrected(seed: UInt64) throws {
        var sim = SimMesh(4, seed: seed)
        sim.run(.seconds(12))
        for other in 0..<3 { sim.block(other, 3) }
        sim.run(.seconds(12))
        let happened = sim.now - .milliseconds(50)
        let event = sim.trigger(0)
        sim.run(.seconds(7))
        let key = SignedState.Key(node: sim.id(0), kind: .events)
        sim.act(1) { instance, now in
            guard let record = instance.state.records[key] else { return [] }
            instance.state.set(key, .init(version: record.version, signed: record.signed, body: record.body, held: .seconds(900), now: now))
            instance.broadcasts.remove(.record(key.node, key.kind))
            return []
        }
        sim.network.blocked = sim.network.blocked.filter { ![$0.from, $0.to].contains(1) }
        let version = try #require(sim.nodes[0].instance.state.records[key]?.version, "seed \(seed)")
        _ = try #require(sim.run(atMost: .seconds(20)) { $0.nodes[3].instance.state.records[key]?.version == version }, "seed \(seed)")
        #expect(sim.nodes[3].delivered.isEmpty, "seed \(seed): the liar was not the first")
        sim.network.blocked = []
        #expect(sim.run(atMost: .seconds(25)) { !$0.nodes[3].delivered.isEmpty } != nil, "seed \(seed)")
        sim.run(.seconds(5))
        #expect(sim.nodes[3].delivered.map(\.id) == [event], "seed \(seed)")
        let error = try #require(sim.nodes[3].delivered.first).occurred - happened
        #expect((.zero ... .milliseconds(500)).contains(error), "seed \(seed): \(error)")
    }
}
