/// Says which wall time and which RTP time are the same moment, for sender reports (RFC 3550 §6.4.1).
///
/// All streams of a camera share one media timeline, so that one pair of capture time and presentation time is enough.
struct SenderReportClock: Sendable {
    /// A moment on the boot clock and its wall time, as the node's clock estimate has it.
    struct WallTime: Sendable, Hashable {
        var moment: MonotonicTime
        /// UTC since 1970.
        var unixTime: Duration

        init(moment: MonotonicTime, unixTime: Duration) {
            self.moment = moment
            self.unixTime = unixTime
        }
    }

    var wallTime: WallTime
    /// Added to the media time of every packet, at random (§5.1), so that a cipher never sees the same start twice.
    let timestampOffset: UInt32
    private var reference: (captured: MonotonicTime, pts90k: Int64)?

    init(wallTime: WallTime, timestampOffset: UInt32) {
        self.wallTime = wallTime
        self.timestampOffset = timestampOffset
    }

    /// The RTP timestamp of media time `pts90k`.
    func timestamp(pts90k: Int64) -> UInt32 { UInt32(truncatingIfNeeded: pts90k) &+ timestampOffset }

    /// A picture was sent.
    mutating func sent(captured: MonotonicTime, pts90k: Int64) {
        reference = (captured, pts90k)
    }

    /// `now` in wall time.
    func ntp(now: MonotonicTime) -> NTPTimestamp {
        NTPTimestamp(unixTime: wallTime.unixTime + (now - wallTime.moment))
    }

    /// The RTP timestamp that a picture captured `now` would have; nil before the first picture.
    func timestamp(now: MonotonicTime) -> UInt32? {
        reference.map { timestamp(pts90k: $0.pts90k &+ MediaTime.ticks90k(now - $0.captured)) }
    }
}
