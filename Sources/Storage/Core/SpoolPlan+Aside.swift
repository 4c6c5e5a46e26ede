/// Clips that a target does not take though it takes others: a file of theirs that nobody may write, a directory in its place, a bad sector below
/// it. They step aside, so that what comes after them is stored.
extension SpoolPlan {
    /// A clip that was refused waits so long for its next turn; each further time twice as long, up to ``longestAside``.
    static let firstAside = Duration.seconds(5)
    static let longestAside = Duration.seconds(300)

    /// How a clip waits at one target.
    struct Aside: Sendable {
        var until: ContinuousClock.Instant
        var times: Int
    }

    /// The target works, and did not take this clip.
    public mutating func setAside(_ clip: ClipID, on target: Int, now: ContinuousClock.Instant) {
        guard let copy = entries[clip]?.copies[target] else { return }
        let times = (copy.aside?.times ?? 0) + 1
        let pause = min(Self.firstAside * (1 << min(times - 1, 16)), Self.longestAside)
        entries[clip]!.copies[target]!.aside = Aside(until: now + pause, times: times)
    }

    /// Whether it was refused there, and nothing of it was taken since.
    public func isRefused(_ clip: ClipID, on target: Int) -> Bool { entries[clip]?.copies[target]?.aside != nil }

    /// Whether any clip waits aside there.
    public func refuses(target: Int) -> Bool { order.contains { isRefused($0, on: target) } }
}

extension SpoolPlan.Copy {
    /// - Parameter now: nil: there is no time to try what was refused.
    func isAside(_ now: ContinuousClock.Instant?) -> Bool {
        guard let aside else { return false }
        return now.map { $0 < aside.until } ?? true
    }
}
