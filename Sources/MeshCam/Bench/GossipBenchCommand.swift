import ArgumentParser
import Foundation
import Gossip
import Simulation

/// `meshcam bench gossip`: how soon a mesh knows, and what that costs.
struct GossipBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gossip", abstract: "Measure membership: convergence, detection, idle bytes and processor time.",
        discussion: """
            Simulated meshes of the sizes in --nodes, in virtual time, with --loss percent of packets lost; beside them memberlist's
            published defaults on the same simulator (see Docs.docc/Simulation.md for what that can and cannot compare). More than 100
            nodes start settled, with imitated cryptography: how they meet is not measured. With --real N, N real nodes on this machine's
            loopback too; start that in a network namespace of its own (unshare --net), because it counts what passes there.
            """)

    @Option(help: "Sizes, separated by commas, 2 to 1000.") var nodes = "3,10,30,100,300,1000"
    @Option(help: "Seeds for each size; a fifth of that above 100 nodes, a twentieth above 300.") var seeds = 20
    @Option(help: "Percent of packets that are lost.") var loss = 5
    @Option(help: ArgumentHelp("Start that many real nodes too, 2 to 20.", valueName: "n")) var real: Int?
    @Flag(help: "Leave out memberlist's defaults.") var withoutMemberlist = false
    @Flag(help: "Print one JSON object.") var json = false

    private var sizes: [Int]? {
        let sizes = nodes.split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) }
        let known = sizes.compactMap { $0 }
        return known.count == sizes.count && !known.isEmpty && known.allSatisfy((2...1000).contains) ? known : nil
    }

    func validate() throws {
        guard sizes != nil else { throw ValidationError("--nodes must be sizes from 2 to 1000, as 3,10,100.") }
        guard (1...100_000).contains(seeds) else { throw ValidationError("--seeds must be 1 or more.") }
        guard (0...30).contains(loss) else { throw ValidationError("--loss must be 0 to 30.") }
        guard real.map((2...20).contains) ?? true else { throw ValidationError("--real must be 2 to 20.") }
    }

    func run() async throws {
        do {
            var results: [GossipFigures] = []
            for size in sizes ?? [] {
                let seeds = max(1, size > 300 ? seeds / 20 : size > 100 ? seeds / 5 : seeds)
                var figures = GossipFigures(measure(size, seeds, GossipSettings(), "ours"))
                if !withoutMemberlist { figures.memberlist = .init(measure(size, seeds, .memberlistLAN, "memberlist's defaults")) }
                results.append(figures)
                if !json { try Terminal.print(figures.text) }
            }
            var report = GossipReport(sizes: results)
            if let real {
                report.real = try await RealGossip(count: real).measure()
                if !json, let text = report.real?.text { try Terminal.print(text) }
            }
            if json { try Terminal.print(String(decoding: JSONCoding.prettyEncoder.encode(report), as: UTF8.self)) }
        } catch {
            CommandLine.fail(error)
        }
    }

    private func measure(_ size: Int, _ seeds: Int, _ settings: GossipSettings, _ name: String) -> GossipMeasurement {
        GossipMeasurement(nodes: size, seeds: seeds, settings: settings, lossPercent: loss) { seed in
            guard seed % max(1, seeds / 5) == 0 else { return }
            FileHandle.standardError.write(Data("\(size) nodes, \(name): seed \(seed) of \(seeds)\n".utf8))
        }
    }
}
