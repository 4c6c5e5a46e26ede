import Testing

@testable import Media

@Suite struct PreRollRingTests {
    @Test func holdsAtLeastItsDurationAndBeginsWithAKeyFrame() {
        let ring = PreRollRing(duration: .seconds(10), maximumBytes: 1 << 20)
        for index in 0..<600 { ring.append(picture(Double(index) / 10, key: index % 20 == 0, sequence: UInt64(index + 1))) }
        #expect(ring.span >= .seconds(10) && ring.span < .seconds(12))
        let units = ring.units(from: at(59.9 - 10))
        #expect(units.first?.isVideoKeyFrame == true)
        #expect(units.first.map { $0.captured <= at(49.9) && $0.captured > at(47.8) } == true)
        #expect(units.last?.captured == at(59.9))
        #expect(units.map(\.sequence) == Array(units[0].sequence...600))
    }

    @Test func startsAtTheFirstKeyFrameWhenAskedForMoreThanItHas() {
        let ring = PreRollRing(duration: .seconds(10), maximumBytes: 1 << 20)
        ring.append(picture(0))
        #expect(ring.units(from: at(0)).isEmpty)
        ring.append(picture(1, key: true))
        ring.append(sound(1.1))
        #expect(ring.units(from: at(-100)).map(\.captured) == [at(1), at(1.1)])
    }

    @Test func neverHoldsMoreThanItsBytes() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(state: seed)
        let ring = PreRollRing(duration: .seconds(10), maximumBytes: 50_000)
        var newestGroup = 0
        for index in 0..<2000 {
            let unit = picture(
                Double(index) / 10, key: Int.random(in: 0..<15, using: &generator) == 0,
                bytes: Int.random(in: 1...4000, using: &generator), sequence: UInt64(index + 1))
            ring.append(unit)
            newestGroup = unit.isKeyFrame ? unit.bytes.count : (newestGroup == 0 ? 0 : newestGroup + unit.bytes.count)
            // What no longer fits as a whole is forgotten until the next key frame; what fits is kept.
            if newestGroup > 50_000 { newestGroup = 0 }
            #expect(ring.byteCount <= 50_000, "seed \(seed)")
            #expect(ring.byteCount >= newestGroup, "seed \(seed)")
            let held = ring.units(from: at(-1))
            #expect(held.first?.isVideoKeyFrame ?? true, "seed \(seed)")
            #expect(held.reduce(0) { $0 + $1.bytes.count } == ring.byteCount, "seed \(seed)")
            #expect(zip(held, held.dropFirst()).allSatisfy { $0.sequence + 1 == $1.sequence }, "seed \(seed)")
        }
    }

    @Test func findsWhatFollowsANumber() {
        let ring = PreRollRing(duration: .seconds(10), maximumBytes: 1 << 20)
        for index in 0..<50 { ring.append(picture(Double(index) / 10, key: index % 10 == 0, sequence: UInt64(index + 1))) }
        #expect(ring.units(after: 47).map(\.sequence) == [48, 49, 50])
        #expect(ring.units(after: 50).isEmpty)
        #expect(ring.units(after: 0).count == 50)
    }
}
