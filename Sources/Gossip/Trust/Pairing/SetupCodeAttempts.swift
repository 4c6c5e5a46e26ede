/// How often a wrong setup code was tried, and how long the next one has to wait (mesh.md §2).
///
/// Counted before an answer is given, so that who cuts the connection at the right moment has no free guess; persisted by its owner,
/// so that who pulls the plug has none either.
struct SetupCodeAttempts: Sendable, Equatable {
    /// So many failures end a code: a new one is made.
    static let limit = 20
    /// From this failure on there is a pause.
    private static let firstPause = 3
    private static let longestPause = Duration.seconds(300)

    /// Since the code was made, or since it was last shown to be known.
    private(set) var failures: Int
    private var notBefore: ContinuousClock.Instant

    /// After a start: the pause of the failures before it begins anew.
    init(failures: Int, now: ContinuousClock.Instant) {
        self.failures = min(max(0, failures), Self.limit)
        notBefore = now
        notBefore = now + pause
    }

    /// What the last failure costs: 2^n s from the third one on, at most 300 s.
    private var pause: Duration {
        guard failures >= Self.firstPause else { return .zero }
        return failures > 8 ? Self.longestPause : min(Self.longestPause, .seconds(1 << failures))
    }

    var isUsedUp: Bool { failures >= Self.limit }

    /// How long a try has to wait.
    func wait(now: ContinuousClock.Instant) -> Duration { max(.zero, notBefore - now) }

    /// A try begins: it counts as failed until ``succeed(now:)``.
    mutating func begin(now: ContinuousClock.Instant) {
        failures = min(Self.limit, failures + 1)
        notBefore = now + pause
    }

    /// It was known after all.
    mutating func succeed(now: ContinuousClock.Instant) { self = SetupCodeAttempts(failures: 0, now: now) }
}
