/// Whether the other side still wants what we send (RFC 7675 §5.1).
///
/// Only an answer to a check of ours renews consent: a check of theirs proves that somebody holds the session's password, and not that it
/// comes from where it says.
struct ConsentFreshness: Sendable {
    /// Between checks, on average; each is 0.8 to 1.2 times as long.
    let interval: Duration
    /// From the last proof to the end of all sending.
    let expiry: Duration
    private(set) var lastProof: MonotonicTime
    private(set) var nextCheck: MonotonicTime
    /// Checks that may still be answered; they are not repeated (§5.1).
    private var open: [StunTransactionID] = []

    /// As many as are sent until consent expires.
    private static let openLimit = 8

    /// - Parameter lastProof: when a check was last answered on this way: consent is as old as that, and no new one begins with choosing it again.
    init(interval: Duration, expiry: Duration, lastProof: MonotonicTime) {
        self.interval = interval
        self.expiry = expiry
        self.lastProof = lastProof
        nextCheck = lastProof + interval
    }

    var expires: MonotonicTime { lastProof + expiry }
    var nextDeadline: MonotonicTime { min(nextCheck, expires) }

    /// Another check of ours was answered on this way.
    mutating func prove(now: MonotonicTime) { lastProof = max(lastProof, now) }

    /// Whether a check is due, whose number is then `id`.
    mutating func check(id: StunTransactionID, jitter: Double, now: MonotonicTime) -> Bool {
        guard now >= nextCheck else { return false }
        nextCheck = now + interval * (0.8 + 0.4 * jitter)
        if open.count == Self.openLimit { open.removeFirst() }
        open.append(id)
        return true
    }

    /// An authentic answer came, from where the question went. Answers whether it was one to a check of ours.
    mutating func answered(_ id: StunTransactionID, now: MonotonicTime) -> Bool {
        guard open.contains(id) else { return false }
        open.removeAll { $0 == id }
        lastProof = max(lastProof, now)
        return true
    }
}
