/// What is known of a clip when it begins.
public struct ClipHeader: Sendable, Hashable {
    public var event: String
    public var kind: String
    public var label: String?
    /// When the event happened, on the boot clock.
    public var triggered: ContinuousClock.Instant
    /// Capture time of the clip's first picture, on the boot clock.
    public var start: ContinuousClock.Instant
    /// The camera's media time of that picture, 1/90000 s; it is 0 in the file.
    public var startPts90k: Int64
    public var codec: AccessUnit.Codec
    public var width: Int
    public var height: Int
    public var framesPerSecond: Double
    public var hasAudio: Bool
    /// Whether this file goes on where the one before it ended, because that had reached the maximum length.
    public var continues: Bool

    public init(
        event: String, kind: String, label: String? = nil, triggered: ContinuousClock.Instant, start: ContinuousClock.Instant,
        startPts90k: Int64, codec: AccessUnit.Codec = .h264, width: Int, height: Int, framesPerSecond: Double, hasAudio: Bool,
        continues: Bool = false
    ) {
        self.event = event
        self.kind = kind
        self.label = label
        self.triggered = triggered
        self.start = start
        self.startPts90k = startPts90k
        self.codec = codec
        self.width = width
        self.height = height
        self.framesPerSecond = framesPerSecond
        self.hasAudio = hasAudio
        self.continues = continues
    }
}

/// A clip that is being written.
public struct OpenClip: Sendable, Hashable {
    public var header: ClipHeader
    /// When it will end unless somebody extends it, on the boot clock.
    public var until: ContinuousClock.Instant

    public init(header: ClipHeader, until: ContinuousClock.Instant) {
        self.header = header
        self.until = until
    }
}

/// A piece of a fragmented MP4 file (ISO/IEC 14496-12, 8.8). The pieces in order, one after the other, are the file.
public struct Fragment: Sendable {
    /// 0 is the initialization segment (`ftyp` and `moov`, no pictures), the others are `moof` and `mdat`.
    public var index: Int
    public var bytes: SharedBytes
    /// Capture time of its first picture; for the initialization segment the clip's start.
    public var start: ContinuousClock.Instant
    /// End of its last picture.
    public var end: ContinuousClock.Instant
    /// Whether it begins with a key frame.
    public var containsKeyFrame: Bool

    public init(
        index: Int, bytes: SharedBytes, start: ContinuousClock.Instant, end: ContinuousClock.Instant,
        containsKeyFrame: Bool
    ) {
        self.index = index
        self.bytes = bytes
        self.start = start
        self.end = end
        self.containsKeyFrame = containsKeyFrame
    }
}

/// What is known of a clip when it ends.
public struct ClipSummary: Sendable, Hashable {
    public enum Reason: Sendable, Hashable {
        /// Nothing asked for more.
        case motionEnded
        /// A following file goes on.
        case maximumLength
        /// The sink could not keep the clip; a following file goes on.
        case sinkLost
        /// The recorder was stopped.
        case stopped
        /// The source failed, with its reason.
        case sourceLost(String)
    }

    /// End of the last picture, on the boot clock.
    public var end: ContinuousClock.Instant
    public var durationSeconds: Double
    public var reason: Reason
    /// Pictures that were encoded but did not reach the file, because the recorder was slower than the pre-roll is long.
    public var lostPictures: Int

    public init(end: ContinuousClock.Instant, durationSeconds: Double, reason: Reason, lostPictures: Int) {
        self.end = end
        self.durationSeconds = durationSeconds
        self.reason = reason
        self.lostPictures = lostPictures
    }
}

/// Where clips go. Every method returns at once: an implementation hands over to bounded queues of its own.
public protocol ClipSink: Sendable {
    /// A clip begins.
    func open(_ header: ClipHeader) -> any ClipWriter
}

/// Takes one clip. Calls come one at a time: fragments in order; the poster at most once, any time before `close`; `close` exactly once, last.
public protocol ClipWriter: Sendable {
    /// Answers false when the sink cannot keep this clip any more, such as when its file was deleted: the recorder then closes
    /// it at the next key frame and goes on with another.
    func append(_ fragment: Fragment) -> Bool
    /// The clip shows another event, too: one that began while it was open or awaited.
    func shows(_ event: String)
    /// What happened, in one picture: ``RecordingSettings/posterDelay`` after motion began, or the moment of a trigger by hand.
    func poster(_ jpeg: JPEGPicture)
    func close(_ summary: ClipSummary)
}
