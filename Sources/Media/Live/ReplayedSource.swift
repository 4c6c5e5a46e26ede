import Foundation
package import Logging
import Synchronization

/// A few seconds of H.264 that were encoded before, shown again and again at their own pace: for measurements of all that lies behind an
/// encoder.
package final class ReplayedSource: LiveSource {
    /// How the pictures are.
    package static let (width, height, framesPerSecond) = (1280, 720, 30)
    private static let length = 4

    private let units: [AccessUnit]
    let preRoll: PreRollRing?
    let bus: AccessUnitBus
    private let isOver = Mutex(false)
    private let waiting = Mutex(0.0)

    /// Encodes pictures that are as large as the rate allows: noise.
    ///
    /// - Parameters:
    ///   - bitRate: bit/s, about.
    ///   - preRoll: what is kept so that a recorder can reach back; nil: nothing.
    /// - Throws: ``MediaError`` when there is no encoder.
    package init(bitRate: Int, preRoll: Duration? = nil) throws(MediaError) {
        self.preRoll = preRoll.map { PreRollRing(duration: $0, maximumBytes: 32 << 20) }
        bus = self.preRoll.map { AccessUnitBus(preRoll: $0) } ?? AccessUnitBus()
        let encoder = try H264Encoder(
            name: "libx264",
            configuration: .init(width: Self.width, height: Self.height, framesPerSecond: Double(Self.framesPerSecond), bitRate: bitRate))
        let pool = try PicturePool(width: Self.width, height: Self.height)
        let duration = MediaTime.ticksPerSecond / Int64(Self.framesPerSecond)
        var random = SystemRandomNumberGenerator()
        var units: [AccessUnit] = []
        // The first second only fills the encoder's reserve: a cold start spends more than its rate.
        let warmUp = Self.framesPerSecond * 2
        for number in 0..<(Self.length * Self.framesPerSecond + warmUp) {
            let picture = try pool.picture(captured: .now, duration90k: duration) { Self.draw(number, on: $0, using: &random) }
            let isKeyFrame = number % (2 * Self.framesPerSecond) == 0
            for output in try encoder.encode(picture, pts90k: Int64(number) * duration, forceKeyFrame: isKeyFrame) where number >= warmUp {
                units.append(
                    AccessUnit(
                        codec: .h264, bytes: SharedBytes(output.bytes), pts90k: 0, duration90k: duration, isKeyFrame: output.isKeyFrame,
                        captured: .now))
            }
        }
        self.units = units
    }

    private static func draw(_ number: Int, on canvas: YUVCanvas, using random: inout some RandomNumberGenerator) {
        for row in 0..<canvas.height {
            let line = canvas.y + row * canvas.lumaStride
            var noise = UInt64.random(in: 0 ... .max, using: &random)
            for column in 0..<canvas.width {
                // One pixel in four changes in each picture: a busy scene, and no more than an encoder can follow.
                if column & 3 == 0 { noise = noise &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407 }
                line[column] = UInt8(truncatingIfNeeded: 40 + (row + column + 4 * number) % 160 + Int(noise >> 60))
            }
        }
        for row in 0..<canvas.height / 2 {
            (canvas.u + row * canvas.chromaStride).update(repeating: 128, count: canvas.width / 2)
            (canvas.v + row * canvas.chromaStride).update(repeating: 128, count: canvas.width / 2)
        }
    }

    /// Of the pictures alone, bit/s.
    package var bitRate: Int { units.reduce(0) { $0 + $1.bytes.count } * 8 / Self.length }

    /// Processor time, in seconds, that ``run(_:)`` has spent beside handing pictures over: with sleeping and waking, in place of a camera.
    package var secondsBeside: Double { waiting.withLock(\.self) }

    /// Only the main stream exists; the small one is the same.
    public func subscribe(to stream: LiveStream, name: String, capacity: Int) -> AccessUnitSubscription { bus.subscribe(name: name, capacity: capacity) }

    /// The next one is never further than two seconds.
    public func requestKeyFrame(of stream: LiveStream) {}

    /// Shows them until ``stop()``, on this thread, as an encoder would.
    ///
    /// - Parameter also: gets each picture, too.
    package func run(_ also: (AccessUnit) -> Void = { _ in }) {
        let began = ContinuousClock.now
        var number = 0
        var handedOver = Self.threadSeconds
        while !isOver.withLock({ $0 }), !units.isEmpty {
            var unit = units[number % units.count]
            unit.pts90k = Int64(number) * unit.duration90k
            unit.captured = .now
            let beside = Self.threadSeconds - handedOver
            waiting.withLock { $0 += beside }
            bus.publish(unit)
            also(unit)
            handedOver = Self.threadSeconds
            number += 1
            let left = began + MediaTime.duration(ticks90k: Int64(number) * unit.duration90k) - .now
            if left > .zero { Thread.sleep(forTimeInterval: left.inSeconds) }
        }
    }

    /// Processor time of this thread.
    private static var threadSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Records what is shown, as a camera's recorder would; needs a pre-roll.
    package func recorder(settings: RecordingSettings, sink: any ClipSink, logger: Logger) -> Recorder? {
        guard let preRoll else { return nil }
        var status = CameraStatus()
        (status.state, status.width, status.height, status.framesPerSecond) = (.running, Self.width, Self.height, Double(Self.framesPerSecond))
        return Recorder(
            input: .init(bus: bus, preRoll: preRoll, format: { [status] in status }, still: { nil }, now: { .now }, gathering: Recorder.usualGathering), settings: settings, sink: sink,
            logger: logger)
    }

    package func stop() { isOver.withLock { $0 = true } }
}
