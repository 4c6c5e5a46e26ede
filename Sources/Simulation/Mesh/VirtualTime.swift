/// A moment of a simulation: nanoseconds since its start, the same for all its nodes. What a node takes for the time is its
/// ``SimulatedClock``'s matter.
package struct VirtualTime: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static let zero = VirtualTime(nanoseconds: 0)
    /// Later than everything that happens.
    package static let never = VirtualTime(nanoseconds: .max)

    package static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
    package static func + (time: Self, duration: Duration) -> Self { Self(nanoseconds: time.nanoseconds + duration.nanoseconds) }
    package static func - (time: Self, duration: Duration) -> Self { Self(nanoseconds: time.nanoseconds - duration.nanoseconds) }
    package static func - (a: Self, b: Self) -> Duration { .nanoseconds(a.nanoseconds - b.nanoseconds) }
    package static func += (time: inout Self, duration: Duration) { time = time + duration }

    /// Seconds since the start, as "12.345".
    package var description: String {
        let milliseconds = nanoseconds / 1_000_000
        let rest = String(milliseconds % 1000)
        return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}

extension Duration {
    /// Whole nanoseconds, towards zero.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    package var inSeconds: Double { Double(nanoseconds) / 1e9 }
}
