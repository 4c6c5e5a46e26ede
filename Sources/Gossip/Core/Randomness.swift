/// Where the core's random numbers come from.
package struct Randomness: RandomNumberGenerator, Sendable {
    private var state: UInt64?

    /// The system's generator: what a node uses.
    package static let system = Randomness(state: nil)

    /// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed, so that a simulated run can be repeated.
    package static func seeded(_ seed: UInt64) -> Randomness { Randomness(state: seed) }

    private init(state: UInt64?) { self.state = state }

    package mutating func next() -> UInt64 {
        guard var state else {
            var system = SystemRandomNumberGenerator()
            return system.next()
        }
        state &+= 0x9e37_79b9_7f4a_7c15
        self.state = state
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
