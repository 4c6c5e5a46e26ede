/// Where pictures come from. Opened, read and closed (by its deinit) on the capture thread alone.
protocol PictureSource: AnyObject {
    /// What the source delivers, known once it is open.
    var format: SourceFormat { get }

    /// Blocks until the next item is due and answers it; nil when `stop` was given. A damaged piece of the source is skipped, not thrown.
    func next(stop: StopSignal) throws(MediaError) -> CaptureItem?
}

struct SourceFormat: Sendable, Hashable {
    var width: Int
    var height: Int
    var framesPerSecond: Double
    var hasAudio: Bool
    /// Whether `.encoded` items come and pictures are only to be looked at.
    var passThrough = false
}

/// What a source hands over.
enum CaptureItem: Sendable {
    case picture(Picture)
    /// H.264 as the source made it, Annex B with parameter sets before key frames.
    case encoded(EncodedPicture)
    case sound(SoundBlock)
}

struct EncodedPicture: Sendable {
    var bytes: [UInt8]
    var isKeyFrame: Bool
    var captured: ContinuousClock.Instant
    var duration90k: Int64
}

/// Sound samples, 48 kHz, mono, -1…1.
struct SoundBlock: Sendable {
    var samples: [Float]
    /// When the first sample was captured, on the boot clock.
    var captured: ContinuousClock.Instant
}
