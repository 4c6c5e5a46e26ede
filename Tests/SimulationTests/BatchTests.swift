import Testing

@testable import Simulation

/// What many runs together say.
@Suite struct BatchTests {
    private static func report(_ seed: UInt64, detection: Double, settling: Double = 0.1) -> RunReport {
        let schedule = FaultSchedule(faults: [], end: .zero, loss: 0, isGentle: true)
        var report = RunReport(seed: seed, nodes: 3, schedule: schedule)
        report.detectionSeconds = detection
        report.updateSeconds = [0.1, 0.1, 0.1, 0.1]
        report.settleSeconds = [0.1, settling]
        report.healSeconds = 0
        return report
    }

    private static func batch(_ runs: Int, detection: Double, settling: Double = 0.1) -> Batch {
        var batch = Batch(nodes: 3)
        for seed in 0..<runs {
            batch.add(report(UInt64(seed), detection: detection, settling: settling))
            let blocked = Fault(.noTLS(1), from: .zero, until: .zero)
            var unblocked = RunReport(seed: UInt64(seed), nodes: 3, schedule: FaultSchedule(faults: [blocked], end: .zero, loss: 0, isGentle: true))
            unblocked.healSeconds = 5
            batch.add(unblocked)
        }
        return batch
    }

    /// A handful of runs says nothing about one in a hundred, and must not look as if it did.
    @Test func tooFewMeasurementsAreNotJudged() {
        let few = Self.batch(30, detection: 9)
        #expect(few.holds && few.brokenBounds.isEmpty)
        #expect(few.notJudged == [
            "same state after a change alone p99 <= 2 s: not judged (60 of 100 measurements)",
            "same state after faults that part nobody p99 <= 2 s: not judged (30 of 100 measurements)",
            "same state after blocked TLS p99 <= 6 s: not judged (30 of 100 measurements)",
            "dead seen by all p99 <= 8 s: not judged (30 of 100 measurements)",
        ])
        #expect(few.summary.contains("all invariants hold"))
        #expect(few.summary.contains("dead seen by all p99 <= 8 s: not judged (30 of 100 measurements)"))
        #expect(few.details.contains("not judged (30 of 100 measurements)"))
        #expect(!few.summary.contains("\n"))
    }

    @Test func enoughMeasurementsAreJudged() {
        #expect(Self.batch(100, detection: 7.9).holds && Self.batch(100, detection: 7.9).notJudged.isEmpty)
        let slow = Self.batch(100, detection: 8.1)
        #expect(!slow.holds && slow.brokenBounds.count == 1 && slow.brokenBounds[0].contains("p99 8.1 s"))
        #expect(!slow.summary.contains("not judged"))
        let restless = Self.batch(100, detection: 7.9, settling: 2.1)
        #expect(restless.brokenBounds.count == 1 && restless.brokenBounds[0].contains("same state after a change alone p99 2.1 s"))
    }
}
