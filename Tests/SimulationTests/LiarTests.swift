import Simulation
import Testing

/// One member with valid keys that lies as well as it can: it buries nobody who lives, hides nobody who died, and keeps no trigger from
/// the others.
@Suite struct LiarTests {
    private static func at(_ seconds: Int64) -> VirtualTime { .zero + .seconds(seconds) }

    private static func schedule(_ faults: [Fault], loss: Int) -> FaultSchedule {
        FaultSchedule(
            faults: faults + [Fault(.liar(1), from: at(14), until: at(70)), Fault(.loss(percent: max(1, loss)), from: at(12), until: at(70))],
            end: at(70), loss: loss, isGentle: true)
    }

    private static func violations(nodes: Int, seeds: ClosedRange<UInt64>, _ schedule: FaultSchedule) -> [String] {
        var variation = SimulatedRun.Variation()
        variation.schedule = schedule
        return seeds.flatMap { seed in
            SimulatedRun.run(nodes: nodes, seed: seed, variation: variation).violations.prefix(2).map { "seed \(seed): \($0)" }
        }
    }

    @Test(arguments: [3, 4, 10], [0, 5]) func harmsNobodyElse(nodes: Int, loss: Int) {
        let found = Self.violations(nodes: nodes, seeds: 1...5, Self.schedule([], loss: loss))
        #expect(found.isEmpty, Comment(rawValue: found.prefix(5).joined(separator: "\n")))
    }

    /// Stalls give it something true to exaggerate.
    @Test(arguments: [4, 10]) func harmsNobodyWhoStandsStill(nodes: Int) {
        let stalls = (0..<3).map { Fault(.pause(2 + $0 % 2), from: Self.at(20 + 14 * Int64($0)), until: Self.at(22 + 14 * Int64($0))) }
        let found = Self.violations(nodes: nodes, seeds: 1...5, Self.schedule(stalls, loss: 5))
        #expect(found.isEmpty, Comment(rawValue: found.prefix(5).joined(separator: "\n")))
    }

    @Test func twoLiarsAreNotJudged() {
        let two = FaultSchedule(
            faults: [Fault(.liar(1), from: Self.at(14), until: Self.at(40)), Fault(.liar(2), from: Self.at(20), until: Self.at(30))],
            end: Self.at(50), loss: 0, isGentle: false)
        #expect(two.isCalm(from: Self.at(12), until: Self.at(19)) && !two.isCalm(from: Self.at(12), until: Self.at(20)))
        #expect(two.isCalm(from: Self.at(31), until: Self.at(50)))
    }
}
