import Simulation
import Testing

/// An invariant that cannot break proves nothing. Each of these breaks one on purpose, and the same runs hold without it.
@Suite struct NegativeControlTests {
    private struct Trial {
        let nodes: Int
        let seeds: ClosedRange<UInt64>
        let schedule: FaultSchedule
    }

    private static func at(_ seconds: Int64) -> VirtualTime { .zero + .seconds(seconds) }

    private static func fault(_ kind: Fault.Kind, _ from: Int64, _ until: Int64) -> Fault { Fault(kind, from: at(from), until: at(until)) }

    /// Five nodes stand still for two seconds each, one after the other, with 5 % loss.
    private static let stalls = FaultSchedule(
        faults: [fault(.loss(percent: 5), 12, 80)] + (0..<10).map { fault(.pause($0 % 5), Int64(14 + 6 * $0), Int64(16 + 6 * $0)) },
        end: at(80), loss: 5, isGentle: true)

    private static func trial(_ control: NegativeControl) -> Trial {
        switch control {
        case .resetBoot:
            Trial(nodes: 3, seeds: 1...3, schedule: FaultSchedule(faults: [fault(.crash(1), 20, 30)], end: at(40), loss: 0, isGentle: false))
        case .shortSuspicion: Trial(nodes: 10, seeds: 1...40, schedule: stalls)
        case .noRefutation: Trial(nodes: 10, seeds: 1...5, schedule: stalls)
        case .noDeduplication:
            // Lost acknowledgements bring a trigger again; a packet that comes twice is refused before anybody looks at its triggers.
            Trial(nodes: 3, seeds: 1...3, schedule: FaultSchedule(faults: [fault(.loss(percent: 20), 12, 50)], end: at(50), loss: 0, isGentle: false))
        case .forgottenRevocation:
            Trial(
                nodes: 4, seeds: 1...3,
                schedule: FaultSchedule(faults: [fault(.revoked(2), 15, 50), fault(.crash(1), 35, 40)], end: at(50), loss: 0, isGentle: false))
        }
    }

    private static func broken(_ trial: Trial, _ control: NegativeControl?) -> Set<Int> {
        var variation = SimulatedRun.Variation()
        variation.control = control
        variation.schedule = trial.schedule
        return Set(trial.seeds.flatMap { SimulatedRun.run(nodes: trial.nodes, seed: $0, variation: variation).violations.map(\.number) })
    }

    @Test(arguments: NegativeControl.allCases) func breaksItsInvariantAndOnlyByItself(control: NegativeControl) {
        let trial = Self.trial(control)
        #expect(Self.broken(trial, control).contains(control.breaks))
        #expect(Self.broken(trial, nil) == [])
    }
}
