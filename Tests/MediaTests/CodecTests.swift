import Foundation
import Testing

@testable import Media

@Suite struct AnnexBTests {
    @Test func findsUnitsAfterShortAndLongStartCodes() {
        let bytes: [UInt8] = [0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65, 9, 0, 0, 3, 1, 0, 0]
        let units = bytes.withUnsafeBytes { buffer in AnnexB.units(in: buffer).map { Array(buffer[$0]) } }
        #expect(units == [[0x67, 1, 2], [0x68, 3], [0x65, 9, 0, 0, 3, 1]])
    }

    @Test func isTotalOnAnything() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(state: seed)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
                UInt8([0, 0, 0, 1, 2, 0x67, 0x68].randomElement(using: &generator) ?? 0)
            }
            bytes.withUnsafeBytes { buffer in
                let units = AnnexB.units(in: buffer)
                for range in units { #expect(!range.isEmpty && range.upperBound <= bytes.count, "seed \(seed): \(bytes)") }
                #expect(zip(units, units.dropFirst()).allSatisfy { $0.upperBound + 3 <= $1.lowerBound }, "seed \(seed): \(bytes)")
            }
            var sets = ParameterSets()
            _ = sets.completing(keyFrame: bytes)
        }
    }

    @Test func addsParameterSetsOnlyWhereTheyAreMissing() {
        var sets = ParameterSets()
        let full: [UInt8] = [0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65, 3]
        let bare: [UInt8] = [0, 0, 0, 1, 0x65, 4]
        #expect(sets.completing(keyFrame: bare) == bare, "nothing is known yet")
        #expect(sets.completing(keyFrame: full) == full)
        #expect(sets.completing(keyFrame: bare) == Array(full.prefix(12)) + bare)
    }
}

@Suite struct EncoderTests {
    @Test func theProbeFindsTheSoftwareEncoderAndSaysWhyTheHardwareOneIsMissing() {
        let reports = EncoderProbe.probe()
        #expect(reports.map(\.name) == ["h264_v4l2m2m", "libx264"])
        #expect(reports.last?.works == true)
        for report in reports { #expect(report.works == (report.problem == nil)) }
        for report in reports where !report.works { #expect(report.problem?.cure.isEmpty == false) }
    }

    @Test func keyFramesCarryParameterSetsAndComeWhenAsked() throws {
        let units = try EncodedScene.make(seconds: 4, keyFrameEvery: 2).filter { $0.codec == .h264 }
        #expect(units.count == 40)
        #expect(units.indices.filter { units[$0].isKeyFrame } == [0, 20])
        for unit in units {
            var sets = ParameterSets()
            #expect(sets.update(from: unit.bytes.bytes) == unit.isKeyFrame)
        }
        #expect(units.map(\.pts90k) == (0..<40).map { $0 * 9000 }, "no B-frames: out in the order they went in")
    }

    @Test func anImpossibleSizeIsAnErrorWithItsCure() {
        #expect(throws: MediaError.self) {
            _ = try H264Encoder(
                name: "libx264", configuration: .init(width: 0, height: 0, framesPerSecond: 30, bitRate: 1_000_000))
        }
    }

    @Test func stillsKeepTheShapeAndNeverGrow() {
        #expect(StillSize(width: nil, pictureWidth: 1920, pictureHeight: 1080).height == 1080)
        let small = StillSize(width: 641, pictureWidth: 1920, pictureHeight: 1080)
        #expect(small.width == 640 && small.height == 360)
        #expect(StillSize(width: 4000, pictureWidth: 768, pictureHeight: 432).width == 768)
        for width in [-5, 0, 1, 17] {
            let size = StillSize(width: width, pictureWidth: 1920, pictureHeight: 1080)
            #expect(size.width >= 16 && size.height >= 2 && size.width % 2 == 0 && size.height % 2 == 0)
        }
    }

    @Test func mediaTimeIsExact() {
        #expect(MediaTime.ticks90k(.seconds(1)) == 90_000)
        #expect(MediaTime.ticks90k(.milliseconds(20)) == 1800)
        #expect(MediaTime.ticks90k(.nanoseconds(33_333_333)) == 3000)
        #expect(MediaTime.ticks90k(.seconds(-2) + .milliseconds(500)) == -135_000)
        for ticks in [0, 1, 3000, 89_999, 90_001, 123_456_789] as [Int64] {
            #expect(MediaTime.ticks90k(MediaTime.duration(ticks90k: ticks)) == ticks)
        }
    }
}

@Suite struct SoundFramerTests {
    @Test func cutsSteadyPacketsFromUnevenBlocks() {
        var framer = SoundFramer()
        var frames: [SoundFramer.Frame] = []
        var sent = 0
        for count in [100, 2000, 960, 3, 1500, 5000] {
            frames += framer.push(
                SoundBlock(samples: [Float](repeating: 0, count: count), captured: at(Double(sent) / 48_000 + 0.003)))
            sent += count
        }
        #expect(frames.count == sent / 960)
        for (index, frame) in frames.enumerated() {
            #expect(abs((frame.captured - at(0.003)).inSeconds - Double(index) * 0.02) < 1e-6)
            #expect(frame.samples.count == 960)
        }
    }

    @Test func aGapBeginsANewRun() {
        var framer = SoundFramer()
        _ = framer.push(SoundBlock(samples: [Float](repeating: 0, count: 500), captured: at(0)))
        let frames = framer.push(SoundBlock(samples: [Float](repeating: 0, count: 960), captured: at(3)))
        #expect(frames.map(\.captured) == [at(3)])
    }
}
