/// Limits retransmissions to a share of what the link carries. Without it a full link fills with repetitions of what it lost for being full,
/// and new pictures never get through.
struct ResendBudget: Sendable {
    /// Of the estimated rate. A link that loses a tenth by chance needs about this much.
    static let share = 0.3
    /// Bytes that may be repeated at once after a while of silence, whatever the rate: a key frame's worth of bad luck.
    private static let burstBytes = 20_000.0

    private var tokens = burstBytes
    private var last: MonotonicTime

    init(now: MonotonicTime) {
        last = now
    }

    /// Whether `bytes` more may be repeated now; they are then taken.
    mutating func take(bytes: Int, bitRate: Double, now: MonotonicTime) -> Bool {
        guard has(bytes: bytes, bitRate: bitRate, now: now) else { return false }
        tokens -= Double(bytes)
        return true
    }

    /// Whether there would be enough.
    mutating func has(bytes: Int, bitRate: Double, now: MonotonicTime) -> Bool {
        if now > last {
            tokens = min(Self.burstBytes, tokens + now.seconds(since: last) * bitRate * Self.share / 8)
            last = now
        }
        return tokens >= Double(bytes)
    }
}
