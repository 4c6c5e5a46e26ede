import Foundation
import TestSupport
import Testing

/// What `meshcam bench gossip --json` promises to whoever reads it: one object with the contract's keys, numbers where something was
/// measured and `null` where not.
@Suite struct BenchReportTests {
    /// Beside the test's own.
    private static let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "meshcam")

    private static func bench(_ arguments: [String]) throws -> [String: Any] {
        let run = try Tool([program.path, "bench", "gossip", "--json"] + arguments)
        #expect(run.status == 0)
        return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    }

    /// The contract's: `gossip` {nodes, seeds, detectSecondsP50, P99, convergeSecondsP99, idleBytesPerSecond, falseDeaths}.
    private static let promised = [
        "nodes", "seeds", "detectSecondsP50", "detectSecondsP99", "convergeSecondsP99", "idleBytesPerSecond", "falseDeaths",
    ]

    @Test func hasTheContractsKeys() throws {
        let report = try Self.bench(["--nodes", "3,5", "--seeds", "2"])
        for key in Self.promised { #expect(report[key] is NSNumber, "\(key) is \(report[key] ?? "missing")") }
        #expect(report["nodes"] as? Int == 3 && report["seeds"] as? Int == 2 && report["falseDeaths"] as? Int == 0)
        let (half, most) = (try #require(report["detectSecondsP50"] as? Double), try #require(report["detectSecondsP99"] as? Double))
        #expect(2 < half && half <= most && most < 8)
        #expect(report["startsSettled"] as? Bool == false && report["note"] == nil && report["meetSecondsP99"] is Double)
        // Every size, and memberlist's defaults beside each.
        let sizes = try #require(report["sizes"] as? [[String: Any]])
        #expect(sizes.map { $0["nodes"] as? Int } == [3, 5])
        for size in sizes {
            let memberlist = try #require(size["memberlist"] as? [String: Any])
            for key in Self.promised { #expect(size[key] is NSNumber, "\(key)") }
            for key in Self.promised.dropFirst(2) { #expect(memberlist[key] is NSNumber, "\(key)") }
        }
    }

    /// A large mesh starts settled: the answer says so, and that nothing is known of how it meets.
    @Test func saysWhatWasNotMeasured() throws {
        let report = try Self.bench(["--nodes", "101", "--seeds", "1", "--without-memberlist"])
        for key in Self.promised { #expect(report[key] is NSNumber, "\(key) is \(report[key] ?? "missing")") }
        #expect(report["startsSettled"] as? Bool == true && report["meetSecondsP99"] is NSNull)
        #expect((report["note"] as? String)?.contains("meetings are not measured") == true)
        #expect(report["memberlist"] == nil)
    }
}
