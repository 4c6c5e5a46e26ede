/// What a camera is doing now.
public struct CameraStatus: Sendable, Hashable {
    public enum State: Sendable, Hashable {
        /// The source or the encoder is being opened.
        case starting
        /// Pictures flow.
        case running
        /// The source or the encoder failed; it is tried again with growing pauses.
        case failed(MediaProblem)
        /// There is no camera: `source = none`, or `auto` found no device (it keeps looking).
        case none
    }

    public var state: State = .starting
    /// Size of the pictures in pixels; 0 until the first one.
    public var width = 0
    public var height = 0
    /// The source's own rate, pictures per second; 0 until it is known.
    public var framesPerSecond = 0.0
    /// The codec on the bus.
    public var codec: AccessUnit.Codec = .h264
    /// Name of the encoder in libavcodec; empty while there is none, as in pass-through.
    public var encoder = ""
    /// Whether the source's own H.264 is passed on without encoding.
    public var passThrough = false
    /// Whether something moves now.
    public var motion = false
    /// How much moves, 0…1: the share of the picture that differs from the empty scene.
    public var motionLevel = 0.0
    /// Pictures seen since this camera object began.
    public var pictures = 0
    /// Pictures dropped because the encoder was slower than the source.
    public var droppedPictures = 0
    /// Whether sound packets are on the bus.
    public var hasAudio = false

    public init() {}

    /// Whether a reader of changes needs to hear of it: counters and levels alone are no change.
    func differsVisibly(from other: CameraStatus) -> Bool {
        var mine = self
        mine.motionLevel = other.motionLevel
        mine.pictures = other.pictures
        mine.droppedPictures = other.droppedPictures
        return mine != other
    }
}

/// A still picture.
public struct JPEGPicture: Sendable {
    /// The JPEG file (JFIF, BT.601 full range, 4:2:0).
    public var bytes: [UInt8]
    public var width: Int
    public var height: Int
    /// When the picture was captured, on the boot clock.
    public var captured: ContinuousClock.Instant

    public init(bytes: [UInt8], width: Int, height: Int, captured: ContinuousClock.Instant) {
        self.bytes = bytes
        self.width = width
        self.height = height
        self.captured = captured
    }
}
