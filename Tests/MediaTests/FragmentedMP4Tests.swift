import Foundation
import TestSupport
import Testing

@testable import Media

/// What we write, judged by ffprobe and ffmpeg.
@Suite struct FragmentedMP4Tests {
    /// Muxes units as a recorder would: cut every half second of pictures and at key frames.
    private func mux(_ units: [AccessUnit]) throws -> [[UInt8]] {
        guard let first = units.first(where: \.isVideoKeyFrame) else { return [] }
        var sets = ParameterSets()
        #expect(sets.update(from: first.bytes.bytes) == true)
        let muxer = try FragmentedMP4Muxer(
            video: .init(width: 320, height: 180, framesPerSecond: 10, parameterSets: try #require(sets.annexB)), hasAudio: true)
        var pieces = [muxer.initializationSegment]
        var plan = RecordingPlan(settings: RecordingSettings())
        _ = plan.request(RecordingRequest(event: "e", kind: "k", triggered: at(0), from: at(0), until: at(1000)))
        for unit in units {
            for action in plan.unit(unit) {
                switch action {
                case .append(let unit): try muxer.append(unit, pts90k: unit.pts90k - first.pts90k)
                case .cut(let next, _, _): pieces.append(try muxer.cut(at: next.pts90k - first.pts90k))
                case .open, .close: continue
                }
            }
        }
        pieces.append(try muxer.finish())
        return pieces
    }

    private func packets(_ path: String, stream: String) throws -> [(pts: Double, isKey: Bool)] {
        let probe = try Tool([
            "ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0", path,
        ])
        #expect(probe.status == 0 && probe.errors.isEmpty, "\(probe.errors)")
        return probe.output.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ",")
            guard let time = fields.first.flatMap({ Double($0) }), fields.count > 1 else { return nil }
            return (time, fields[1].contains("K"))
        }
    }

    private func decodedPictures(_ path: String) throws -> (count: Int, errors: String) {
        let run = try Tool(["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-map", "0:v", "-f", "framecrc", "-"])
        return (run.output.split(separator: "\n").filter { !$0.hasPrefix("#") }.count, run.errors)
    }

    @Test func playsWithoutAnyComplaint() throws {
        let scratch = try ScratchDirectory()
        let units = try EncodedScene.make(seconds: 6)
        let pieces = try mux(units)
        let path = scratch.file("clip.mp4")
        try Data(pieces.joined()).write(to: URL(filePath: path))
        let run = try Tool(["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-f", "null", "-"])
        #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
        let video = try packets(path, stream: "v")
        #expect(video.count == 60)
        #expect(video.first?.pts == 0 && video.first?.isKey == true)
        #expect(video.filter(\.isKey).count == 6)
        let audio = try packets(path, stream: "a")
        #expect(abs(audio.count - 295) <= 1)
        let streams = try Tool(["ffprobe", "-v", "error", "-show_entries", "stream=codec_tag_string", "-of", "csv=p=0", path])
        #expect(streams.output.split(separator: "\n") == ["avc1", "Opus"])
        // One init segment, then two fragments a second.
        #expect(pieces.count == 13, "\(pieces.map(\.count))")
        #expect(pieces.allSatisfy { !$0.isEmpty })
    }

    @Test func keepsTimeOverDroppedPicturesAndLateSound() throws {
        let scratch = try ScratchDirectory()
        // Pictures missing in the middle and at a fragment's border; sound begins at 0.34 s.
        let dropped: Set<Int> = [4, 5, 14, 15, 16, 33]
        let units = try EncodedScene.make(
            seconds: 5, keyFrameEvery: 2, dropping: { dropped.contains($0) }, soundFrom: 0.34)
        let path = scratch.file("clip.mp4")
        try Data(try mux(units).joined()).write(to: URL(filePath: path))
        let video = try packets(path, stream: "v")
        let expected = (0..<50).filter { !dropped.contains($0) }.map { Double($0) / 10 }
        #expect(video.count == expected.count)
        for (packet, time) in zip(video, expected) { #expect(abs(packet.pts - time) < 0.001) }
        let audio = try packets(path, stream: "a")
        // Silence from the start on, then the first sound where it belongs.
        #expect(audio.first?.pts == 0)
        #expect(abs((audio.dropFirst().first?.pts ?? -1) - 0.34) < 0.001, "\(audio.prefix(3))")
        #expect(abs((audio.last?.pts ?? -1) - 4.9) < 0.021)
    }

    @Test func everyBeginningOfTheFilePlays() throws {
        let scratch = try ScratchDirectory()
        var units = try EncodedScene.make(seconds: 3)
        // Filler data (H.264, 7.3.2.7) in the first picture, so that the second fragment's moof would lie across the border of two pages.
        let first = try #require(units.firstIndex { $0.isVideoKeyFrame })
        let end = try mux(units).prefix(2).reduce(0) { $0 + $1.count }
        let filler = [0, 0, 0, 1, 0x0c] + [UInt8](repeating: 0xff, count: 4096 + 4096 - 150 - end % 4096 - 6) + [0x80]
        let picture = units[first]
        units[first] = AccessUnit(
            codec: .h264, bytes: SharedBytes(picture.bytes.bytes + filler), pts90k: picture.pts90k, duration90k: picture.duration90k,
            isKeyFrame: true, captured: picture.captured)
        let pieces = try mux(units)
        let whole = Array(pieces.joined())
        var ends: [Int] = []
        for piece in pieces { ends.append((ends.last ?? 0) + piece.count) }
        #expect(ends[1] % 4096 == 4096 - 150)
        var random = SystemRandomNumberGenerator()
        let seed = random.next()
        var generator = SeededGenerator(state: seed)
        // Every border of fragments, every place where a killed write can end, and places in between.
        var cuts = Array(ends.dropFirst()) + Array(stride(from: 4096, to: whole.count, by: 4096).filter { $0 > ends[1] })
        let mediaData = zip(ends, pieces.dropFirst()).flatMap { start, piece -> Range<Int> in
            start + piece.firstRange(of: Array("mdat".utf8))!.upperBound..<start + piece.count
        }
        for _ in 0..<12 { cuts.append(mediaData.randomElement(using: &generator)!) }
        for cut in cuts {
            let path = scratch.file("cut-\(cut).mp4")
            try Data(whole.prefix(cut)).write(to: URL(filePath: path))
            let fragments = ends.dropFirst().filter { $0 <= cut }.count
            let played = try decodedPictures(path)
            #expect(played.count >= fragments * 5, "cut at \(cut), seed \(seed): \(played)")
            if ends.contains(cut) { #expect(played.errors.isEmpty, "cut at \(cut): \(played.errors)") }
        }
    }

    @Test(arguments: [
        // (position, size of the moof, padding)
        (0, 300, 0), (3796, 300, 0), (3797, 300, 299), (4096, 4096, 0), (4088, 300, 8), (4089, 300, 7 + 4096), (5, 4097, 0),
    ])
    func noMovieFragmentBoxCrossesAPage(position: Int, size: Int, padding: Int) {
        let moof = [0, 0, UInt8(size >> 8), UInt8(size & 0xff)] + Array("moof".utf8) + [UInt8](repeating: 1, count: size - 8)
        #expect(MovieFragmentPadding.count(before: moof, at: position) == padding)
        if padding > 0 { #expect(MovieFragmentPadding.box(padding).count == padding) }
    }
}
