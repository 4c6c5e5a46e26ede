package import Gossip

/// What simulations draw. Whole numbers and plain arithmetic only: the same everywhere.
extension Randomness {
    /// True with that probability.
    package mutating func chance(_ probability: Double) -> Bool { Double(next() >> 11) * 0x1p-53 < probability }

    package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    package mutating func between(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    /// To the millisecond.
    package mutating func duration(_ least: Duration, _ most: Duration) -> Duration {
        least + .milliseconds(Int64(next() % UInt64(max(1, (most - least).nanoseconds / 1_000_000))))
    }

    package mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// A generator of its own for one purpose, so that drawing more of one thing changes no other.
    package static func of(_ purpose: StaticString, seed: UInt64) -> Randomness {
        var hash = FastHash(seed)
        hash.add(purpose.withUTF8Buffer { Array($0) })
        return .seeded(hash.value)
    }
}
