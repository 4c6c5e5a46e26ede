import ArgumentParser
import Foundation

/// `meshcam bench catalogue`: how fast a node knows its clips.
struct CatalogueBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalogue", abstract: "Measure how long a node takes to know, list, search and read years of clips.",
        discussion: "Makes that many small clips with signed sidecars in a directory, a thousand a day, and starts a node's store on it.")

    @Option(help: "How many.") var clips = 100_000
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard (100...1_000_000).contains(clips) else { throw ValidationError("--clips: 100 to 1000000") }
    }

    func run() async throws {
        do {
            let figures = try await CatalogueBench(clips: clips).run()
            guard !json else { return try Terminal.print(String(decoding: try JSONCoding.prettyEncoder.encode(figures), as: UTF8.self)) }
            var table = TextTable(("question", .left), ("p50 ms", .right), ("p99 ms", .right))
            for (name, times) in [
                ("the newest hundred", figures.listMs), ("a day", figures.dayMs), ("a rare kind before some day", figures.kindMs), ("an incident", figures.incidentMs),
                ("the first 64 KiB of a clip", figures.firstByteMs),
            ] { table.add([name, "\(times.p50)", "\(times.p99)"]) }
            try Terminal.print("\(figures.clips) clips known after \((figures.rebuildSeconds * 100).rounded() / 100) s, in \(Int(figures.residentMB)) MB\n\n\(table.render())")
        } catch {
            CommandLine.fail(error)
        }
    }
}
