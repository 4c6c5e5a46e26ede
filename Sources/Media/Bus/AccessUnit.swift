/// One encoded picture or one audio packet, as it leaves the encoder. A value of a few words; the bytes are shared.
public struct AccessUnit: Sendable {
    /// How the bytes are coded.
    public enum Codec: String, Sendable, Hashable {
        /// H.264 (ITU-T H.264), Annex B byte stream, SPS and PPS before every key frame.
        case h264
        /// H.265 (ITU-T H.265), Annex B byte stream. Nothing produces it yet.
        case h265
        /// Opus (RFC 6716), one packet of 20 ms, mono, 48 kHz.
        case opus

        /// Whether this is a picture.
        public var isVideo: Bool { self != .opus }
    }

    public var codec: Codec
    /// The coded bytes, shared by reference.
    public var bytes: SharedBytes
    /// Presentation time in 1/90000 s. Video and audio of one camera share this timeline; it rises for as long as the camera's object lives, over loops and restarts of its source.
    public var pts90k: Int64
    /// How long the picture or packet lasts, in 1/90000 s. For a picture: the nominal frame duration.
    public var duration90k: Int64
    /// Whether decoding can begin here. True for every audio packet.
    public var isKeyFrame: Bool
    /// When the light (or the first sample of sound) was captured, on the boot clock.
    public var captured: ContinuousClock.Instant
    /// Counts the access units of one bus, from 1; set by `AccessUnitBus.publish`. A consumer sees a loss as a step of more than 1.
    public internal(set) var sequence: UInt64 = 0

    public init(
        codec: Codec, bytes: SharedBytes, pts90k: Int64, duration90k: Int64, isKeyFrame: Bool,
        captured: ContinuousClock.Instant
    ) {
        self.codec = codec
        self.bytes = bytes
        self.pts90k = pts90k
        self.duration90k = duration90k
        self.isKeyFrame = isKeyFrame
        self.captured = captured
    }

    /// Whether this is a picture that decoding can begin with.
    public var isVideoKeyFrame: Bool { isKeyFrame && codec.isVideo }
}

/// Media time: 90 kHz ticks, the clock of RTP video (RFC 3551) and of our files.
enum MediaTime {
    static let ticksPerSecond: Int64 = 90_000

    /// `duration` in 1/90000 s, rounded to the nearest tick.
    static func ticks90k(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = attoseconds / 1_000_000_000
        let scaled = nanoseconds * 9
        let rounded = (scaled >= 0 ? scaled + 50_000 : scaled - 50_000) / 100_000
        return seconds &* ticksPerSecond &+ rounded
    }

    /// `ticks` of 1/90000 s as a duration, exact to the nanosecond.
    static func duration(ticks90k ticks: Int64) -> Duration {
        let seconds = ticks / ticksPerSecond
        let rest = ticks % ticksPerSecond
        return .seconds(seconds) + .nanoseconds(rest * 100_000 / 9)
    }
}

extension Duration {
    /// The duration in seconds, as a floating point number.
    var inSeconds: Double {
        // Of 128 bits a division costs more than all else that is done with a packet's times.
        let attoseconds = attoseconds
        return (Double(Int64(truncatingIfNeeded: attoseconds >> 64)) * 0x1p64 + Double(UInt64(truncatingIfNeeded: attoseconds))) * 1e-18
    }
}
