import Testing

@testable import Storage

@Suite struct JoinedMP4Tests {
    private func clip(_ counter: UInt32, fragments: Int) -> RecordedClip {
        var clip = RecordedClip(counter: counter)
        for place in 0...fragments { clip.grow(padding: place * 40) }
        return clip
    }

    /// - Parameter step: bytes that come at once.
    private func joined(_ clips: [[UInt8]], step: Int = 1 << 20) throws -> (file: [UInt8], seconds: Double) {
        var joined = JoinedMP4()
        var file: [UInt8] = []
        for clip in clips {
            for place in stride(from: 0, to: clip.count, by: step) { file += try joined.append(clip[place..<min(place + step, clip.count)]) }
            try joined.endClip()
        }
        return (file, joined.durationSeconds)
    }

    private func scan(_ file: [UInt8]) -> FragmentedMP4Scan { FragmentedMP4Scan(size: file.count) { Array(file.dropFirst($0).prefix($1)) } }

    /// Where each fragment says that it begins.
    private func times(_ file: [UInt8]) -> [UInt32] {
        Boxes(file[...]).all.filter { $0.type == .moof }.compactMap { moof in
            Boxes(moof.body).all.first { $0.type == .traf }.flatMap { Boxes($0.body).all.first { $0.type == .tfdt }?.body.uint32(at: 4) }
        }
    }

    @Test(arguments: [1, 7, 100, 1 << 20]) func oneBeginsWhereTheOtherEnds(step: Int) throws {
        let clips = [clip(1, fragments: 3), clip(2, fragments: 2), clip(3, fragments: 1)]
        let (file, seconds) = try joined(clips.map(\.file), step: step)
        let found = scan(file)
        #expect(found.fragments == 6 && found.durationSeconds == 3 && seconds == 3 && found.wholeBytes == file.count)
        #expect(times(file) == [0, 500, 1000, 1500, 2000, 2500])
        let types = Boxes(file[...]).all.map(\.type)
        #expect(types == [.ftyp, .moov] + (0..<6).flatMap { _ in [.moof, .mdat] as [BoxType] }, "no signature that does not fit")
    }

    /// What a camera left that lost its power in the middle.
    @Test func anUnfinishedFragmentIsLeftOut() throws {
        let (first, second) = (clip(1, fragments: 2).file, clip(2, fragments: 2).file)
        let whole = try joined([first, second]).file
        let cut = clip(1, fragments: 3).file.dropLast(SignedHead.size)
        for missing in [1, 2, 4, 20, 100] {
            #expect(try joined([Array(cut.dropLast(missing)), second]).file == whole, "without its last \(missing)")
        }
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let good = clip(1, fragments: 2).file
        var other = clip(2, fragments: 1).file
        other[50] ^= 1
        #expect(throws: JoinedMP4.Problem.differs) { try joined([good, other]) }
        let `init` = RecordedClip(counter: 1).file
        #expect(throws: JoinedMP4.Problem.malformed) { try joined([`init`]) }
        for bad in [[0, 0, 0, 1], TestMP4.box("mdat", [1, 2, 3, 4, 5, 6, 7, 8]), good + TestMP4.initSegment, TestMP4.fragment(decodeTime: 0, samples: 1, duration: 1), [UInt8](repeating: 255, count: 100)] {
            #expect(throws: JoinedMP4.Problem.self) { try joined([bad, good]) }
        }
    }

    /// Whatever is altered, it answers something and does not trap.
    @Test func noBytesTrapIt() {
        let good = clip(1, fragments: 2).file
        for seed in 0..<3000 as Range<UInt64> {
            var random = SplitMix64(seed)
            var bad = good
            for _ in 0..<Int.random(in: 1...8, using: &random) { bad[Int.random(in: 0..<bad.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            _ = try? joined([bad, good], step: Int.random(in: 1...400, using: &random))
        }
    }
}
