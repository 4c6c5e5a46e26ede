/// Many runs of one size: bounds on percentiles can be judged only over them.
package struct Batch: Sendable {
    /// With fewer, a 99th percentile is only a maximum.
    fileprivate static let fewest = 100

    package let nodes: Int
    package private(set) var seeds: [UInt64] = []
    package private(set) var failed: [RunReport] = []
    private var meetings: [Double] = []
    private var heals: [Double] = []
    /// The seed of the longest of each kind of healing, to look into: `--seed` plays it again.
    private var slowest: [String: (seconds: Double, seed: UInt64)] = [:]
    private var connectedHeals: [Double] = []
    private var unblockedHeals: [Double] = []
    private var updates: [Double] = []
    private var settlings: [Double] = []
    private var firstDetections: [Double] = []
    private var detections: [Double] = []
    private var triggers: [Double] = []
    private var idles: [Double] = []
    private var lossyIdles: [Double] = []
    package private(set) var falseDeaths = 0
    private var virtualSeconds = 0.0
    private var events = 0

    package init(nodes: Int) { self.nodes = nodes }

    package mutating func add(_ report: RunReport) {
        seeds.append(report.seed)
        if !report.violations.isEmpty { failed.append(report) }
        if let meeting = report.meetSeconds { meetings.append(meeting) }
        if let heal = report.healSeconds {
            let kind: String
            if report.schedule.hasSeparation {
                heals.append(heal)
                kind = "separations"
            } else if report.schedule.withholdsRecords {
                unblockedHeals.append(heal)
                kind = "blocked TLS"
            } else {
                connectedHeals.append(heal)
                kind = "other faults"
            }
            if heal > slowest[kind]?.seconds ?? 0 { slowest[kind] = (heal, report.seed) }
        }
        updates += report.updateSeconds
        settlings += report.settleSeconds
        if let first = report.firstDetectionSeconds { firstDetections.append(first) }
        if let detection = report.detectionSeconds { detections.append(detection) }
        triggers += report.triggerSeconds
        if let idle = report.idleBytesPerSecond.max() { idles.append(idle) }
        if !report.lossyBytesPerSecond.isEmpty {
            lossyIdles.append(report.lossyBytesPerSecond.reduce(0, +) / Double(report.lossyBytesPerSecond.count))
        }
        falseDeaths += report.falseDeaths
        virtualSeconds += report.seconds
        events += report.events
    }

    package var detection: Percentiles { Percentiles(detections) }
    package var firstDetection: Percentiles { Percentiles(firstDetections) }
    package var update: Percentiles { Percentiles(updates) }
    package var healing: Percentiles { Percentiles(heals) }
    /// Until all agreed after faults that part nobody.
    package var connectedHealing: Percentiles { Percentiles(connectedHeals) }

    /// A promise about a 99th percentile, and what was measured for it.
    private struct Bound {
        let number: Int
        let rule: String
        let name: String
        let values: [Double]
        let limit: Duration

        init<Bounded: Invariant>(of invariant: Bounded.Type, _ name: String, _ values: [Double], atMost limit: Duration) {
            (number, rule) = (invariant.number, invariant.rule)
            (self.name, self.values, self.limit) = (name, values, limit)
        }

        var isJudged: Bool { values.count >= Batch.fewest }
        var p99: Double? { Percentiles(values).at(99) }
    }

    private var bounds: [Bound] {
        [
            Bound(of: EverybodyAgrees.self, "a change at all nodes", updates, atMost: EverybodyAgrees.connected),
            Bound(of: EverybodyAgrees.self, "same state after a change alone", settlings, atMost: EverybodyAgrees.connected),
            Bound(of: EverybodyAgrees.self, "same state after faults that part nobody", connectedHeals, atMost: EverybodyAgrees.connected),
            Bound(of: EverybodyAgrees.self, "same state after blocked TLS", unblockedHeals, atMost: EverybodyAgrees.afterBlockedTLS),
            Bound(of: DeathIsTrue.self, "dead seen by all", detections, atMost: DeathIsTrue.seenByAll),
        ]
    }

    /// Bounds on percentiles that do not hold.
    package var brokenBounds: [String] {
        bounds.compactMap { bound in
            guard bound.isJudged, let p99 = bound.p99, p99 > bound.limit.inSeconds else { return nil }
            return "invariant \(bound.number) (\(bound.rule)) broken over \(bound.values.count) measurements: \(bound.name) p99 \(p99) s"
        }
    }

    /// Bounds on percentiles that too few measurements were made for: they neither hold nor break, and whoever reads the verdict must
    /// know.
    package var notJudged: [String] {
        bounds.filter { !$0.isJudged }.map {
            "\($0.name) p99 <= \(Int($0.limit.inSeconds)) s: not judged (\($0.values.count) of \(Self.fewest) measurements)"
        }
    }

    package var holds: Bool { failed.isEmpty && brokenBounds.isEmpty }

    /// Everything that was measured, as lines.
    package var details: String {
        """
          p50 / p99 / max in seconds:
          all have met              \(Percentiles(meetings).summary)
          agreed after separations  \(Percentiles(heals).summary)
          agreed after blocked TLS  \(Percentiles(unblockedHeals).summary)
          agreed after other faults \(Percentiles(connectedHeals).summary)
          a change at all nodes     \(Percentiles(updates).summary)
          agreed after it, alone    \(Percentiles(settlings).summary)
          death seen by the first   \(Percentiles(firstDetections).summary)
          death seen by all         \(Percentiles(detections).summary)
          trigger delivered         \(Percentiles(triggers).summary)
          idle bytes/s, worst node  \(Percentiles(idles).summary)
          idle bytes/s, 5 % loss    \(Percentiles(lossyIdles).summary)
          \(Int(virtualSeconds)) s of virtual time, \(events) events, \(falseDeaths) false deaths
          slowest to agree: \(slowestSeeds)
        """ + notJudged.map { "\n  \($0)" }.joined()
    }

    private var slowestSeeds: String {
        slowest.isEmpty ? "-" : slowest.sorted { $0.key < $1.key }.map { "after \($0.key) seed \($0.value.seed)" }.joined(separator: ", ")
    }

    /// One line.
    package var summary: String {
        let broken = "\(failed.count) of \(seeds.count) seeds broke an invariant\(brokenBounds.isEmpty ? "" : ", and a bound over all")"
        let verdict = holds ? "all invariants hold" : broken
        let dead = detection.at(99).map { ", dead seen by all p99 \(($0 * 100).rounded() / 100) s" } ?? ""
        let open = notJudged.map { "; \($0)" }.joined()
        return "\(seeds.count) seeds, \(nodes) nodes: \(verdict)\(dead)\(open)"
    }
}
