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

    private static func schedule(_ faults: [Fault], end: Int64, loss: Int = 0, isGentle: Bool = false) -> FaultSchedule {
        FaultSchedule(faults: faults, end: at(end), loss: loss, isGentle: isGentle)
    }

    /// Five nodes stand still for two seconds each, one after the other, with 5 % loss.
    private static let stalls = schedule(
        [fault(.loss(percent: 5), 12, 80)] + (0..<10).map { fault(.pause($0 % 5), Int64(14 + 6 * $0), Int64(16 + 6 * $0)) },
        end: 80, loss: 5, isGentle: true)

    private static func trial(_ control: NegativeControl) -> Trial {
        switch control {
        case .resetBoot: Trial(nodes: 3, seeds: 1...3, schedule: schedule([fault(.crash(1), 20, 30)], end: 40))
        case .shortSuspicion: Trial(nodes: 10, seeds: 1...40, schedule: stalls)
        case .noRefutation: Trial(nodes: 10, seeds: 1...5, schedule: stalls)
        case .noDeduplication:
            // Lost acknowledgements bring a trigger again; a packet that comes twice is refused before anybody looks at its triggers.
            Trial(nodes: 3, seeds: 1...3, schedule: schedule([fault(.loss(percent: 20), 12, 50)], end: 50))
        case .noRetransmission:
            Trial(nodes: 10, seeds: 1...3, schedule: schedule([fault(.loss(percent: 5), 12, 50)], end: 50, loss: 5, isGentle: true))
        case .noLateDelivery:
            Trial(nodes: 5, seeds: 1...8, schedule: schedule([fault(.partition([0, 1]), 30, 60)], end: 100))
        case .forgottenRevocation:
            Trial(nodes: 4, seeds: 1...3, schedule: schedule([fault(.revoked(2), 15, 50), fault(.crash(1), 35, 40)], end: 50))
        case .acceptStranger:
            // A stranger's own packets cannot be opened; a member has to vouch for it.
            Trial(nodes: 4, seeds: 1...3, schedule: schedule([fault(.stranger, 15, 45), fault(.liar(1), 15, 45)], end: 50))
        case .blindHash:
            // A large record is fetched after a comparison: its second version is never fetched. Any other difference would bring it.
            Trial(nodes: 3, seeds: 1...20, schedule: schedule([], end: 100, isGentle: true))
        case .noAntiEntropy: Trial(nodes: 4, seeds: 1...8, schedule: schedule([fault(.partition([0, 1]), 15, 80)], end: 80))
        case .chatty: Trial(nodes: 3, seeds: 1...1, schedule: schedule([], end: 20, isGentle: true))
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

    /// Not only where somebody has put the trap: what seeds draw finds them too.
    @Test(arguments: NegativeControl.allCases) func breaksInDrawnSchedules(control: NegativeControl) throws {
        var variation = SimulatedRun.Variation()
        variation.control = control
        let seed = (1...Self.drawnSeeds as ClosedRange<UInt64>).first {
            SimulatedRun.run(nodes: 10, seed: $0, variation: variation).violations.contains { $0.number == control.breaks }
        }
        #expect(seed != nil, "none of \(Self.drawnSeeds) seeds of 10 nodes breaks invariant \(control.breaks) with \(control.rawValue)")
        if let seed { print("\(control.rawValue): invariant \(control.breaks) breaks with seed \(seed)") }
    }

    private static let drawnSeeds: UInt64 = 200
}
