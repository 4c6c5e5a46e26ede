/// A request that is repeated until it is answered or given up (RFC 8489 §6.2.1): after RTO, 2 RTO, 4 RTO and so on, and once more
/// waited for after the last.
struct StunTransaction: Sendable {
    struct Timing: Sendable, Hashable {
        /// RTO, the first pause. RFC 8489 wants 500 ms; ICE may choose by the number of checks (RFC 8445 §14.3), never less than that.
        var initialTimeout = Duration.milliseconds(500)
        /// Rc: how often the request is sent, the first time included.
        var sendLimit = 7
        /// Rm: how many RTOs are waited for after the last.
        var finalWait = 16

        init() {}
    }

    enum Step: Sendable, Hashable {
        case wait
        case transmit
        case timedOut
    }

    let id: StunTransactionID
    /// The request, the same bytes each time.
    let bytes: [UInt8]
    let started: MonotonicTime
    /// When ``step(now:)`` has something to say.
    private(set) var deadline: MonotonicTime
    private let timing: Timing
    private var pause: Duration
    private(set) var sends = 0

    /// The first ``step(now:)`` sends.
    init(id: StunTransactionID, bytes: [UInt8], timing: Timing, now: MonotonicTime) {
        self.id = id
        self.bytes = bytes
        self.timing = timing
        started = now
        deadline = now
        pause = timing.initialTimeout
    }

    mutating func step(now: MonotonicTime) -> Step {
        guard now >= deadline else { return .wait }
        guard sends < timing.sendLimit else { return .timedOut }
        sends += 1
        if sends == timing.sendLimit {
            deadline = now + timing.initialTimeout * timing.finalWait
        } else {
            deadline = now + pause
            pause *= 2
        }
        return .transmit
    }

    /// Sends once more at once: the other side was just heard, so that the way may be open now.
    mutating func hasten(now: MonotonicTime) {
        guard sends < timing.sendLimit else { return }
        deadline = now
    }
}
