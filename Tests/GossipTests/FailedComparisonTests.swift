import Foundation
import Testing

@testable import Gossip

/// What fits no packet waits for TLS, and no longer than that.
@Suite struct FailedComparisonTests {
    /// Node 0 has news for which no packet is large enough, and no TLS.
    private func meshWithStuckNews(_ seed: UInt64) -> SimMesh {
        var sim = SimMesh(10, seed: seed)
        sim.run(.seconds(20))
        sim.network.withoutTLS = [0]
        sim.setConfig(0, "recording", [UInt8](repeating: 7, count: 3000))
        return sim
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>) func newsArriveSoonAfterTheWayIsOpen(seed: UInt64) {
        var sim = meshWithStuckNews(seed)
        sim.run(.seconds(30))
        #expect(sim.nodes[1...].allSatisfy { $0.instance.config.values["recording"] == nil }, "seed \(seed)")
        sim.network.withoutTLS = []
        let took = sim.run(atMost: .seconds(20)) { $0.allKnowTheSame }
        // A connection that was under way when the way opened may fail still: 3 s, and the pause after it.
        #expect(took.map { $0 <= .seconds(6) } ?? false, "seed \(seed): \(took.map { "\($0)" } ?? "never")")
    }

    /// Node 1, which failed to compare with node 0, and nothing else planned.
    private func failed() -> (instance: GossipInstance, peer: NodeID, now: ContinuousClock.Instant) {
        var sim = meshWithStuckNews(1)
        sim.run(.seconds(1))
        var instance = sim.nodes[1].instance
        instance.plannedRetries = []
        instance.retriesLeft = [:]
        instance.exchanging = []
        let actions = instance.exchangeFailed(.sync, by: sim.id(0), now: sim.now)
        #expect(!actions.isEmpty, "what fits goes by UDP")
        return (instance, sim.id(0), sim.now)
    }

    /// As often as pauses fit between two regular comparisons, whatever of it fails: the question, or what is sent after the answer.
    @Test(arguments: [false, true]) func retriesEnd(isAnswered: Bool) throws {
        var (instance, peer, now) = failed()
        var made = 0
        while let next = instance.plannedRetries.first {
            #expect(next.at == now + .seconds(2))
            now = next.at
            let again = instance.retryExchanges(now: now)
            try #require(again.count == 1 && made < 100)
            guard case .exchange(peer, _, .sync) = again[0] else { Issue.record("\(again)"); return }
            made += 1
            if isAnswered {
                // It claims to know nothing, and takes nothing.
                let actions = instance.exchangeAnswered(.sync, WireExchangeReply().wireBytes, by: peer, now: now)
                guard case .exchange(peer, _, .push)? = actions.last else { Issue.record("\(actions)"); return }
            }
            #expect(instance.exchangeFailed(isAnswered ? .push : .sync, by: peer, now: now).isEmpty, "what fits has gone by UDP already")
        }
        #expect(made == 5 && instance.retriesLeft.isEmpty && instance.exchanging.isEmpty)
        #expect(!instance.exchangeFailed(.sync, by: peer, now: now).isEmpty && instance.retriesLeft[peer] == 4, "the next begins anew")
    }

    @Test func successEndsThem() throws {
        var (instance, peer, now) = failed()
        var reply = WireExchangeReply()
        reply.digest = instance.digest
        _ = instance.exchangeAnswered(.sync, reply.wireBytes, by: peer, now: now)
        #expect(instance.plannedRetries.isEmpty && instance.retriesLeft.isEmpty, "they know the same")

        (instance, peer, now) = failed()
        _ = instance.exchangeAnswered(.push, WireExchangeReply().wireBytes, by: peer, now: now)
        #expect(instance.plannedRetries.isEmpty && instance.retriesLeft.isEmpty, "it has taken what it lacked")
    }

    /// One that comes in a bad moment comes again.
    @Test func aRetryWaitsForItsTurn() {
        var (instance, peer, now) = failed()
        instance.exchanging = Set((0..<8).map { _ in NodeID(bytes: (0..<16).map { _ in UInt8.random(in: 0...255) })! })
        now += .seconds(2)
        #expect(instance.retryExchanges(now: now).isEmpty)
        #expect(instance.plannedRetries == [.init(at: now + .seconds(2), peer: peer)])
        instance.exchanging = []
        now += .seconds(2)
        #expect(instance.retryExchanges(now: now).count == 1)
    }

    @Test func whoIsGoneIsNotAsked() {
        var sim = meshWithStuckNews(1)
        sim.run(.seconds(1))
        sim.kill(0)
        sim.run(.seconds(30))
        let instance = sim.nodes[1].instance
        #expect(sim.status(of: 0, at: 1) != .alive && instance.plannedRetries.isEmpty && instance.retriesLeft.isEmpty)
    }
}
