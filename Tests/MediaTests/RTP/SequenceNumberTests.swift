import Testing

@testable import Media

@Suite struct SequenceNumberTests {
    /// Starts where arithmetic tends to break.
    static let awkward: [UInt16] = [0, 1, 2, 0x7ffe, 0x7fff, 0x8000, 0x8001, 0xfffd, 0xfffe, 0xffff]

    @Test(arguments: awkward)
    func climbsOverEveryWrap(start: UInt16) {
        var unwrapper = SequenceUnwrapper()
        for step in 0..<200_000 {
            let place = unwrapper.unwrap(start &+ UInt16(truncatingIfNeeded: step))
            if place != Int64(start) + Int64(step) {
                Issue.record("start \(start), step \(step): \(place)")
                return
            }
        }
    }

    @Test(arguments: awkward)
    func lateOnesKeepTheirPlace(start: UInt16) {
        var unwrapper = SequenceUnwrapper()
        #expect(unwrapper.unwrap(start) == Int64(start))
        #expect(unwrapper.unwrap(start &+ 3) == Int64(start) + 3)
        #expect(unwrapper.unwrap(start &+ 1) == Int64(start) + 1)
        #expect(unwrapper.unwrap(start &- 5) == Int64(start) - 5)
        #expect(unwrapper.highest == Int64(start) + 3)
        #expect(unwrapper.peek(start &+ 4) == Int64(start) + 4)
        #expect(unwrapper.highest == Int64(start) + 3, "a peek moves nothing")
        #expect(unwrapper.unwrap(start &+ 3 &+ 0x7fff) == Int64(start) + 3 + 0x7fff, "the farthest step ahead")
    }

    @Test(arguments: awkward)
    func orderAcrossTheWrap(number: UInt16) {
        #expect((number &+ 1).isAfter(number) && !number.isAfter(number &+ 1) && !number.isAfter(number))
        #expect((number &+ 0x7fff).isAfter(number) && !number.isAfter(number &+ 0x7fff))
        #expect(!(number &+ 0x8000).isAfter(number) && !number.isAfter(number &+ 0x8000))
    }
}
