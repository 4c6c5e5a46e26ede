/// The rate that the losses allow (draft-ietf-rmcat-gcc-02 §6): above 10 % down, below 2 % up, between the two as it is.
///
/// It begins without an opinion: a radio link that always loses 5 % must not be held at the rate it began with.
struct LossController: Sendable {
    private static let low = 0.02
    private static let high = 0.10
    /// One judgement needs so many packets and so much time: of fewer, chance alone often takes a tenth.
    private static let sample = 20
    private static let interval = Duration.seconds(1)

    /// Bit/s; infinite while losses set no limit.
    private(set) var bitRate = Double.infinity
    /// The share lost of the last sample.
    private(set) var loss = 0.0
    private var sent = 0
    private var lost = 0
    private var begin: MonotonicTime?
    private var lastDecrease: MonotonicTime?

    init() {}

    /// - Parameters:
    ///   - current: The rate that is in force; a decrease begins there.
    mutating func add(sent count: Int, lost missing: Int, current: Double, roundTrip: Duration, now: MonotonicTime) {
        sent += count
        lost += missing
        let begin = self.begin ?? now
        self.begin = begin
        guard sent >= Self.sample, now - begin >= Self.interval else { return }
        loss = Double(lost) / Double(sent)
        sent = 0
        lost = 0
        self.begin = now
        judge(current: current, roundTrip: roundTrip, now: now)
    }

    /// What a receiver report says (RFC 3550 §6.4.1), where there is no better feedback.
    mutating func add(fractionLost: UInt8, current: Double, roundTrip: Duration, now: MonotonicTime) {
        if let begin, now - begin < Self.interval { return }
        begin = now
        loss = Double(fractionLost) / 256
        judge(current: current, roundTrip: roundTrip, now: now)
    }

    private mutating func judge(current: Double, roundTrip: Duration, now: MonotonicTime) {
        if loss > Self.high {
            // A decrease shows after a round trip and the time of a report.
            if let lastDecrease, now - lastDecrease < roundTrip + .milliseconds(300) { return }
            lastDecrease = now
            bitRate = min(bitRate, current) * (1 - loss / 2)
        } else if loss < Self.low {
            bitRate *= 1.05
        }
    }

    /// A probe came through at this rate.
    mutating func raise(to rate: Double) {
        bitRate = max(bitRate, rate)
    }
}
