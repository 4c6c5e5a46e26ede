import ArgumentParser
import Foundation

/// `meshcam bench trigger`: how long it takes from something that happens on one camera until every other one records it.
struct TriggerBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger", abstract: "Measure the time from a trigger on one camera to the recordings of all others.",
        discussion: """
            Real nodes, each in a network namespace of its own, on a bridge that loses packets. A trigger is sent to one of them by its API,
            in turn; the time ends when another one has opened its clip, or after 5 s, when it is counted as missed. A round
            in which a camera opens a clip of another incident is disturbed, counted as that, and repeated. The API's own time
            is in it, the camera's is not. Needs iproute2, util-linux and, for losses, nftables (or the kernel's netem). Nothing of this
            machine's network is touched.
            """)

    @Option(help: "How many nodes.") var members = 10
    @Option(help: ArgumentHelp("Lost packets in percent, in each direction; one run for each.", valueName: "percent,…"))
    var loss = "0,5,20"
    @Option(help: "Triggers at each loss.") var count = 100
    @Flag(help: "Print JSON: the figures at the highest loss, and all of them under 'levels'.") var json = false
    @Flag(help: .hidden) var inside = false

    func validate() throws {
        guard (2...DemoPlan.preparedLimit).contains(members) else { throw ValidationError("--members: 2 to \(DemoPlan.preparedLimit)") }
        guard (1...100_000).contains(count) else { throw ValidationError("--count: 1 to 100000") }
        guard let levels, !levels.isEmpty, levels.allSatisfy({ (0...90).contains($0) }) else {
            throw ValidationError("--loss: percents from 0 to 90, as 0,5,20")
        }
    }

    private var levels: [Int]? {
        let numbers = loss.split(separator: ",").map { Int($0) }
        return numbers.contains(nil) ? nil : numbers.compactMap(\.self)
    }

    func run() async throws {
        do {
            guard inside else { try BenchNetwork.replaceThisProcess(arguments: arguments) }
            // The first process of a namespace ends by a signal only if it takes it.
            for number in [SIGINT, SIGTERM] { signal(number) { _ in _exit(130) } }
            let results = try await TriggerBench(members: members, count: count).run(levels ?? [])
            try print(results)
        } catch {
            CommandLine.fail(error)
        }
    }

    /// What starts this very measurement again, inside.
    private var arguments: [String] {
        ["bench", "trigger", "--inside", "--members", "\(members)", "--loss", loss, "--count", "\(count)"] + (json ? ["--json"] : [])
    }

    private func print(_ results: [TriggerBenchResult]) throws {
        guard json else {
            var table = TextTable(("loss", .right), ("p50 ms", .right), ("p99 ms", .right), ("last one p99 ms", .right), ("missed", .right),
                ("disturbed", .right))
            for result in results {
                table.add([
                    "\(result.lossPercent) %", "\(result.msP50)", "\(result.msP99)", "\(result.slowestMsP99)", "\(result.missed) of \(result.recordings)",
                    "\(result.disturbed) of \(result.triggers + result.disturbed)",
                ])
            }
            return try Terminal.print(table.render())
        }
        try Terminal.print(String(decoding: JSONCoding.prettyEncoder.encode(TriggerBenchReport(levels: results)), as: UTF8.self))
    }
}

/// What `--json` prints: the figures of the highest loss, and each run's.
struct TriggerBenchReport: Encodable {
    let levels: [TriggerBenchResult]

    private enum CodingKeys: CodingKey { case levels }

    func encode(to encoder: any Encoder) throws {
        try levels.max { $0.lossPercent < $1.lossPercent }?.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(levels, forKey: .levels)
    }
}
