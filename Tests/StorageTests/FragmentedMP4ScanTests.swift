import Testing

@testable import Storage

@Suite struct FragmentedMP4ScanTests {
    private func scan(_ file: [UInt8]) -> FragmentedMP4Scan {
        FragmentedMP4Scan(size: file.count) { offset, count in Array(file.dropFirst(offset).prefix(count)) }
    }

    @Test func everyCutKeepsTheWholeFragments() {
        let fragments = (0..<4).map { TestMP4.fragment(decodeTime: UInt32($0) * 500, samples: 5, duration: 100) }
        let file = TestMP4.initSegment + fragments.flatMap(\.self)
        for length in 0...file.count {
            let found = scan(Array(file.prefix(length)))
            let whole = fragments.indices.filter { length >= TestMP4.initSegment.count + fragments[...$0].reduce(0) { $0 + $1.count } }.count
            #expect(found.fragments == whole)
            #expect(abs(found.durationSeconds - Double(whole) * 0.5) < 1e-9)
            // Only a moof that is torn behind its header is cut away; the last mdat plays as far as it goes.
            let rest = length - found.wholeBytes
            let isTorn = found.wholeBytes >= TestMP4.initSegment.count && (8..<fragments[0].count - 11).contains(rest)
            #expect(found.playableBytes == (isTorn ? found.wholeBytes : length), "\(length)")
        }
    }

    /// What damage hides may still be wanted: nobody cuts it away.
    @Test func damageInTheMiddleGivesNothingUp() {
        let fragments = (0..<4).map { TestMP4.fragment(decodeTime: UInt32($0) * 500, samples: 5, duration: 100) }
        var file = TestMP4.initSegment + fragments.flatMap(\.self)
        for index in 0..<16 { file[TestMP4.initSegment.count + fragments[0].count + index] = 0 }
        #expect(scan(file).playableBytes == file.count && scan(file).fragments == 1)
        for index in 0..<16 { file[index] = 0 }
        #expect(scan(file).playableBytes == file.count && scan(file).fragments == 0)
    }

    /// A box that claims to lie 2^64 − 1 units into the clip: seconds that no integer holds.
    @Test func aTimeThatCannotBeIsNoTime() {
        let tfdt = TestMP4.box("tfdt", TestMP4.word(0x0100_0000) + [UInt8](repeating: 255, count: 8))
        let traf = TestMP4.box("traf", TestMP4.box("tfhd", TestMP4.word(0x20000) + TestMP4.word(1)) + tfdt)
        let found = scan(TestMP4.initSegment + TestMP4.box("moof", traf) + TestMP4.box("mdat", [1]))
        #expect(found.fragments == 1 && found.durationSeconds == 0)
    }

    @Test(arguments: 0..<2000 as Range<UInt64>) func damageNeverTraps(seed: UInt64) {
        var rng = SplitMix64(seed)
        var file = TestMP4.initSegment + TestMP4.fragment(decodeTime: 0, samples: 5, duration: 100)
        for _ in 0..<Int.random(in: 1...8, using: &rng) { file[Int.random(in: file.indices, using: &rng)] = .random(in: 0...255, using: &rng) }
        let found = scan(file)
        #expect(found.wholeBytes <= file.count && found.durationSeconds >= 0, "seed \(seed)")
    }

    /// Samples that a box says it has, and has not, are not counted one by one: that would take for ever.
    @Test func aRunSaysNoMoreSamplesThanItHolds() {
        let liar = TestMP4.box("trun", TestMP4.word(0x101) + TestMP4.word(1 << 20) + TestMP4.word(0))
        let header = TestMP4.box("tfhd", TestMP4.word(0x20000) + TestMP4.word(1)) + TestMP4.box("tfdt", TestMP4.word(0) + TestMP4.word(0))
        let moof = TestMP4.box("moof", TestMP4.box("mfhd", TestMP4.word(0) + TestMP4.word(1)) + TestMP4.box("traf", header + [[UInt8]](repeating: liar, count: 20_000).flatMap(\.self)))
        let found = scan(TestMP4.initSegment + moof + TestMP4.box("mdat", [1]))
        #expect(found.fragments == 1 && found.durationSeconds == 0)
    }

    /// A gigabyte of the smallest boxes would be a hundred million questions.
    @Test func tinyBoxesAreNotCountedForEver() {
        let box: [UInt8] = [0, 0, 0, 8] + Array("free".utf8)
        for scan in [0, 1] {
            var asked = 0
            func read(_ offset: Int, _ count: Int) -> [UInt8] {
                asked += 1
                return Array((box + box).prefix(count))
            }
            if scan == 0 {
                #expect(FragmentedMP4Scan(size: 1 << 30, read: read).fragments == 0)
            } else {
                #expect(FileChain(clip: .init(node: .nodeA, boot: 1, counter: 1), size: 1 << 30, read: read).fragments == 0)
            }
            #expect(asked <= 2 * FragmentedMP4Scan.boxLimit)
        }
    }
}

/// The smallest boxes that make a fragmented MP4 (ISO/IEC 14496-12), built by hand so that nothing is judged by itself.
enum TestMP4 {
    static func box(_ type: String, _ body: [UInt8]) -> [UInt8] { word(UInt32(body.count + 8)) + type.utf8 + body }
    static func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

    /// One track, id 1, time scale 1000.
    static var initSegment: [UInt8] {
        let tkhd = box("tkhd", word(0) + word(0) + word(0) + word(1) + [UInt8](repeating: 0, count: 64))
        let mdhd = box("mdhd", word(0) + word(0) + word(0) + word(1000) + word(0) + word(0))
        let trex = box("trex", word(0) + word(1) + word(1) + word(100) + word(0) + word(0))
        return box("ftyp", Array("iso5".utf8) + word(0)) + box("moov", box("trak", tkhd + box("mdia", mdhd)) + box("mvex", trex))
    }

    /// `samples` samples of `duration` units each, their durations one by one in the run.
    static func fragment(decodeTime: UInt32, samples: UInt32, duration: UInt32) -> [UInt8] {
        let tfhd = box("tfhd", word(0x20000) + word(1))
        let tfdt = box("tfdt", word(0) + word(decodeTime))
        let trun = box("trun", word(0x101) + word(samples) + word(0) + (0..<samples).flatMap { _ in word(duration) })
        return box("moof", box("mfhd", word(0) + word(1)) + box("traf", tfhd + tfdt + trun)) + box("mdat", [1, 2, 3])
    }
}
