import Testing

@testable import Gossip

/// mesh.md §5: a trigger is for every member that has not said goodbye, there or not.
@Suite struct AbsentMemberTests {
    /// An origin that is cut off holds all for dead, and is wrong: what it noticed alone is heard when the cable is back.
    @Test func whoHoldsAllForDeadKeepsItsTriggers() throws {
        var sim = SimMesh(3, seed: 11)
        sim.run(.seconds(5))
        for other in [1, 2] { sim.block(0, other) }
        _ = try #require(sim.run(atMost: .seconds(30)) { sim in [1, 2].allSatisfy { sim.status(of: $0, at: 0) == .dead } })
        let happened = sim.now - .milliseconds(50)
        let event = sim.trigger(0)
        sim.run(.seconds(10))
        sim.network.blocked = []
        #expect(sim.run(atMost: .seconds(20)) { sim in [1, 2].allSatisfy { !sim.nodes[$0].delivered.isEmpty } } != nil)
        sim.run(.seconds(5))
        for index in [1, 2] {
            #expect(sim.nodes[index].delivered.map(\.id) == [event], "node \(index)")
            let error = try #require(sim.nodes[index].delivered.first).occurred - happened
            #expect((.zero ... .milliseconds(300)).contains(error), "\(error)")
        }
    }

    /// Back within the four seconds: the next sending reaches it, and nothing comes into the record.
    @Test func whoComesBackInTimeHearsTheNextSending() throws {
        var sim = SimMesh(2, seed: 12)
        sim.run(.seconds(5))
        sim.kill(1)
        _ = try #require(sim.run(atMost: .seconds(30)) { $0.status(of: 1, at: 0) == .dead })
        let at = sim.now
        let event = sim.trigger(0)
        sim.run(.seconds(1))
        sim.restart(1, boot: 2)
        let took = try #require(sim.run(atMost: .seconds(4)) { !$0.nodes[1].delivered.isEmpty })
        #expect(sim.nodes[1].delivered.map(\.id) == [event] && took <= .seconds(3) && sim.now - at <= .milliseconds(4100))
        sim.run(.seconds(2))
        #expect(sim.nodes[0].instance.state.record(sim.id(0), .events) == nil && sim.nodes[0].instance.triggers.nextDeadline == nil)
    }

    @Test func nobodyWaitsForWhoSaidGoodbye() throws {
        var sim = SimMesh(2, seed: 13)
        sim.run(.seconds(5))
        sim.leave(1)
        _ = try #require(sim.run(atMost: .seconds(2)) { $0.status(of: 1, at: 0) == .left })
        _ = sim.trigger(0)
        #expect(sim.nodes[0].instance.triggers.nextDeadline == nil)
    }

    /// One camera is off for weeks, and the others see a busy street: one entry, one packet, one version a second.
    @Test func aMemberThatIsOffCostsLittle() throws {
        var sim = SimMesh(3, seed: 14)
        sim.run(.seconds(5))
        sim.kill(2)
        _ = try #require(sim.run(atMost: .seconds(30)) { $0.status(of: 2, at: 0) == .dead })
        var incident: EventID?
        var last: EventID?
        var versions: [UInt64] = []
        for _ in 0..<60 {
            sim.act(0) { instance, now in
                let (id, actions) = instance.trigger(
                    TriggerDraft(group: "home", kind: "motion", incident: incident, camera: "street"), now: now)
                (incident, last) = (incident ?? id, id)
                return actions
            }
            for _ in 0..<25 {
                sim.run(.milliseconds(20))
                if let n = sim.nodes[0].instance.state.record(sim.id(0), .events)?.version.n, versions.last != n { versions.append(n) }
            }
            #expect(sim.nodes[0].instance.triggers.late.count <= 1)
        }
        // In the 26 s after the first one came into the record.
        #expect((20...27).contains(versions.count), "\(versions.count)")
        sim.run(.seconds(5))
        let record = try #require(sim.nodes[0].instance.state.record(sim.id(0), .events))
        #expect(sim.nodes[0].instance.frame(of: record, now: sim.now) != nil)
        #expect(sim.nodes[1].delivered.count == 60)
        sim.restart(2, boot: 2)
        sim.run(.seconds(15))
        #expect(sim.nodes[2].delivered.map(\.id) == [try #require(last)] && sim.nodes[2].delivered[0].incident == incident)
    }

    /// More than one origin may send in a second, and all of them late: none is lost.
    @Test func lateOnesThatComeTooOftenComeAgain() throws {
        var sim = SimMesh(2, seed: 15)
        sim.run(.seconds(5))
        sim.kill(1)
        _ = try #require(sim.run(atMost: .seconds(30)) { $0.status(of: 1, at: 0) == .dead })
        let events = (0..<35).map { _ in sim.trigger(0) }
        sim.run(.seconds(6))
        sim.restart(1, boot: 2)
        #expect(sim.run(atMost: .seconds(20)) { $0.nodes[1].delivered.count >= 35 } != nil)
        sim.run(.seconds(5))
        #expect(Set(sim.nodes[1].delivered.map(\.id)) == Set(events) && sim.nodes[1].delivered.count == 35)
        #expect(sim.nodes[1].instance.triggers.nextDeadline == nil, "it reads the record no more")
    }

    /// Labels give way when they alone keep the record from fitting a packet.
    @Test func theRecordStaysWithinAPacket() throws {
        var sim = SimMesh(2, seed: 16)
        sim.run(.seconds(5))
        sim.kill(1)
        _ = try #require(sim.run(atMost: .seconds(30)) { $0.status(of: 1, at: 0) == .dead })
        for _ in 0..<8 {
            sim.act(0) {
                $0.trigger(
                    TriggerDraft(group: "home", kind: "manual", label: String(repeating: "x", count: 200), camera: "c"), now: $1
                ).actions
            }
        }
        sim.run(.seconds(6))
        let record = try #require(sim.nodes[0].instance.state.record(sim.id(0), .events))
        #expect(WireEventsRecord(untrusted: record.body)?.triggers.count == 8)
        #expect(sim.nodes[0].instance.frame(of: record, now: sim.now + .seconds(1 << 30)) != nil)
    }

    /// The 65th at once: the oldest goes into the record before its time, and the record says so at once.
    @Test func tooManyAtOnceAreNotLost() throws {
        var delivery = TriggerDelivery(settings: GossipSettings())
        let start = ContinuousClock.now
        let (origin, peer) = (TestMesh.shared.identities[0].id, TestMesh.shared.identities[1].id)
        func trigger(_ counter: UInt32) -> TriggerDelivery.Outgoing {
            let id = EventID(origin: origin, boot: 1, counter: counter)
            let draft = TriggerDraft(group: "home", kind: "motion", camera: "c")
            return .init(id: id, incident: id, draft: draft, occurred: start, began: start, waiting: [peer])
        }
        for counter in 1...65 as ClosedRange<UInt32> { delivery.begin(trigger(counter)) }
        #expect(delivery.outgoing.count == 64 && delivery.late.map(\.trigger.id.counter) == [1])
        #expect(delivery.nextDeadline == start && delivery.tick(now: start).recordChanged)
        for counter in 66...200 as ClosedRange<UInt32> { delivery.begin(trigger(counter)) }
        #expect(delivery.late.map(\.trigger.id.counter) == Array(73...136) && delivery.takeGivenUp() == 72 && delivery.takeGivenUp() == 0)
        #expect(!delivery.tick(now: start + .milliseconds(20)).recordChanged && delivery.tick(now: start + .seconds(1)).recordChanged)
    }

    /// The answer to the last sending comes when the trigger is in the record already.
    @Test func aLateAnswerTakesItOut() {
        var delivery = TriggerDelivery(settings: GossipSettings())
        let start = ContinuousClock.now
        let peer = TestMesh.shared.identities[1].id
        let id = EventID(origin: TestMesh.shared.identities[0].id, boot: 1, counter: 1)
        let draft = TriggerDraft(group: "home", kind: "motion", camera: "c")
        delivery.begin(.init(id: id, incident: id, draft: draft, occurred: start, began: start, waiting: [peer]))
        var changes: [Duration] = []
        while let deadline = delivery.nextDeadline, delivery.late.isEmpty || !changes.isEmpty {
            if delivery.tick(now: deadline).recordChanged { changes.append(deadline - start) }
            if !delivery.late.isEmpty { delivery.acknowledge(id, from: peer) }
        }
        #expect(changes == [.seconds(4), .seconds(5)] && delivery.late.isEmpty)
    }
}
