import Foundation
import Simulation
import TestSupport
import Testing

/// One seed, one run: in this process, in another, and in one after that.
@Suite struct DeterminismTests {
    /// The simulator's program, beside the test's own.
    private static let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "simulate")

    /// Swift's own hashing is seeded anew in each process: what depends on the order of a set or dictionary shows here.
    private static func simulate(_ arguments: [String]) throws -> Tool { try Tool([program.path] + arguments) }

    @Test(arguments: ["real", "fast"], [3, 10]) func sameInEveryProcess(crypto: String, nodes: Int) throws {
        let arguments = ["--seeds", "8", "--nodes", "\(nodes)", "--seed", "40", "--hashes", "--crypto", crypto]
        let (first, second) = (try Self.simulate(arguments), try Self.simulate(arguments))
        #expect(first.status == 0 && first.output == second.output)
        // Eight different hashes and the summary.
        #expect(Set(first.output.split(separator: "\n")).count == 9)
        #expect(first.output.contains("8 seeds, \(nodes) nodes: all invariants hold"))
        var variation = SimulatedRun.Variation()
        variation.crypto = SimulatedCrypto.Kind(rawValue: crypto)
        let here = SimulatedRun.run(nodes: nodes, seed: 44, variation: variation)
        #expect(first.output.contains("44 \(String(here.traceHash, radix: 16))\n"))
    }

    /// A failure says its seed, its faults and the command that shows it again; that command shows the same.
    @Test func failuresCanBeSeenAgain() throws {
        let arguments = ["--nodes", "3", "--control", "no-deduplication"]
        let first = try Self.simulate(arguments + ["--seeds", "20", "--seed", "1"])
        #expect(first.status == 1)
        let failure = try #require(first.errors.components(separatedBy: "FAILED: ").dropFirst().first)
        let seed = try #require(failure.firstMatch(of: /seed (\d+), 3 nodes/)?.1)
        let trace = try #require(failure.firstMatch(of: /trace ([0-9a-f]+)/)?.1)
        #expect(failure.contains("invariant 9 (") && failure.contains("faults until"))
        #expect(failure.contains("again: provisioning/simulate --seeds 1 --nodes 3 --seed \(seed) --control no-deduplication"))
        let again = try Self.simulate(arguments + ["--seeds", "1", "--seed", String(seed)])
        #expect(again.status == 1 && again.errors.contains("trace \(trace)"))
        #expect(again.output.hasPrefix("1 seeds, 3 nodes: 1 of 1 seeds broke an invariant"))
    }

    @Test(arguments: [["--nodes", "1"], ["--seeds", "0"], ["--seed", "x"], ["--control", "nothing"], ["--crypto", "none"], ["--colour"]])
    func wrongOptionsAreRefused(arguments: [String]) throws {
        #expect(try Self.simulate(arguments).status == 64)
    }
}
