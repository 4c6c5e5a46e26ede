/// What a node's wall clock shows, and how far that may be from the true time.
public struct WallReading: Sendable, Equatable {
    /// Since 1970-01-01 00:00 UTC.
    public var sinceEpoch: Duration
    /// It is off by no more than this; nil: nobody sets that clock.
    public var error: Duration?

    public init(sinceEpoch: Duration, error: Duration?) { (self.sinceEpoch, self.error) = (sinceEpoch, error) }
}

/// The time of day on which a node's peers agree.
public struct PeerTime: Sendable, Equatable {
    /// A moment of this node's boot clock, and what time of day that was, since 1970-01-01 00:00 UTC.
    let at: ContinuousClock.Instant
    let sinceEpoch: Duration
    /// It is off by no more than this.
    public let error: Duration

    /// What time of day a moment was, since 1970-01-01 00:00 UTC.
    public func sinceEpoch(at moment: ContinuousClock.Instant) -> Duration { sinceEpoch + (moment - at) }
}

/// The wall clocks of others, as they tell with each answer to a probe: for a node whose own nobody sets. Nothing in the mesh is decided by
/// them (mesh.md §3, "Clocks"); they date recordings.
///
/// A reading lies between a probe and its answer, so it is off by half of that time at most (Cristian 1989, "Probabilistic clock synchronization").
/// Two have to agree, and most of those that are known, so that one wrong clock moves nobody's (Marzullo 1984).
struct PeerClocks: Sendable {
    private struct Sample: Sendable {
        let at: ContinuousClock.Instant
        let sinceEpoch: Duration
        let error: Duration

        /// As it would be then: quartz runs wrong by a ten-thousandth at most.
        func later(_ now: ContinuousClock.Instant) -> Sample {
            Sample(at: now, sinceEpoch: sinceEpoch + (now - at), error: error + (now - at) / 10_000)
        }

        func distance(to other: Sample) -> Duration { max(sinceEpoch - other.sinceEpoch, other.sinceEpoch - sinceEpoch) }
    }

    /// Older readings say nothing. In a mesh of 500 a member is probed that often.
    private static let memory = Duration.seconds(1200)
    /// Whoever knows its time no better is not asked.
    static let errorLimit = Duration.seconds(10)

    private var samples: [NodeID: Sample] = [:]

    /// A member's answer to a probe of this node's own, without anybody in between.
    mutating func note(_ reading: WallReading, of member: NodeID, asked: ContinuousClock.Instant, now: ContinuousClock.Instant) {
        guard let error = reading.error, error >= .zero, error <= Self.errorLimit, now >= asked else { return }
        let half = (now - asked) / 2
        samples[member] = Sample(at: now, sinceEpoch: reading.sinceEpoch + half, error: error + half)
    }

    mutating func retain(_ members: Set<NodeID>) { samples = samples.filter { members.contains($0.key) } }

    /// Nil where not enough of them agree.
    func time(now: ContinuousClock.Instant) -> PeerTime? {
        let known = samples.values.filter { now - $0.at <= Self.memory }.map { $0.later(now) }.sorted { $0.sinceEpoch < $1.sinceEpoch }
        guard known.count >= 2 else { return nil }
        let median = known[(known.count - 1) / 2]
        let agreeing = known.filter { $0.distance(to: median) <= $0.error + median.error }
        guard agreeing.count >= 2, agreeing.count * 2 > known.count else { return nil }
        // True by each that is right, and one more is than all that may be wrong while most are not.
        let errors = agreeing.map { $0.distance(to: median) + $0.error }.sorted()
        return PeerTime(at: now, sinceEpoch: median.sinceEpoch, error: errors[(known.count - 1) / 2])
    }
}

extension WireAck {
    /// The wall clock of who answers; nil where it does not tell.
    var reading: WallReading? {
        get {
            guard wall > 0 else { return nil }
            return WallReading(sinceEpoch: .nanoseconds(Int64(clamping: wall)), error: .microseconds(Int64(wallError)))
        }
        set {
            (wall, wallError) = (0, 0)
            guard let newValue, let error = newValue.error, newValue.sinceEpoch > .zero, error <= PeerClocks.errorLimit else { return }
            let (seconds, attoseconds) = newValue.sinceEpoch.components
            wall = UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000)
            wallError = UInt32((error / .microseconds(1)).rounded(.up))
        }
    }
}
