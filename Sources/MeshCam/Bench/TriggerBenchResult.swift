import Foundation

/// What `bench trigger` found at one loss.
struct TriggerBenchResult: Codable, Sendable, Equatable {
    /// Nodes, the one that triggers among them.
    let members: Int
    /// Packets lost in each direction, in percent.
    let lossPercent: Int
    /// Triggers that were sent.
    let triggers: Int
    /// Recordings that had to begin: one on each other node for each trigger.
    let recordings: Int
    /// Half of the recordings began within this many milliseconds; of those that began.
    let msP50: Double
    /// 99 % of them.
    let msP99: Double
    /// The last of a trigger's recordings began within this, for half of the triggers.
    let slowestMsP50: Double
    /// For 99 % of the triggers.
    let slowestMsP99: Double
    /// Recordings that did not begin within 5 s (mesh.md §7, invariant 9).
    let missed: Int
    /// Triggers during which a camera opened a clip of another incident: they are in none of these figures. A trigger that is missed
    /// somewhere lasts longer and is disturbed more easily, so with many of these ``missed`` is too low.
    let disturbed: Int

    /// - Parameter rounds: for each trigger, after how long each recording began; what never began is not there.
    init(members: Int, lossPercent: Int, rounds: [[Duration]], disturbed: Int = 0) {
        self.members = members
        self.lossPercent = lossPercent
        triggers = rounds.count
        recordings = rounds.count * (members - 1)
        let all = rounds.flatMap(\.self).sorted()
        let slowest = rounds.compactMap { $0.max() }.sorted()
        msP50 = Self.milliseconds(all, 0.5)
        msP99 = Self.milliseconds(all, 0.99)
        slowestMsP50 = Self.milliseconds(slowest, 0.5)
        slowestMsP99 = Self.milliseconds(slowest, 0.99)
        missed = recordings - all.count
        self.disturbed = disturbed
    }

    /// The smallest value that at least this share does not exceed (nearest rank); 0 for nothing.
    private static func milliseconds(_ sorted: [Duration], _ share: Double) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let rank = Int((share * Double(sorted.count)).rounded(.up))
        return (sorted[max(rank, 1) - 1] / .milliseconds(1) * 10).rounded() / 10
    }
}
