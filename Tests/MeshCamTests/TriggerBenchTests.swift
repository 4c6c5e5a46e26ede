import Foundation
import Testing

@testable import MeshCam

@Suite struct TriggerBenchTests {
    @Test func percentilesAreNearestRanksOfWhatBegan() {
        // 100 triggers to two others: 1 … 100 ms, the second one 1000 ms later; one of them never began.
        var rounds: [[Duration]] = (1...100).map { [.milliseconds($0), .milliseconds(1000 + $0)] }
        rounds[0].removeLast()
        let result = TriggerBenchResult(members: 3, lossPercent: 5, rounds: rounds)
        #expect(result.triggers == 100 && result.recordings == 200 && result.missed == 1)
        #expect(result.msP50 == 100 && result.msP99 == 1099)
        #expect(result.slowestMsP50 == 1050 && result.slowestMsP99 == 1099)
    }

    @Test func whatWasDisturbedIsCountedApart() {
        let result = TriggerBenchResult(members: 3, lossPercent: 5, rounds: [[.milliseconds(1)]], disturbed: 4)
        #expect(result.disturbed == 4 && result.triggers == 1 && result.missed == 1)
    }

    @Test func nothingBeganIsAllMissed() {
        let result = TriggerBenchResult(members: 10, lossPercent: 90, rounds: [[], []])
        #expect(result.missed == 18 && result.recordings == 18 && result.msP50 == 0 && result.slowestMsP99 == 0)
    }

    @Test func theReportLeadsWithTheHighestLoss() throws {
        let levels = [0, 20, 5].map { TriggerBenchResult(members: 2, lossPercent: $0, rounds: [[.milliseconds($0 + 1)]]) }
        let report = try JSONDecoder().decode(JSONText.self, from: JSONEncoder().encode(TriggerBenchReport(levels: levels)))
        guard case .object(let object) = report, case .list(let list)? = object["levels"] else {
            Issue.record("no object with levels: \(report)")
            return
        }
        #expect(object["lossPercent"] == .integer(20) && object["msP99"] == .integer(21) && object["missed"] == .integer(0))
        #expect(list.count == 3)
    }

    @Test func clipsAreReadFromTheLog() {
        let now = ContinuousClock.now
        func read(_ text: String) -> TriggerBench.Happening? { TriggerBench.read(BenchMember.Line(member: 4, text: text, at: now)) }
        #expect(
            read("2026-11-20T12:34:56.789Z porch camera: clip opened event=ab12-1-2 kind=manual")
                == .opened(member: 4, event: "ab12-1-2", at: now))
        #expect(read("2026-11-20T12:34:57.789Z porch camera: clip closed event=ab12-1-2 reason=motionEnded seconds=3.1") == .closed(member: 4))
        #expect(read("2026-11-20T12:34:57.789Z porch gossip: garage is here") == nil)
        #expect(read("clip opened") == nil)
    }
}
