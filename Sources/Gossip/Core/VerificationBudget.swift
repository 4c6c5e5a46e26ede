/// How much of this node's time one member may cost, however many packets it sends. A signature takes a Raspberry Pi some 200 µs, so a
/// few hundred packets in a second, full of claims and records that have to be verified, would keep it from its probes.
///
/// Nothing is lost by what is left unread here: comparing states brings what is true (``GossipInstance/compare(_:with:now:)``).
struct VerificationBudget: Sendable {
    /// Of each in a second, and at once.
    static let perSecond = 8
    /// Answers to ``Frame/Kind/want`` in a second: some 6 kB each.
    static let wantsPerSecond = 2
    /// Triggers in a second, and at once, whether new or known: four times of what one origin may cause, because each comes again until it
    /// is acknowledged.
    static let triggersPerSecond = 40
    /// A record that fits no packet makes every member fetch it: one in this time is announced.
    static let largeRecordInterval = Duration.seconds(10)

    /// Signatures that do not fit, in what it sent: every honest member verifies before it passes on. And in packets such that fit and change
    /// nothing: of these it sends few. With too many, nothing signed that it sends is read for a while.
    var forgeries: TokenBucket
    /// New words about its own standing, whoever brings them. An honest member refutes at most once in each round of news.
    var claims: TokenBucket
    /// New records of its own, whoever brings them: more than a camera has to say, and less than half of what a round of news carries.
    var records: TokenBucket
    /// Our own words in full: for whoever asks, and for whoever seems to have started anew.
    var wants: TokenBucket
    var triggers: TokenBucket
    private var largeRecordAt: ContinuousClock.Instant?

    init(now: ContinuousClock.Instant) {
        forgeries = TokenBucket(perSecond: Self.perSecond, now: now)
        claims = forgeries
        records = forgeries
        wants = TokenBucket(perSecond: Self.wantsPerSecond, now: now)
        triggers = TokenBucket(perSecond: Self.triggersPerSecond, now: now)
    }

    /// Whether a record of its own that fits no packet may be announced now.
    mutating func takeLargeRecord(now: ContinuousClock.Instant) -> Bool {
        if let largeRecordAt, now - largeRecordAt < Self.largeRecordInterval { return false }
        largeRecordAt = now
        return true
    }
}
