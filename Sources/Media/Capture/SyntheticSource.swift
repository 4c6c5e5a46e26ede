import Foundation

/// Plays a `SyntheticScene` in real time.
final class SyntheticSource: PictureSource {
    let format: SourceFormat
    private let pool: PicturePool
    private var renderer: SceneRenderer
    private let wallClock: @Sendable () -> Date
    private let start: ContinuousClock.Instant
    private var nextPicture: Int64 = 0
    private var nextSound: Int64 = 0
    private let sound: SceneSound?
    private let framesPerSecond: Int64
    private var stamp = ClockStamp()

    init(settings: CameraSettings, wallClock: @escaping @Sendable () -> Date, stop: StopSignal) throws(MediaError) {
        let width = settings.width & ~1
        let height = settings.height & ~1
        guard (64...7680).contains(width), (64...7680).contains(height), (1...120).contains(settings.framesPerSecond) else {
            throw MediaError(
                operation: "make the synthetic scene", text: "\(settings.width)x\(settings.height) at \(settings.framesPerSecond) is out of range",
                cure: "Choose 64x64 to 7680x7680 at 1 to 120 pictures per second.")
        }
        let scene = SyntheticScene(seed: settings.seed)
        renderer = SceneRenderer(scene: scene, width: width, height: height, label: settings.name, shouldStop: { stop.isStopped })
        pool = try PicturePool(width: width, height: height)
        sound = settings.audio ? SceneSound(scene: scene) : nil
        framesPerSecond = Int64(settings.framesPerSecond)
        format = SourceFormat(
            width: width, height: height, framesPerSecond: Double(settings.framesPerSecond), hasAudio: settings.audio)
        self.wallClock = wallClock
        start = .now
    }

    func next(stop: StopSignal) throws(MediaError) -> CaptureItem? {
        let pictureDue = start + .nanoseconds(nextPicture * 1_000_000_000 / framesPerSecond)
        let soundDue = start + .milliseconds(20 * (nextSound + 1))
        if let sound, soundDue <= pictureDue {
            guard stop.wait(until: soundDue) else { return nil }
            let captured = start + .milliseconds(20 * nextSound)
            let samples = sound.samples(from: nextSound * 960, count: 960)
            nextSound += 1
            return .sound(SoundBlock(samples: samples, captured: captured))
        }
        // A camera that could not keep up shows the present, not the past.
        let elapsed = ContinuousClock.now - start
        let present = Int64(elapsed.inSeconds * Double(framesPerSecond))
        if present > nextPicture + framesPerSecond / 2 {
            nextPicture = present
            nextSound = max(nextSound, Int64(elapsed.inSeconds * 50))
        }
        let captured = start + .nanoseconds(nextPicture * 1_000_000_000 / framesPerSecond)
        guard stop.wait(until: captured) else { return nil }
        let text = stamp.text(at: wallClock())
        let time = Double(nextPicture) / Double(framesPerSecond)
        let picture = try pool.picture(captured: captured, duration90k: MediaTime.ticksPerSecond / framesPerSecond) { canvas in
            renderer.render(time: time, clock: text, into: canvas)
        }
        nextPicture += 1
        return .picture(picture)
    }
}

/// The date and time as burnt into pictures, in the machine's zone; made anew once a second.
struct ClockStamp {
    private var second = Int.min
    private var cached = ""

    mutating func text(at date: Date) -> String {
        let seconds = Int(date.timeIntervalSince1970.rounded(.down))
        guard seconds != second else { return cached }
        second = seconds
        var time = time_t(seconds)
        var parts = tm()
        localtime_r(&time, &parts)
        cached = String(
            format: "%04d-%02d-%02d %02d:%02d:%02d", Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday),
            Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
        return cached
    }
}
