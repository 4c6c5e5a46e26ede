import ArgumentParser
import Foundation
import Simulation

/// Runs simulated meshes through seeds of faults, and judges them.
@main
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Run simulated meshes through random faults and check the promises of mesh.md §7.",
        discussion: """
            Each seed is one mesh's life: it meets, suffers what the seed draws, heals and is measured. The same seed gives the same run.
            Progress and failures go to the standard error; the last line of the standard output is a summary. Exit code 1 when an
            invariant breaks, 64 when the options are wrong.
            """)

    @Option(help: "How many seeds.") var seeds = 100
    @Option(help: "How many nodes the mesh has.") var nodes = 10
    @Option(help: "The first seed; the others follow it. Default: random seeds.") var seed: UInt64?
    @Option(help: ArgumentHelp("Break something on purpose: \(NegativeControl.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "what"))
    var control: String?
    @Option(help: "Cryptography: 'real', 'fast', or 'mixed', which is real for one seed of eight in small meshes.") var crypto = "mixed"
    @Option(help: "How many of the last events a failure shows, up to 400.") var events = 60
    @Flag(help: "Print each seed's trace hash to the standard output.") var hashes = false
    @Flag(help: "Print each seed's schedule of faults.") var verbose = false

    func validate() throws {
        guard (1...10_000_000).contains(seeds) else { throw ValidationError("--seeds must be 1 or more.") }
        guard (2...2000).contains(nodes) else { throw ValidationError("--nodes must be 2 to 2000.") }
        guard control == nil || control.flatMap(NegativeControl.init(rawValue:)) != nil else {
            throw ValidationError("--control must be one of \(NegativeControl.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        guard (0...400).contains(events) else { throw ValidationError("--events must be 0 to 400.") }
        guard crypto == "mixed" || SimulatedCrypto.Kind(rawValue: crypto) != nil else {
            throw ValidationError("--crypto must be real, fast or mixed.")
        }
    }

    func run() throws {
        var variation = SimulatedRun.Variation()
        variation.control = control.flatMap(NegativeControl.init(rawValue:))
        variation.crypto = SimulatedCrypto.Kind(rawValue: crypto)
        variation.shownEvents = events
        let commit = ProcessInfo.processInfo.environment["MESHCAM_COMMIT"]
        let options = (control.map { " --control \($0)" } ?? "") + (crypto == "mixed" ? "" : " --crypto \(crypto)")
        var batch = Batch(nodes: nodes)
        var random = SystemRandomNumberGenerator()
        let began = ContinuousClock.now
        for number in 0..<seeds {
            let next = seed.map { $0 &+ UInt64(number) } ?? UInt64.random(in: 1..<1 << 48, using: &random)
            let report = SimulatedRun.run(nodes: nodes, seed: next, variation: variation)
            batch.add(report)
            if hashes { print("\(next) \(String(report.traceHash, radix: 16))") }
            if verbose { Self.say("seed \(next): \(report.schedule)") }
            if !report.violations.isEmpty { Self.say(report.failureText(commit: commit, options: options)) }
            let done = number + 1
            if done % max(1, seeds / 20) == 0, done < seeds {
                Self.say("\(done) of \(seeds) seeds, \(batch.failed.count) failed, \(ContinuousClock.now - began)")
            }
        }
        for broken in batch.brokenBounds { Self.say(broken) }
        Self.say(batch.details)
        print(batch.summary)
        if !batch.holds { throw ExitCode(1) }
    }

    private static func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
