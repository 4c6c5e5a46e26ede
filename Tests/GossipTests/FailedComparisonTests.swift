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

    /// As often as a regular comparison would have come, and not for ever.
    @Test func retriesEnd() throws {
        var sim = meshWithStuckNews(1)
        sim.run(.seconds(1))
        let peer = sim.id(0)
        var instance = sim.nodes[1].instance
        var now = sim.now
        instance.plannedRetries = []
        instance.retriesLeft = [:]
        var made = 0
        var actions = instance.exchangeFailed(.sync, by: peer, now: now)
        #expect(!actions.isEmpty, "what fits goes by UDP")
        while let next = instance.plannedRetries.first {
            #expect(next.at == now + .seconds(2))
            now = next.at
            let again = instance.retryExchanges(now: now)
            try #require(again.count == 1 && made < 100)
            guard case .exchange(peer, _, .sync) = again[0] else { Issue.record("\(again)"); return }
            made += 1
            actions = instance.exchangeFailed(.sync, by: peer, now: now)
            #expect(actions.isEmpty, "what fits has gone by UDP already")
        }
        #expect(made == 5 && instance.retriesLeft.isEmpty)
        // The next that fails begins anew; one that succeeds ends it, and who is gone is not asked.
        _ = instance.exchangeFailed(.sync, by: peer, now: now)
        #expect(instance.plannedRetries.count == 1 && instance.retriesLeft[peer] == 4)
        _ = instance.exchangeAnswered(.sync, WireExchangeReply().wireBytes, by: peer, now: now)
        #expect(instance.retriesLeft.isEmpty)
    }
}
