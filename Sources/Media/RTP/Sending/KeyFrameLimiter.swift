/// Decides when the encoder is asked for a key frame: at most once in an interval, and no request is lost. One that comes too early
/// is kept until the interval is over, unless a key frame was sent meanwhile.
struct KeyFrameLimiter: Sendable {
    /// Between two requests to the encoder.
    let interval: Duration
    private var lastAsked: MonotonicTime?
    private var isPending = false
    /// The number of the last FIR of each requester that was heeded (RFC 5104 §4.3.1.1).
    private var lastFullIntraRequest: [UInt32: UInt8] = [:]

    /// Requesters of FIRs that are told apart; of more, all are forgotten.
    private static let requesterLimit = 8

    init(interval: Duration = .milliseconds(500)) {
        self.interval = interval
    }

    /// When ``tick(now:)`` has something to do; nil if nothing waits.
    var nextDeadline: MonotonicTime? {
        guard isPending, let lastAsked else { return nil }
        return lastAsked + interval
    }

    /// A key frame is wanted. Answers whether the encoder shall be asked now.
    mutating func request(now: MonotonicTime) -> Bool {
        if let lastAsked, now - lastAsked < interval {
            isPending = true
            return false
        }
        isPending = false
        lastAsked = now
        return true
    }

    /// A FIR came. One with the number of the last is the same request again.
    mutating func request(_ entry: FullIntraRequest.Entry, from requester: UInt32, now: MonotonicTime) -> Bool {
        if lastFullIntraRequest[requester] == entry.sequenceNumber { return false }
        if lastFullIntraRequest.count >= Self.requesterLimit { lastFullIntraRequest.removeAll() }
        lastFullIntraRequest[requester] = entry.sequenceNumber
        return request(now: now)
    }

    /// A key frame left: what was asked for before is answered.
    mutating func keyFrameSent() {
        isPending = false
    }

    /// Whether the encoder shall be asked now for what waited.
    mutating func tick(now: MonotonicTime) -> Bool {
        guard let nextDeadline, now >= nextDeadline else { return false }
        return request(now: now)
    }
}
