import ArgumentParser
import Foundation
import Media

/// `meshcam bench fanout`: what each viewer of a live stream costs.
struct FanoutBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fanout", abstract: "Measure the processor time that each viewer of a live stream costs.",
        discussion: """
            One stream of a given rate, encoded before, is served by WebRTC to many viewers: real sockets, DTLS, SRTP, reports as browsers send
            them. Server and viewers are processes of their own, each in a network namespace of its own. With --janus, Janus serves the same
            pictures to the same viewers, in the same run. With --serve nothing of that: it serves here until so many WHEP clients of
            yours have come, and measures then. Needs iproute2 and util-linux. Nothing of this machine's network is touched.
            """)

    @Option(help: ArgumentHelp("How many viewers; one run for each.", valueName: "number,…")) var viewers = "10"
    @Option(help: "How long to measure.") var seconds = 15
    @Option(help: "Measure so many times, ours and Janus by turns, and tell the median.") var rounds = 1
    @Option(help: "The stream's rate in Mbit/s.") var mbit = 2.0
    @Option(help: "Mbit/s of the server's link, with a queue before it. Default: as fast as the machine.") var link: Int?
    @Flag(help: "Measure Janus beside.") var janus = false
    @Flag(help: "Serve for WHEP clients of your own, at --address and --port.") var serve = false
    @Option(help: "With --serve: this machine's address for viewers.") var address = "127.0.0.1"
    @Option(help: "With --serve: TCP port of the WHEP door.") var port = 8000
    @Flag(help: "Print JSON: the figures for the most viewers, and all of them under 'levels'.") var json = false
    @Flag(help: .hidden) var inside = false
    @Option(help: .hidden) var watch: String?
    @Option(help: .hidden) var feed: String?

    func validate() throws {
        guard let levels, !levels.isEmpty, levels.allSatisfy({ (1...1000).contains($0) }) else {
            throw ValidationError("--viewers: numbers from 1 to 1000, as 1,10,50,100")
        }
        guard (1...3600).contains(seconds) else { throw ValidationError("--seconds: 1 to 3600") }
        guard (1...99).contains(rounds) else { throw ValidationError("--rounds: 1 to 99") }
        guard (0.1...50).contains(mbit) else { throw ValidationError("--mbit: 0.1 to 50") }
        guard link.map({ (1...100_000).contains($0) }) ?? true else { throw ValidationError("--link: 1 to 100000") }
        guard (1...65_535).contains(port) else { throw ValidationError("--port: 1 to 65535") }
        guard !serve || levels.count == 1 else { throw ValidationError("--serve: one number of viewers") }
    }

    private var levels: [Int]? {
        let numbers = viewers.split(separator: ",").map { Int($0) }
        return numbers.contains(nil) ? nil : numbers.compactMap(\.self)
    }

    func run() async throws {
        do {
            let levels = levels ?? []
            if let watch { return try await FanoutViewers(address: address, viewers: levels[0]).watch(watch) }
            if let feed { return try await pictures(for: feed) }
            if serve {
                let server = FanoutServer(address: address, port: port, bitRate: Int(mbit * 1_000_000), viewers: levels[0], seconds: seconds)
                return try print([try await server.measure()], [])
            }
            guard inside else { try BenchNetwork.replaceThisProcess(arguments: arguments) }
            // The first process of a namespace ends by a signal only if it takes it.
            for number in [SIGINT, SIGTERM] { signal(number) { _ in _exit(130) } }
            let bench = FanoutBench(seconds: seconds, mbit: mbit, link: link)
            var (ours, theirs): ([FanoutFigures], [FanoutFigures]) = ([], [])
            for viewers in levels {
                var rounds: (ours: [FanoutFigures], theirs: [FanoutFigures]) = ([], [])
                for _ in 0..<self.rounds {
                    rounds.ours.append(try await bench.ours(viewers))
                    if janus { rounds.theirs.append(try await bench.janus(viewers)) }
                }
                ours += FanoutFigures.median(rounds.ours)
                theirs += FanoutFigures.median(rounds.theirs)
            }
            try print(ours, theirs)
        } catch {
            CommandLine.fail(error)
        }
    }

    /// What starts this very measurement again, inside.
    private var arguments: [String] {
        ["bench", "fanout", "--inside", "--viewers", viewers, "--seconds", "\(seconds)", "--mbit", "\(mbit)"] + (link.map { ["--link", "\($0)"] } ?? []) + ["--rounds", "\(rounds)"] + (janus ? ["--janus"] : []) + (json ? ["--json"] : [])
    }

    /// Plain RTP for Janus, until standard input ends.
    private func pictures(for gateway: String) async throws {
        let source = try ReplayedSource(bitRate: Int(mbit * 1_000_000))
        try FileHandle.standardOutput.write(contentsOf: Data("feeding\n".utf8))
        Thread {
            while getchar() != EOF {}
            _exit(0)
        }.start()
        let address = address
        try await onOwnThread {
            var feed = try RTPFeed(from: address, to: gateway, port: JanusSetup.rtpPort, payloadType: JanusSetup.payloadType)
            source.run { feed.send($0) }
        }
    }

    private func print(_ ours: [FanoutFigures], _ theirs: [FanoutFigures]) throws {
        guard json else {
            var table = TextTable(
                ("server", .left), ("viewers", .right), ("CPU % each", .right), ("Mbit/s each", .right), ("packets/s each", .right), ("lost", .right), ("cipher", .left))
            for one in ours + theirs {
                table.add([
                    one.server, "\(one.viewers)", "\(one.cpuPercentPerViewer)", "\(one.mbitPerViewer)", "\(Int(one.packetsPerSecondPerViewer))", "\(one.packetsLost)",
                    one.cipher,
                ])
            }
            let camera = ours.compactMap(\.cameraPercent).max().map { "\n\nBeside that, what stands in for the camera took \($0) % of a processor; Janus has it in another process." }
            return try Terminal.print(table.render() + (camera ?? ""))
        }
        // Between processes, one line.
        let encoder = serve && levels?.count == 1 ? JSONEncoder() : JSONCoding.prettyEncoder
        let data = serve ? try encoder.encode(ours[0]) : try encoder.encode(FanoutReport(levels: ours, peer: theirs))
        try Terminal.print(String(decoding: data, as: UTF8.self))
    }
}
