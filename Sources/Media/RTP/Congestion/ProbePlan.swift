/// When to try whether a link carries more than is sent, and how: recent packets are sent again (RFC 4588) in one burst at the rate
/// that is wanted. Without a probe the estimate could never reach a larger stream: it does not grow beyond what is sent.
struct ProbePlan: Sendable {
    /// One burst.
    struct Burst: Sendable, Hashable {
        var id: Int
        /// Bit/s.
        var bitRate: Double
        var packets: Int
        /// Between two packets.
        var pause: Duration
    }

    /// Bounds of the pause between probes; it doubles when one shows nothing.
    static let pauses = Duration.seconds(3)...Duration.seconds(60)
    /// The longest for who sees no moving pictures: to try costs little then.
    static let urgentPause = Duration.seconds(6)
    /// And after one that showed more than was known: the next step up is near.
    static let afterSuccess = Duration.seconds(1)
    /// How long a burst lasts at least: shorter ones drown in jitter.
    private static let length = Duration.milliseconds(25)
    private static let packetLimit = 40
    /// More than this multiple of the estimate is not tried at once.
    private static let reach = 3.0

    private var nextProbe: MonotonicTime
    private var pause = pauses.lowerBound
    private var nextID = 1
    private var lastEstimate = 0.0

    init(now: MonotonicTime) {
        nextProbe = now + Self.pauses.lowerBound
    }

    /// Whether the time of the next one has come; what it needs is not looked for before.
    func isDue(now: MonotonicTime) -> Bool { now >= nextProbe }

    /// The link was just seen to be full: nothing is tried for a while.
    mutating func postpone(now: MonotonicTime) {
        nextProbe = max(nextProbe, now + pause)
    }

    /// The burst to send now, if any.
    /// - Parameters:
    ///   - wanted: Bit/s that the next larger stream needs; nil if there is none.
    ///   - isQuiet: Whether the link shows no trouble.
    ///   - isUrgent: Whether the viewer sees key frames alone.
    mutating func burst(
        wanted: Double?, estimate: Double, isQuiet: Bool, isUrgent: Bool = false, packetBytes: Int, now: MonotonicTime
    ) -> Burst? {
        guard let wanted, wanted > estimate, now >= nextProbe, packetBytes > 0 else { return nil }
        guard isQuiet else {
            nextProbe = now + pause
            return nil
        }
        // The last one helped: soon the next; otherwise later and later.
        let helped = lastEstimate > 0 && estimate > lastEstimate * 1.1
        pause = helped || lastEstimate == 0 ? Self.pauses.lowerBound : min(pause * 2, isUrgent ? Self.urgentPause : Self.pauses.upperBound)
        lastEstimate = estimate
        nextProbe = now + (helped ? Self.afterSuccess : pause)
        let bitRate = min(wanted * 1.1, estimate * Self.reach)
        let packetTime = Double(packetBytes * 8) / bitRate
        let packets = min(Self.packetLimit, max(ProbeResults.packetsNeeded + 2, Int((Self.length.inSeconds / packetTime).rounded(.up))))
        defer { nextID += 1 }
        return Burst(id: nextID, bitRate: bitRate, packets: packets, pause: .nanoseconds(Int64(packetTime * 1e9)))
    }
}
