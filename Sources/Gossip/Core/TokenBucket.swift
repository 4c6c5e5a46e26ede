/// Lets through so many per second, and as many at once.
struct TokenBucket: Sendable {
    let perSecond: Int
    private var tokens: Double
    private var last: ContinuousClock.Instant

    init(perSecond: Int, now: ContinuousClock.Instant) {
        self.perSecond = perSecond
        tokens = Double(perSecond)
        last = now
    }

    mutating func take(now: ContinuousClock.Instant) -> Bool {
        guard hasOne(now: now) else { return false }
        tokens -= 1
        return true
    }

    /// Whether ``take(now:)`` would let one through.
    mutating func hasOne(now: ContinuousClock.Instant) -> Bool {
        tokens = min(Double(perSecond), tokens + max(0, (now - last) / .seconds(1)) * Double(perSecond))
        last = max(last, now)
        return tokens >= 1
    }
}
