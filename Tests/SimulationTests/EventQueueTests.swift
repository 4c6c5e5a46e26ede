import Gossip
import Testing

@testable import Simulation

@Suite struct EventQueueTests {
    /// Comes out as a sort would, whatever went in; things at one moment in the order in which they were planned.
    @Test(arguments: [1, 2, 3] as [UInt64]) func ordersLikeASort(seed: UInt64) {
        var rng = Randomness.seeded(seed)
        var queue = EventQueue<Int>()
        var expected: [(at: VirtualTime, number: Int)] = []
        var taken: [Int] = []
        for number in 0..<2000 {
            let at = VirtualTime(nanoseconds: Int64(rng.below(500)))
            queue.plan(number, at: at)
            expected.append((at, number))
        }
        while let entry = queue.takeNext() { taken.append(entry.event) }
        #expect(taken == expected.sorted { ($0.at, $0.number) < ($1.at, $1.number) }.map(\.number))
        #expect(queue.next == nil)
    }
}
