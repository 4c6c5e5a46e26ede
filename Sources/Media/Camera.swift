public import Foundation
public import Logging

/// One camera of this node: opens its source, encodes, watches for motion, and offers all of it to any number of consumers. A failing source
/// is reported with its cure and tried again with growing pauses (1 s doubled to 30 s, with jitter); it never throws.
///
/// Memory: the pre-roll (`preRollBytes`), at most 6 decoded pictures between the threads, one in each encoder, one for stills, and each
/// subscription's own queue.
public final class Camera: Sendable {
    /// Every access unit, as it leaves the encoder.
    public let bus: AccessUnitBus
    /// The small stream's, pictures only; encoded only while somebody subscribes.
    public let smallBus: AccessUnitBus
    /// The last seconds, cut at key frames.
    public let preRoll: PreRollRing

    private let settings: CameraSettings
    private let wallClock: @Sendable () -> Date
    private let logger: Logger
    private let outlet: CameraOutlet
    private let backOff: BackOff

    /// - Parameters:
    ///   - wallClock: The node's estimate of the time of day; used for the clock that `synthetic` burns in, and for nothing else.
    public convenience init(settings: CameraSettings, wallClock: @escaping @Sendable () -> Date, logger: Logger) {
        self.init(settings: settings, wallClock: wallClock, logger: logger, backOff: BackOff())
    }

    /// - Parameter backOff: between tries to open a source that fails.
    init(settings: CameraSettings, wallClock: @escaping @Sendable () -> Date, logger: Logger, backOff: BackOff) {
        self.backOff = backOff
        self.settings = settings
        self.wallClock = wallClock
        self.logger = logger
        preRoll = PreRollRing(duration: settings.preRoll, maximumBytes: settings.preRollBytes)
        outlet = CameraOutlet(preRoll: preRoll, small: settings.small, keyFrameInterval: settings.keyFrameInterval, epoch: .now)
        bus = outlet.bus
        smallBus = outlet.small.bus
    }

    /// Runs the camera until the task is cancelled, which takes at most 300 ms; all its threads have ended when this returns.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.outlet.studio.run() }
            group.addTask { await self.outlet.small.run() }
            group.addTask { await self.attempts() }
            await group.waitForAll()
        }
    }

    private func attempts() async {
        var backOff = backOff
        var rng = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            guard let source = presentSource() else {
                outlet.set(.none)
                // Plugging in a camera must be enough; looking for one costs a directory listing.
                let pause: Duration = settings.source == .auto ? .seconds(5) : .seconds(3600)
                try? await Task.sleep(for: pause)
                continue
            }
            let began = ContinuousClock.now
            let pipeline = makePipeline(source)
            outlet.began(dropped: { pipeline.droppedPictures })
            switch await pipeline.run() {
            case .stopped:
                outlet.ended(.starting, reason: "the camera was stopped", at: .now)
                return
            case .failed(let error):
                outlet.ended(.failed(error.problem), reason: error.message, at: .now)
                logger.debug("camera failed", metadata: ["source": "\(source)", "error": "\(error)"])
            }
            if ContinuousClock.now - began > .seconds(10) { backOff.reset() }
            try? await Task.sleep(for: backOff.next(rng: &rng))
        }
    }

    /// The source to open now; nil while there is none.
    private func presentSource() -> CameraSettings.Source? {
        switch settings.source {
        case .none: nil
        case .auto: V4L2Devices.firstCamera().map { .v4l2($0) }
        case .file, .synthetic, .stamped, .v4l2: settings.source
        }
    }

    private func makePipeline(_ source: CameraSettings.Source) -> CameraPipeline {
        let settings = settings
        let wallClock = wallClock
        let outlet = outlet
        return CameraPipeline(
            openSource: { (stop) throws(MediaError) in
                switch source {
                case .file(let path):
                    try FileSource(path: path, audio: settings.audio, keyFrameInterval: settings.keyFrameInterval)
                case .v4l2(let path): try V4L2Source(path: path, settings: settings)
                case .stamped: try StampedSource(settings: settings)
                case .synthetic, .auto, .none: try SyntheticSource(settings: settings, wallClock: wallClock, stop: stop)
                }
            },
            makeEncoder: { (format) throws(MediaError) in
                try EncodeLoop(settings: settings, format: format, outlet: outlet)
            })
    }

    /// What the camera does now.
    public var status: CameraStatus { outlet.status }

    /// The status whenever its state, size or motion changes; the present one first, newest only.
    public func statusChanges() -> AsyncStream<CameraStatus> {
        outlet.statuses.stream(first: outlet.status)
    }

    /// Motion as it begins, lasts (every second) and ends. A reader more than 16 events behind loses the oldest.
    public func motionEvents() -> AsyncStream<MotionEvent> {
        outlet.motions.stream()
    }

    /// The last decoded picture as a JPEG, encoded once per width for all who ask.
    /// - Parameter width: In pixels; nil or more than the picture has: its own width.
    /// - Throws: `MediaError` while there is no picture, or when 64 others are waiting.
    public func snapshot(width: Int? = nil) async throws(MediaError) -> JPEGPicture {
        try await outlet.studio.still(width: width)
    }

    /// Pictures for an MJPEG stream: newest only, encoded once per width and picture for all viewers, and only while someone looks.
    /// At most 64 viewers; for the next the stream ends at once.
    /// - Parameters:
    ///   - width: As for `snapshot`.
    ///   - framesPerSecond: At most so many, 0.1…60.
    public func pictures(width: Int?, framesPerSecond: Double) -> AsyncStream<JPEGPicture> {
        outlet.studio.stream(width: width, framesPerSecond: framesPerSecond)
    }

    /// One of the two streams as an endless file; see ``LiveMovie``.
    /// - Throws: `MediaError` while the camera does not run.
    public func movie(_ stream: LiveStream) throws(MediaError) -> LiveMovie {
        let status = status
        guard case .running = status.state else {
            throw MediaError(operation: "show \(settings.name) live", text: "it does not run now", cure: "Its page shows what is wrong with it.")
        }
        let subscription = subscribe(to: stream, name: "movie", capacity: 60)
        let size = StillSize(width: stream == .small ? settings.small.width : nil, pictureWidth: status.width, pictureHeight: status.height)
        return LiveMovie(
            subscription, width: size.width, height: size.height,
            framesPerSecond: stream == .small ? min(settings.small.framesPerSecond, status.framesPerSecond) : status.framesPerSecond)
    }

    /// Begins a subscription to one of the two streams, and asks it for a key frame to begin with.
    public func subscribe(to stream: LiveStream, name: String, capacity: Int) -> AccessUnitSubscription {
        let subscription = (stream == .small ? smallBus : bus).subscribe(name: name, capacity: capacity)
        requestKeyFrame(of: stream)
        return subscription
    }

    /// As ``requestKeyFrame()``, of either stream.
    public func requestKeyFrame(of stream: LiveStream) {
        if stream == .small { outlet.small.requestKeyFrame() } else { outlet.requestKeyFrame() }
    }

    /// Asks for a key frame as soon as possible, at most one per 500 ms. A source that is passed through cannot be asked.
    public func requestKeyFrame() {
        outlet.requestKeyFrame()
    }
}
