/// Spreads packets over time, so that a key frame does not fill the queues on the way: a leaky bucket of bytes.
///
/// Within the burst everything leaves at once; what is beyond drains at a multiple of the estimate, so that a picture is always gone
/// before the next one comes.
struct Pacer: Sendable {
    /// Of the estimate: how fast the bucket drains. Below 1 queues here would never end; high numbers make queues elsewhere.
    static let factor = 2.5
    /// Bytes that leave at once from an empty bucket: two batches of sixteen full packets.
    static let burstBytes = 32 * 1200
    /// A full bucket drains at least this long before more leaves: some packets at once cost less than each alone.
    static let quantum = Duration.milliseconds(5)

    /// Bytes in the bucket.
    private var level = 0.0
    private var last: MonotonicTime
    /// Bytes in a second.
    private var drain: Double

    init(bitRate: Double, now: MonotonicTime) {
        last = now
        drain = bitRate * Self.factor / 8
    }

    mutating func set(bitRate: Double, now: MonotonicTime) {
        settle(now)
        drain = max(1000, bitRate * Self.factor / 8)
    }

    /// Whether a packet may leave `now`.
    mutating func maySend(now: MonotonicTime) -> Bool {
        settle(now)
        return level < Double(Self.burstBytes)
    }

    /// A packet left.
    mutating func sent(bytes: Int) {
        level += Double(bytes)
    }

    /// When the next packet may leave: `now` or later.
    func nextTime(now: MonotonicTime) -> MonotonicTime {
        let excess = level - Double(Self.burstBytes)
        return excess < 0 ? max(now, last) : max(now, last + max(Self.quantum, .nanoseconds(Int64((excess + 1) / drain * 1e9))))
    }

    /// How long `bytes` more would take to leave.
    func delay(of bytes: Int) -> Duration {
        .seconds(max(0, level + Double(bytes) - Double(Self.burstBytes)) / drain)
    }

    private mutating func settle(_ now: MonotonicTime) {
        guard now > last else { return }
        level = max(0, level - now.seconds(since: last) * drain)
        last = now
    }
}
