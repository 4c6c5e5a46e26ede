import Foundation
import Simulation

/// What `bench gossip` tells of one size, simulated.
struct GossipFigures: Encodable, Sendable {
    struct Values: Encodable, Sendable {
        /// Until everybody holds a killed node for dead.
        var detectSecondsP50: Double?
        var detectSecondsP99: Double?
        /// Until the first does.
        var firstDetectSecondsP50: Double?
        var firstDetectSecondsP99: Double?
        /// From a new record until everybody has it.
        var convergeSecondsP50: Double?
        var convergeSecondsP99: Double?
        /// From power-on until everybody sees everybody; `nil` where all had met before.
        var meetSecondsP99: Double?
        /// Mean over all nodes, UDP with its headers and TLS without its handshakes, without loss.
        var idleBytesPerSecond: Double?
        var idleBytesPerSecondWorstNode: Double?
        /// The same with ``GossipFigures/lossPercent``.
        var lossyBytesPerSecond: Double?
        var falseDeaths: Int
        /// Processor time of this machine for one second of one idle node.
        var cpuMicrosecondsPerNodeSecond: Double?
        /// Seeds in which something was not reached within a minute.
        var unfinished: Int

        private enum CodingKeys: String, CodingKey {
            case detectSecondsP50, detectSecondsP99, firstDetectSecondsP50, firstDetectSecondsP99, convergeSecondsP50, convergeSecondsP99
            case meetSecondsP99, idleBytesPerSecond, idleBytesPerSecondWorstNode, lossyBytesPerSecond, falseDeaths
            case cpuMicrosecondsPerNodeSecond, unfinished
        }

        /// What was not measured is there as `null`: a reader finds every key in every answer.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            let measured: [(CodingKeys, Double?)] = [
                (.detectSecondsP50, detectSecondsP50), (.detectSecondsP99, detectSecondsP99), (.firstDetectSecondsP50, firstDetectSecondsP50),
                (.firstDetectSecondsP99, firstDetectSecondsP99), (.convergeSecondsP50, convergeSecondsP50),
                (.convergeSecondsP99, convergeSecondsP99), (.meetSecondsP99, meetSecondsP99), (.idleBytesPerSecond, idleBytesPerSecond),
                (.idleBytesPerSecondWorstNode, idleBytesPerSecondWorstNode), (.lossyBytesPerSecond, lossyBytesPerSecond),
                (.cpuMicrosecondsPerNodeSecond, cpuMicrosecondsPerNodeSecond),
            ]
            for (key, value) in measured { try container.encode(value, forKey: key) }
            try container.encode(falseDeaths, forKey: .falseDeaths)
            try container.encode(unfinished, forKey: .unfinished)
        }

        init(_ measured: GossipMeasurement) {
            func rounded(_ value: Double?) -> Double? { value.map { ($0 * 1000).rounded() / 1000 } }
            let (first, all) = (Percentiles(measured.firstDetections), Percentiles(measured.detections))
            let updates = Percentiles(measured.updates)
            func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.reduce(0, +) / Double(values.count) }
            detectSecondsP50 = rounded(all.at(50))
            detectSecondsP99 = rounded(all.at(99))
            firstDetectSecondsP50 = rounded(first.at(50))
            firstDetectSecondsP99 = rounded(first.at(99))
            convergeSecondsP50 = rounded(updates.at(50))
            convergeSecondsP99 = rounded(updates.at(99))
            meetSecondsP99 = rounded(Percentiles(measured.meetings).at(99))
            idleBytesPerSecond = mean(measured.idleRates)?.rounded()
            idleBytesPerSecondWorstNode = measured.idleRates.max()?.rounded()
            lossyBytesPerSecond = mean(measured.lossyRates)?.rounded()
            falseDeaths = measured.falseDeaths
            cpuMicrosecondsPerNodeSecond = rounded(mean(measured.cpuRates))
            unfinished = measured.unfinished
        }
    }

    let nodes: Int
    let seeds: Int
    let lossPercent: Int
    /// `real`, or `fast` for meshes too large for it: then the processor time lacks the cryptography.
    let crypto: String
    /// All had met before the measurement began, so how long that takes is not in ``Values/meetSecondsP99``.
    let startsSettled: Bool
    let values: Values
    /// memberlist's published defaults in the same model.
    var memberlist: Values?

    init(_ measured: GossipMeasurement) {
        nodes = measured.nodes
        seeds = measured.seeds
        lossPercent = measured.lossPercent
        crypto = measured.crypto.rawValue
        startsSettled = measured.startsSettled
        values = Values(measured)
    }

    private enum CodingKeys: String, CodingKey { case nodes, seeds, lossPercent, crypto, startsSettled, note, memberlist }

    /// What a reader of the figures has to know.
    var note: String? {
        guard startsSettled else { return nil }
        return "\(nodes) nodes start settled, all knowing each other, with imitated cryptography: meetings are not measured, CPU lacks the cryptography."
    }

    /// The values stand beside size and seeds, not below them.
    func encode(to encoder: any Encoder) throws {
        try values.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(nodes, forKey: .nodes)
        try container.encode(seeds, forKey: .seeds)
        try container.encode(lossPercent, forKey: .lossPercent)
        try container.encode(crypto, forKey: .crypto)
        try container.encode(startsSettled, forKey: .startsSettled)
        try container.encodeIfPresent(note, forKey: .note)
        try container.encodeIfPresent(memberlist, forKey: .memberlist)
    }

    var text: String {
        var table = TextTable(
            ("\(nodes) NODES", .left), ("ALL MET P99", .right), ("DEAD SEEN BY ALL, P50 / P99", .right), ("UPDATE AT ALL P99", .right), ("IDLE", .right),
            ("WITH \(lossPercent) % LOSS", .right), ("FALSE DEATHS", .right), ("CPU PER NODE", .right))
        func row(_ name: String, _ values: Values) {
            func seconds(_ value: Double?) -> String { value.map { $0.formatted(.number.precision(.fractionLength(1))) + " s" } ?? "-" }
            func bytes(_ value: Double?) -> String { value.map { "\(Int($0)) B/s" } ?? "-" }
            table.add([
                name, seconds(values.meetSecondsP99), "\(seconds(values.detectSecondsP50)) / \(seconds(values.detectSecondsP99))", seconds(values.convergeSecondsP99),
                bytes(values.idleBytesPerSecond), bytes(values.lossyBytesPerSecond), String(values.falseDeaths),
                values.cpuMicrosecondsPerNodeSecond.map { "\(Int($0)) µs/s" } ?? "-",
            ])
        }
        row("MeshCam", values)
        if let memberlist { row("memberlist's defaults", memberlist) }
        return ([table.render()] + (note.map { [$0] } ?? [])).joined(separator: "\n")
    }
}

/// The whole answer: the first size's figures on top, all sizes in a list.
struct GossipReport: Encodable, Sendable {
    let sizes: [GossipFigures]
    var real: RealGossip.Figures?

    private enum CodingKeys: String, CodingKey { case sizes, real }

    func encode(to encoder: any Encoder) throws {
        try sizes.first?.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(sizes, forKey: .sizes)
        try container.encodeIfPresent(real, forKey: .real)
    }
}
