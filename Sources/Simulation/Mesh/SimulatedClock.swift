/// A node's own clocks. The monotonic one runs too fast or too slow; the wall clock may be anywhere.
package struct SimulatedClock: Sendable {
    /// The process's own time when it began: instants can be made no other way. Only differences count.
    static let epoch = ContinuousClock.now

    /// What passes on this node in a thousand seconds.
    private(set) var ratePerMille: Int64 = 1000
    private var changedAt = VirtualTime.zero
    private var ownAtChange: Int64 = 0
    /// Unix time, in seconds, at the start of the simulation. Nothing in the mesh may depend on it.
    package var wallOrigin: Int64 = 1_790_000_000

    /// Runs at another rate from now on.
    mutating func setRate(perMille rate: Int64, at time: VirtualTime) {
        ownAtChange = own(time)
        changedAt = time
        ratePerMille = rate
    }

    /// Nanoseconds on this clock.
    private func own(_ time: VirtualTime) -> Int64 { ownAtChange + (time.nanoseconds - changedAt.nanoseconds) * ratePerMille / 1000 }

    /// What this node takes for now.
    package func instant(_ time: VirtualTime) -> ContinuousClock.Instant { Self.epoch + .nanoseconds(own(time)) }

    /// When this clock will show `instant`, or just after.
    func time(of instant: ContinuousClock.Instant) -> VirtualTime {
        let left = (instant - Self.epoch).nanoseconds - ownAtChange
        return VirtualTime(nanoseconds: changedAt.nanoseconds + (left * 1000 + ratePerMille - 1) / ratePerMille)
    }

    package func wallSeconds(_ time: VirtualTime) -> Int64 { wallOrigin + time.nanoseconds / 1_000_000_000 }
}
