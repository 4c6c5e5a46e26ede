import Foundation
import Logging
import Synchronization

/// The camera's second stream, small and cheap, for grids and for narrow links: encoded once for all who watch, on a thread of its own, and
/// only while somebody does.
///
/// Newest picture only: a slow machine encodes fewer of them, and the main stream never waits.
final class SmallStream: @unchecked Sendable {
    // Invariant behind @unchecked: every stored `var` below is touched only while `condition` is locked, except `encoder`, `scaler` and
    // `parameterSets`, `lastKeyFrame`, `lastPts90k`, which belong to the stream's thread alone.
    private let worker = WorkerThread(name: "small stream")
    private var condition: NSCondition { worker.condition }
    private var latest: Picture?
    private var next: ContinuousClock.Instant?
    private var wantsKeyFrame = false
    private var askedForKeyFrame: ContinuousClock.Instant?

    private var encoder: H264Encoder?
    private let scaler = Scaler()
    private var parameterSets = ParameterSets()
    private var lastKeyFrame: ContinuousClock.Instant?
    private var lastPts90k: Int64 = .min

    /// What comes out of it. Whoever subscribes makes it work.
    let bus = AccessUnitBus()
    private let settings: SmallStreamSettings
    private let keyFrameInterval: Duration
    private let mediaTime: @Sendable (ContinuousClock.Instant) -> Int64

    init(settings: SmallStreamSettings, keyFrameInterval: Duration, mediaTime: @escaping @Sendable (ContinuousClock.Instant) -> Int64) {
        self.settings = settings
        self.keyFrameInterval = keyFrameInterval
        self.mediaTime = mediaTime
    }

    /// Gives the newest picture; called by the encode thread, never waits.
    func offer(_ picture: Picture) {
        guard bus.hasSubscribers else { return }
        condition.lock()
        defer { condition.unlock() }
        // Half a frame of tolerance, as for stills.
        let interval = Duration.seconds(1 / settings.framesPerSecond)
        let tolerance = min(MediaTime.duration(ticks90k: picture.duration90k) / 2, interval / 2)
        if let next, picture.captured + tolerance < next { return }
        next = max((next ?? picture.captured) + interval, picture.captured + interval / 2)
        latest = picture
        condition.signal()
    }

    /// The next picture is to be one that decoding can begin with; at most one in 500 ms, what comes sooner is remembered until then.
    func requestKeyFrame() {
        condition.lock()
        defer { condition.unlock() }
        wantsKeyFrame = true
    }

    /// The source broke off: what follows may have another size.
    func interrupt(reason: String) {
        condition.lock()
        latest = nil
        next = nil
        wantsKeyFrame = true
        condition.unlock()
        bus.interrupt(reason: reason)
    }

    /// Runs the stream's thread until cancelled.
    func run() async { await worker.run { self.work() } }

    private func work() {
        while let (picture, isKeyFrameAsked) = nextPicture() {
            do throws(MediaError) {
                try encode(picture, isKeyFrameAsked)
            } catch {
                // A source of another size, or no memory: begin anew with the next picture.
                encoder = nil
                requestKeyFrame()
            }
        }
        encoder = nil
    }

    private func nextPicture() -> (Picture, Bool)? {
        condition.lock()
        defer { condition.unlock() }
        while worker.isRunning, latest == nil { condition.wait() }
        guard worker.isRunning, let picture = latest else { return nil }
        latest = nil
        let mayAsk = askedForKeyFrame.map { picture.captured - $0 >= .milliseconds(500) } ?? true
        guard wantsKeyFrame, mayAsk else { return (picture, false) }
        wantsKeyFrame = false
        askedForKeyFrame = picture.captured
        return (picture, true)
    }

    private func encode(_ picture: Picture, _ isKeyFrameAsked: Bool) throws(MediaError) {
        let size = StillSize(width: settings.width, of: picture)
        let small = try picture.scaled(width: size.width, height: size.height, by: scaler)
        if encoder?.configuration.width != size.width || encoder?.configuration.height != size.height {
            encoder = try EncoderProbe.firstWorking(
                H264Encoder.Configuration(
                    width: size.width, height: size.height, framesPerSecond: settings.framesPerSecond, bitRate: settings.bitRate))
            parameterSets = ParameterSets()
            lastKeyFrame = nil
        }
        let pts90k = mediaTime(picture.captured)
        guard let encoder, pts90k > lastPts90k else { return }
        lastPts90k = pts90k
        let isDue = lastKeyFrame.map { picture.captured - $0 >= keyFrameInterval } ?? true
        if isDue || isKeyFrameAsked { lastKeyFrame = picture.captured }
        for output in try encoder.encode(small, pts90k: pts90k, forceKeyFrame: isDue || isKeyFrameAsked) {
            let bytes = output.isKeyFrame ? parameterSets.completing(keyFrame: output.bytes) : output.bytes
            bus.publish(
                AccessUnit(
                    codec: .h264, bytes: SharedBytes(bytes), pts90k: output.pts90k,
                    duration90k: MediaTime.ticks90k(.seconds(1 / settings.framesPerSecond)), isKeyFrame: output.isKeyFrame, captured: picture.captured))
        }
    }
}

/// The camera's second stream.
public struct SmallStreamSettings: Sendable, Hashable {
    /// In pixels, even; a narrower picture keeps its own width. The height follows. Default 640.
    public var width = 640
    /// At most so many. Default 15.
    public var framesPerSecond = 15.0
    /// The most to spend, bits per second over about one second. Default 500 kbit/s.
    public var bitRate = 500_000

    public init() {}
}
