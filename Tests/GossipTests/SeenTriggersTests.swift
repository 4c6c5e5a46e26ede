import Foundation
import Testing

@testable import Gossip

/// mesh.md §5: each trigger counts once, for ten minutes, across restarts of its origin.
@Suite struct SeenTriggersTests {
    private let origin = TestMesh.shared.identities[0].id
    private let start = ContinuousClock.now

    private func id(_ boot: UInt32, _ counter: UInt32 = 1) -> EventID { EventID(origin: origin, boot: boot, counter: counter) }

    private func admit(_ seen: inout SeenTriggers, _ id: EventID, at seconds: Double) -> SeenTriggers.Admission {
        let now = start + .seconds(1) * seconds
        return seen.admit(id, from: origin, occurred: now, now: now)
    }

    /// A node that crashes again and again: what it noticed in the third-newest boot comes late, and counts.
    @Test func earlierBootsCountOnceToo() {
        var seen = SeenTriggers(perSecond: 10)
        for boot in [5, 6, 7] as [UInt32] { #expect(admit(&seen, id(boot), at: Double(boot)) == .new) }
        #expect(admit(&seen, id(3), at: 8) == .new && admit(&seen, id(5, 2), at: 8) == .new)
        for late in [id(3), id(5), id(5, 2), id(6), id(7)] { #expect(admit(&seen, late, at: 9) == .duplicate) }
    }

    /// Quiet for long, then a new start: a trigger of the boot before is still under way.
    @Test func theBootJustLeftStaysForTenMinutes() {
        var seen = SeenTriggers(perSecond: 10)
        #expect(admit(&seen, id(5, 1), at: 0) == .new)
        #expect(admit(&seen, id(6, 1), at: 5000) == .new)
        #expect(admit(&seen, id(5, 2), at: 5001) == .new && admit(&seen, id(5, 1), at: 5001) == .duplicate)
        #expect(admit(&seen, id(7, 1), at: 5700) == .new && admit(&seen, id(5, 3), at: 5701) == .outdated)
        #expect(admit(&seen, id(6, 2), at: 5702) == .new)
    }

    /// Beyond eight boots, or ten minutes, nobody knows whether it was seen: it is not delivered, and that is told apart.
    @Test func whatIsForgottenIsOutdated() {
        var many = SeenTriggers(perSecond: 10)
        for boot in 1...9 as ClosedRange<UInt32> { #expect(admit(&many, id(boot), at: Double(boot)) == .new) }
        #expect(admit(&many, id(1), at: 10) == .outdated && admit(&many, id(1, 2), at: 10) == .outdated)
        #expect(admit(&many, id(2), at: 10) == .duplicate && admit(&many, id(2, 2), at: 10) == .new)

        var long = SeenTriggers(perSecond: 10)
        #expect(admit(&long, id(1), at: 0) == .new)
        // The present boot is never forgotten, however quiet it is.
        #expect(admit(&long, id(1, 2), at: 5000) == .new && admit(&long, id(1), at: 5000) == .duplicate)
        #expect(admit(&long, id(2), at: 5001) == .new && admit(&long, id(1), at: 5599) == .duplicate)
        #expect(admit(&long, id(3), at: 5601) == .new && admit(&long, id(1), at: 5601) == .outdated)
    }

    /// It is counted where operators look.
    @Test func outdatedOnesAreCounted() {
        var sim = SimMesh(2, seed: 1)
        sim.run(.seconds(5))
        let sender = sim.id(1)
        for boot in (1...12 as ClosedRange<UInt32>).reversed() {
            var wire = WireTrigger()
            wire.id = Data(EventID(origin: sim.id(1), boot: boot, counter: 1).bytes)
            wire.incident = wire.id
            wire.group = "home"
            let signature = sim.mesh.identities[1].sign(wire.wireBytes, domain: .trigger, mesh: sim.mesh.genesis.meshID)
            let signed = WireSigned(body: wire.wireBytes, signature: signature, signer: sim.id(1).bytes)
            sim.act(0) { $0.accept(trigger: signed, from: sender, now: $1) }
            sim.run(.seconds(1))
        }
        #expect(sim.nodes[0].delivered.map(\.id.boot) == [12, 11, 10, 9, 8, 7, 6, 5, 4])
        #expect(sim.drops(0, .outdated) == 3 && sim.nodes[0].instance.view(now: sim.now).refusedPackets["outdated"] == 3)
    }
}
