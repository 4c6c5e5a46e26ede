import Foundation

@testable import Media

let origin = ContinuousClock.Instant.now

func at(_ seconds: Double) -> ContinuousClock.Instant { origin + .seconds(seconds) }

/// The same moment, for what is decided packet by packet.
func at(_ seconds: Double) -> MonotonicTime { MonotonicTime(at(seconds) as ContinuousClock.Instant) }

/// An access unit with made-up bytes, for rules that do not look into them.
func picture(_ seconds: Double, key: Bool = false, bytes: Int = 100, sequence: UInt64 = 0) -> AccessUnit {
    var unit = AccessUnit(
        codec: .h264, bytes: SharedBytes([UInt8](repeating: 1, count: bytes)), pts90k: Int64((seconds * 90_000).rounded()),
        duration90k: 9000, isKeyFrame: key, captured: at(seconds))
    unit.sequence = sequence
    return unit
}

func sound(_ seconds: Double) -> AccessUnit {
    AccessUnit(
        codec: .opus, bytes: SharedBytes([1, 2, 3]), pts90k: Int64((seconds * 90_000).rounded()), duration90k: 1800,
        isKeyFrame: true, captured: at(seconds))
}

/// Really encoded seconds of a synthetic scene with sound: what a camera would publish, made as fast as the machine can.
enum EncodedScene {
    static func make(
        seconds: Double, width: Int = 320, height: Int = 180, framesPerSecond: Int = 10, keyFrameEvery: Double = 1,
        from start: Double = 0, dropping: (Int) -> Bool = { _ in false }, soundFrom: Double = 0
    ) throws -> [AccessUnit] {
        let scene = SyntheticScene(seed: 3)
        var renderer = SceneRenderer(scene: scene, width: width, height: height, label: "test")
        let pool = try PicturePool(width: width, height: height)
        let encoder = try EncoderProbe.firstWorking(
            .init(width: width, height: height, framesPerSecond: Double(framesPerSecond), bitRate: 1_000_000))
        let opus = try OpusEncoder()
        let tones = SceneSound(scene: scene)
        var units: [AccessUnit] = []
        var nextSound = 0
        for index in 0..<Int(seconds * Double(framesPerSecond)) {
            let time = Double(index) / Double(framesPerSecond)
            while Double(nextSound) * 0.02 <= time {
                let samples = tones.samples(from: Int64(nextSound * 960), count: 960)
                if Double(nextSound) * 0.02 >= soundFrom {
                    units.append(
                        AccessUnit(
                            codec: .opus, bytes: SharedBytes(try opus.encode(samples[...])), pts90k: Int64(nextSound) * 1800,
                            duration90k: 1800, isKeyFrame: true, captured: at(Double(nextSound) * 0.02)))
                }
                nextSound += 1
            }
            if dropping(index) { continue }
            let drawn = try pool.picture(captured: at(time), duration90k: Int64(90_000 / framesPerSecond)) {
                renderer.render(time: start + time, clock: "2026-01-01 00:00:00", into: $0)
            }
            let isKey = index % max(1, Int(keyFrameEvery * Double(framesPerSecond))) == 0
            for output in try encoder.encode(drawn, pts90k: Int64((time * 90_000).rounded()), forceKeyFrame: isKey) {
                units.append(
                    AccessUnit(
                        codec: .h264, bytes: SharedBytes(output.bytes), pts90k: output.pts90k,
                        duration90k: Int64(90_000 / framesPerSecond), isKeyFrame: output.isKeyFrame, captured: at(time)))
            }
        }
        return units
    }
}
