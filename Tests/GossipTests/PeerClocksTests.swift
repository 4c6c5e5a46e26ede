import Testing

@testable import Gossip

/// The time of day by other members' clocks.
@Suite struct PeerClocksTests {
    private let start = ContinuousClock.now
    /// A day in 2026.
    private let truth = Duration.seconds(1_796_000_000)
    private let peers = (0..<9).map { NodeID(bytes: [UInt8](repeating: $0 + 1, count: 16))! }

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    /// - Parameter off: of the peer's clock.
    private func reading(off: Duration = .zero, error: Duration? = .milliseconds(5)) -> WallReading { WallReading(sinceEpoch: truth + off, error: error) }

    @Test func twoHaveToAgree() throws {
        var clocks = PeerClocks()
        #expect(clocks.time(now: at(0)) == nil)
        clocks.note(reading(), of: peers[0], asked: at(0), now: at(0.01))
        #expect(clocks.time(now: at(0.01)) == nil, "one alone may be wrong")
        clocks.note(reading(error: nil), of: peers[1], asked: at(0), now: at(0.01))
        clocks.note(reading(error: .seconds(60)), of: peers[2], asked: at(0), now: at(0.01))
        #expect(clocks.time(now: at(0.01)) == nil, "whose clock nobody sets, and who hardly knows, is not heard")
        clocks.note(reading(off: .seconds(-2)), of: peers[1], asked: at(0), now: at(0.01))
        #expect(clocks.time(now: at(0.01)) == nil, "two that differ")
        clocks.note(reading(off: .milliseconds(3)), of: peers[1], asked: at(0), now: at(0.01))
        let time = try #require(clocks.time(now: at(0.01)))
        // Read half way between question and answer, on average.
        #expect(time.sinceEpoch(at: at(0.01)) == truth + .milliseconds(5) && time.error == .milliseconds(10))
        #expect(time.sinceEpoch(at: at(-3600)) == truth + .milliseconds(5) - .seconds(3600) - .milliseconds(10))
    }

    @Test func itAges() throws {
        var clocks = PeerClocks()
        for peer in peers.prefix(3) { clocks.note(reading(), of: peer, asked: at(0), now: at(0)) }
        let later = try #require(clocks.time(now: at(1000)))
        #expect(later.sinceEpoch(at: at(1000)) == truth + .seconds(1000) && later.error == .milliseconds(105), "quartz drifts")
        #expect(clocks.time(now: at(1201)) == nil)
        clocks.retain([peers[0]])
        #expect(clocks.time(now: at(1)) == nil, "who is no member is not heard")
    }

    /// While most clocks are within what they say, so is what is made of them.
    @Test func aFewThatLieMoveNobody() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var rng = Randomness.seeded(seed)
        var known = 0
        for _ in 0..<2000 {
            var clocks = PeerClocks()
            let count = Int.random(in: 2...9, using: &rng)
            let liars = Int.random(in: 0...(count - 1) / 2, using: &rng)
            for (number, peer) in peers.prefix(count).shuffled(using: &rng).enumerated() {
                let error = Int.random(in: 0...50_000, using: &rng)
                let isLiar = number < liars
                let off = isLiar ? Int.random(in: -5_000_000...5_000_000, using: &rng) : Int.random(in: -error...error, using: &rng)
                let way = Double.random(in: 0...0.3, using: &rng)
                // Somewhere on the way it was read.
                let read = Duration.seconds(way * Double.random(in: 0...1, using: &rng))
                clocks.note(reading(off: .microseconds(off) + read, error: .microseconds(isLiar ? Int.random(in: 0...10_000_000, using: &rng) : error)), of: peer, asked: at(0), now: at(way))
            }
            guard let time = clocks.time(now: at(0.3)) else { continue }
            known += 1
            let off = time.sinceEpoch(at: at(0)) - truth
            #expect(off <= time.error && Duration.zero - off <= time.error, "seed \(seed): off by \(off), said \(time.error)")
        }
        #expect(known > 1000)
    }

    @Test func readingsTravel() {
        var ack = WireAck()
        #expect(ack.reading == nil)
        ack.reading = reading(off: .nanoseconds(123_456_789), error: .microseconds(1234))
        #expect(WireAck(untrusted: ack.wireBytes)?.reading == reading(off: .nanoseconds(123_456_789), error: .microseconds(1234)))
        for untold in [reading(error: nil), reading(error: .seconds(11)), WallReading(sinceEpoch: .zero, error: .zero)] {
            ack.reading = untold
            #expect(ack == WireAck())
        }
        (ack.wall, ack.wallError) = (.max, .max)
        var clocks = PeerClocks()
        for peer in peers { ack.reading.map { clocks.note($0, of: peer, asked: at(0), now: at(0)) } }
        #expect(clocks.time(now: at(0)) == nil)
    }

    /// Over a network: three know the time, one lies, and one has no idea.
    @Test func aNodeWithoutATimeServerKnowsTheTime() throws {
        var sim = SimMesh(5, seed: 7)
        let begun = sim.now
        let truth = truth
        for node in 1...3 { sim.act(node) { $0.tell(WallReading(sinceEpoch: truth + ($1 - begun), error: .milliseconds(20)), now: $1); return [] } }
        sim.act(4) { $0.tell(WallReading(sinceEpoch: truth + .seconds(3600), error: .milliseconds(1)), now: $1); return [] }
        sim.run(.seconds(30))
        for node in 0..<5 {
            let time = try #require(sim.nodes[node].instance.view(now: sim.now).peerTime)
            let off = time.sinceEpoch(at: sim.now) - (truth + (sim.now - begun))
            #expect(off <= time.error && Duration.zero - off <= time.error && time.error < .milliseconds(500), "node \(node): off by \(off), said \(time.error)")
        }
        var alone = SimMesh(2, seed: 7)
        alone.act(1) { $0.tell(WallReading(sinceEpoch: truth, error: .zero), now: $1); return [] }
        alone.run(.seconds(30))
        #expect(alone.nodes[0].instance.view(now: alone.now).peerTime == nil)
    }
}
