/// How an ICE agent behaves. The defaults are those of the standards where they have any.
struct IceSettings: Sendable, Hashable {
    /// Ta: between two checks (RFC 8445 §14.2). Shorter finds a way sooner and makes bursts.
    var checkPace = Duration.milliseconds(50)
    /// Of checks and of questions to STUN servers.
    var timing = StunTransaction.Timing()
    /// From the other side's credentials to giving up.
    var connectTimeout = Duration.seconds(30)
    /// How long a controlling agent waits for a better way after the first one that works.
    var nominationDelay = Duration.milliseconds(100)
    /// A nominated pair of lower priority replaces the selected one only after the selected one was not nominated again for so long.
    /// Longer than the pause between a browser's checks.
    var renominationDelay = Duration.seconds(3)
    /// Between consent checks (RFC 7675 §5.1).
    var consentInterval = Duration.seconds(5)
    /// From the last sign of consent to silence (RFC 7675 §5.1).
    var consentExpiry = Duration.seconds(30)
    /// Candidates that the other side may name, and those that it may show by its checks.
    var remoteCandidateLimit = 32
    var peerReflexiveLimit = 16
    /// Addresses of ours.
    var localCandidateLimit = 32
    /// RFC 8445 §6.1.2.5.
    var pairLimit = 100
    /// Whether to check from the beginning, whoever is at the other end. Otherwise an answering agent checks only when addresses behind
    /// translators are in play: on a LAN the other side's checks find us.
    var alwaysChecks = false

    init() {}
}
