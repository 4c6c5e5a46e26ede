import Gossip
import Testing

@testable import Simulation

@Suite struct MeasureTests {
    @Test func percentilesAreNearestRanks() {
        let values = Percentiles((1...200).reversed().map(Double.init))
        #expect(values.at(50) == 100 && values.at(99) == 198 && values.at(100) == 200 && values.maximum == 200)
        #expect(Percentiles([7]).at(1) == 7 && Percentiles([7]).at(99) == 7)
        #expect(Percentiles([]).at(50) == nil)
    }

    /// mesh.md: median 4 ms, 99th percentile 26 ms.
    @Test func delaysAreDistributedAsMeasured() {
        var rng = Randomness.seeded(1)
        let delays = Percentiles((0..<100_000).map { _ in DelayDistribution().draw(&rng).inSeconds * 1000 })
        #expect(abs((delays.at(50) ?? 0) - 4) < 0.1 && abs((delays.at(99) ?? 0) - 26) < 1)
        #expect((delays.maximum ?? 0) <= 120)
    }

    /// A clock that is wrong still rings when it should, and never early.
    @Test(arguments: [900, 1000, 1100] as [Int64]) func wrongClocksRing(rate: Int64) {
        var clock = SimulatedClock()
        clock.setRate(perMille: rate, at: .zero + .seconds(3))
        for milliseconds in stride(from: Int64(3000), to: 100_000, by: 777) {
            let time = VirtualTime.zero + .milliseconds(milliseconds)
            let ringing = clock.time(of: clock.instant(time))
            #expect(ringing - time <= .nanoseconds(2) && clock.instant(ringing) >= clock.instant(time))
        }
        let began = clock.instant(.zero + .seconds(3))
        #expect(clock.instant(.zero + .seconds(1003)) - began == .seconds(rate))
        // Set right again, it goes on from where it is.
        clock.setRate(perMille: 1000, at: .zero + .seconds(1003))
        #expect(clock.instant(.zero + .seconds(1013)) - began == .seconds(rate + 10))
    }

    /// A change that fits no packet is fetched by whoever is told that there is something. With three rounds of telling, one such change in
    /// fifty left somebody to the slow anti-entropy.
    @Test func whatFitsNoPacketReachesEverybodySoon() throws {
        var options = SimulatedMesh.Options()
        (options.isSettled, options.crypto, options.knowEachOther) = (true, .fast, true)
        var mesh = SimulatedMesh(100, seed: 1, options: options)
        mesh.network.loss = 0.05
        let members = Array(0..<100)
        var late: [Int] = []
        for number in 0..<40 {
            let bytes = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* (number + 1)) }
            let change = Change(what: .setting("simulated"), bytes: bytes)
            change.make(at: number, in: &mesh)
            _ = mesh.run(until: mesh.time + .seconds(2))
            if !change.isKnown(to: members, in: mesh) { late.append(number) }
        }
        #expect(late == [], "changes that somebody did not have after 2 s")
    }

    /// What is timed is one change: in a mesh where others speak too, the states of all are one only by chance.
    @Test func aChangeIsKnownWhateverElseIsUnderWay() {
        var options = SimulatedMesh.Options()
        options.isSettled = true
        options.crypto = .fast
        var mesh = SimulatedMesh(5, seed: 1, options: options)
        let members = Array(0..<5)
        let everybody = EverybodyAgrees(members: members, revoked: [])
        let changes = [
            Change(what: .record(.cameras, of: mesh.id(0)), bytes: [1, 2, 3]), Change(what: .setting("simulated"), bytes: [4, 5, 6]),
        ]
        for change in changes {
            change.make(at: 0, in: &mesh)
            #expect(change.isKnown(to: [0], in: mesh) && members.dropFirst().allSatisfy { !change.isKnown(to: [$0], in: mesh) })
            _ = mesh.run(until: mesh.time + .seconds(2))
            // Of this one nobody has heard yet.
            mesh.act(1) { $0.publish(.storage, change.bytes, now: $1) }
            #expect(change.isKnown(to: members, in: mesh) && !everybody.sameState(in: mesh))
            _ = mesh.run(until: mesh.time + .seconds(2))
            #expect(everybody.holds(in: mesh))
            // The same words of somebody else, or about something else, are another change.
            #expect(!Change(what: .record(.cameras, of: mesh.id(1)), bytes: change.bytes).isKnown(to: members, in: mesh))
        }
    }

    @Test func schedulesKnowWhenItIsCalm() {
        let start = VirtualTime.zero
        let schedule = FaultSchedule(
            faults: [
                Fault(.pause(0), from: start + .seconds(10), until: start + .seconds(12)),
                Fault(.loss(percent: 5), from: start + .seconds(10), until: start + .seconds(90)),
                Fault(.partition([1]), from: start + .seconds(30), until: start + .seconds(40)),
            ], end: start + .seconds(90), loss: 1, isGentle: false)
        #expect(schedule.isCalm(from: start, until: start + .seconds(29)))
        #expect(!schedule.isCalm(from: start, until: start + .seconds(30)))
        #expect(!schedule.isCalm(from: start + .seconds(40), until: start + .seconds(60)))
        #expect(schedule.isCalm(from: start + .seconds(41), until: start + .seconds(99)))
        #expect(schedule.hasSeparation && "\(schedule)".contains("30.000-40.000 partition([1])"))
    }

    /// What is long over, or gentle, is no excuse for a mesh that does not agree.
    @Test func schedulesKnowWhatPartsMembers() {
        func schedule(_ kind: Fault.Kind, until: Int64) -> FaultSchedule {
            let fault = Fault(kind, from: .zero + .seconds(10), until: .zero + .seconds(until))
            return FaultSchedule(faults: [fault], end: .zero + .seconds(100), loss: 0, isGentle: false)
        }
        #expect(schedule(.partition([1]), until: 40).hasSeparation && !schedule(.partition([1]), until: 39).hasSeparation)
        #expect(!schedule(.liar(1), until: 100).hasSeparation && !schedule(.loss(percent: 5), until: 100).hasSeparation)
        let withoutTLS = schedule(.noTLS(1), until: 100)
        #expect(!withoutTLS.hasSeparation && withoutTLS.withholdsRecords && !schedule(.noTLS(1), until: 39).withholdsRecords)
    }

    /// Every kind of fault that mesh.md §7 names for the mesh is drawn, and the same for the same seed.
    @Test func seedsDrawEveryFault() {
        var seen: Set<Substring> = []
        for seed in 1...600 as ClosedRange<UInt64> {
            let schedule = FaultSchedule.drawn(from: seed, nodes: 5)
            #expect("\(schedule)" == "\(FaultSchedule.drawn(from: seed, nodes: 5))")
            for fault in schedule.faults {
                #expect(fault.from <= fault.until && fault.until <= schedule.end, "seed \(seed): \(fault)")
                seen.insert("\(fault.kind)".prefix { $0 != "(" })
            }
        }
        #expect(
            seen == [
                "loss", "duplicates", "reordering", "slowness", "oneWay", "partition", "noUDP", "noTLS", "noMulticast", "newAddress", "linkDown",
                "crash", "pause", "slowDisk", "failingDisk", "tornDisk", "stranger", "rollback", "clone", "drift", "wallClock", "revoked", "liar",
            ])
    }
}
