/// Everything one camera can be told. The defaults run without any of it being set.
public struct CameraSettings: Sendable, Hashable {
    /// Where pictures and sound come from. Default `.auto`.
    public var source: Source = .auto
    /// Width asked for in pixels, even, 16…7680. Default 1920. A file keeps its own size; a device takes the nearest it has.
    public var width = 1920
    /// Height asked for in pixels, even, 16…7680. Default 1080.
    public var height = 1080
    /// Pictures per second asked for, 1…120. Default 30. A file keeps its own rate.
    public var framesPerSecond = 30
    /// The most the video encoder may spend, bits per second over about a second. Default 4 Mbit/s; a quiet scene needs far less.
    public var bitRate = 4_000_000
    /// Time between key frames. Default 2 s: what a clip's beginning and a late viewer can be off by.
    public var keyFrameInterval: Duration = .seconds(2)
    /// Whether sound is taken where the source has it. Default true.
    public var audio = true
    /// What `synthetic` is made of: the same seed shows the same yard and the same visitors. Default 1.
    public var seed: UInt64 = 1
    /// The camera's name, burnt in beside the clock by `synthetic`.
    public var name = "camera"
    /// How much is held in memory before a trigger. Default 10 s.
    public var preRoll: Duration = .seconds(10)
    /// How many bytes that may take at most. Default 32 MiB.
    public var preRollBytes = 32 << 20
    /// Motion detection.
    public var motion = MotionSettings()
    /// The second stream, for grids and narrow links.
    public var small = SmallStreamSettings()

    public init() {}

    /// As `init()`, with the source and name given.
    public init(source: Source, name: String = "camera", seed: UInt64 = 1) {
        self.source = source
        self.name = name
        self.seed = seed
    }
}
