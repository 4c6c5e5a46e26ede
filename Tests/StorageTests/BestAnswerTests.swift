import Testing

@testable import Storage

@Suite struct BestAnswerTests {
    /// A sidecar of a clip of which so much is known.
    private func sidecars() -> BestAnswer { BestAnswer(least: 0, wanted: 100) }
    private func video() -> BestAnswer { BestAnswer(least: 1, wanted: 1) }

    @Test func whatTellsOfAllEndsTheSearch() throws {
        var answer = sidecars()
        let ends = [answer.take([1], told: 40), answer.take([2], told: 100)]
        #expect(ends == [false, true])
        #expect(try answer.get(otherwise: "nothing") == [2])
    }

    @Test func theOneThatTellsOfMostStays() throws {
        var answer = sidecars()
        for (bytes, told) in [([1], -1), ([2], 40), ([3], 0), ([4], -1)] as [([UInt8], Int)] { _ = answer.take(bytes, told: told) }
        answer.problem = "the last one hangs"
        #expect(try answer.get(otherwise: "nothing") == [2])
    }

    /// A sidecar of a recording that nobody closed tells of nothing, and is one all the same; damage is none.
    @Test func anOpeningIsAnAnswerAndDamageIsNone() {
        var opening = sidecars(), damaged = sidecars()
        let ends = [opening.take([1], told: 0), damaged.take([1], told: -1)]
        #expect(ends == [false, false] && opening.isSomething && !damaged.isSomething)
    }

    /// The shorter copy has no more: that is the end of the video only where no longer one is out of reach.
    @Test func theEndOfTheShorterCopyIsNotTheEnd() throws {
        var answer = video()
        let isEnd = answer.take([], told: 0)
        #expect(!isEnd && !answer.isSomething)
        #expect(try answer.get(otherwise: "nothing").isEmpty)
        answer.problem = "the other one hangs"
        #expect(throws: ClipReadError.self) { try answer.get(otherwise: "nothing") }
    }

    @Test func whereNobodyAnswersTheProblemIsTold() {
        let none = video()
        #expect { try none.get(otherwise: "it was never stored") } throws: { "\($0)".contains("it was never stored") }
    }
}
