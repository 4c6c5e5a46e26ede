import ArgumentParser
import Foundation

/// `meshcam bench week`: how fast any node answers for days of footage of all.
struct WeekBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "week", abstract: "Measure how fast every node lists, finds and plays days of footage of all cameras.",
        discussion: """
            Real nodes, each in a network namespace of its own, and a storage with clips of each, with signed sidecars. Each question is asked at every node
            over HTTP, until the last byte of the answer; then one camera goes, and all is asked again of the others. Needs iproute2 and util-linux.
            """)

    @Option(help: "How many nodes.") var members = 3
    @Option(help: "How many days.") var days = 7
    @Option(help: "Clips of each camera in a day.") var perDay = 500
    @Flag(help: "Print JSON.") var json = false
    @Flag(help: .hidden) var inside = false

    func validate() throws {
        guard (2...DemoPlan.preparedLimit).contains(members) else { throw ValidationError("--members: 2 to \(DemoPlan.preparedLimit)") }
        guard (1...366).contains(days), (10...10_000).contains(perDay) else { throw ValidationError("--days: 1 to 366; --per-day: 10 to 10000") }
    }

    func run() async throws {
        do {
            guard inside else {
                try BenchNetwork.replaceThisProcess(
                    arguments: ["bench", "week", "--inside", "--members", "\(members)", "--days", "\(days)", "--per-day", "\(perDay)"] + (json ? ["--json"] : []))
            }
            // The first process of a namespace ends by a signal only if it takes it.
            for number in [SIGINT, SIGTERM] { signal(number) { _ in _exit(130) } }
            let answers = try await WeekBench(members: members, days: days, perDay: perDay).run()
            guard !json else { return try Terminal.print(String(decoding: JSONCoding.prettyEncoder.encode(answers), as: UTF8.self)) }
            var table = TextTable(("question", .left), ("p50 ms", .right), ("p99 ms", .right))
            for answer in answers { table.add([answer.name, "\(answer.times.p50)", "\(answer.times.p99)"]) }
            try Terminal.print("\(members) cameras with \(days * perDay) clips each\n\n\(table.render())")
        } catch {
            CommandLine.fail(error)
        }
    }
}
