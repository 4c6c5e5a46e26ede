import Foundation
import Media

/// Measures what each viewer of a stream costs: the server on one host, the viewers on another, all in ``BenchNetwork``.
struct FanoutBench: Sendable {
    let seconds: Int
    let mbit: Double
    /// Mbit/s of the server's link; nil: as fast as the machine.
    let link: Int?

    private static let serverPort = 8000

    /// Our own server.
    func ours(_ viewers: Int) async throws -> FanoutFigures {
        let network = try BenchNetwork(hosts: 2)
        defer { network.end() }
        let address = BenchNetwork.address(1)
        let server = try await host(
            1, network,
            [Command.thisProgram, "bench", "fanout", "--serve", "--json", "--address", address, "--port", "\(Self.serverPort)", "--viewers", "\(viewers)",
             "--seconds", "\(seconds)", "--mbit", "\(mbit)"])
        let watchers = try await watch("http://\(address):\(Self.serverPort)/whep", viewers, network)
        let begun = try await watchers.next(ViewerSwarm.Summary.self)
        var figures = try await server.next(FanoutFigures.self)
        try await watchers.tell("")
        let came = try await watchers.next(ViewerSwarm.Summary.self)
        // Whole sessions, from the first packet on: more than the server's own figure covers.
        figures.packetsLost = came.lost + came.refused
        guard begun.connected == viewers else { throw NodeError("only \(begun.connected) of \(viewers) viewers came", cure: "Try fewer.") }
        await watchers.stop()
        await server.stop()
        return figures
    }

    /// Janus, fed with the same pictures.
    func janus(_ viewers: Int) async throws -> FanoutFigures {
        let directory = FileManager.default.temporaryDirectory.appending(path: "meshcam-janus-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let address = BenchNetwork.address(1)
        try JanusSetup.write(to: directory, address: address)
        let network = try BenchNetwork(hosts: 3)
        defer { network.end() }
        let server = try await host(1, network, ["sh", "-c", "exec janus -F \"$0\" > \"$0/log\" 2>&1", directory])
        let feed = try await host(3, network, [Command.thisProgram, "bench", "fanout", "--feed", address, "--address", BenchNetwork.address(3), "--mbit", "\(mbit)"])
        guard await feed.next() == "feeding" else { throw NodeError("no pictures for Janus", cure: "Its error stands above.") }
        try await ContinuousClock().sleep(for: .seconds(2))
        let watchers = try await watch("http://\(address):\(JanusSetup.httpPort)/janus", viewers, network)
        _ = try await watchers.next(ViewerSwarm.Summary.self)
        try await ContinuousClock().sleep(for: FanoutServer.settling)
        try await watchers.tell("")
        let before = try await watchers.next(ViewerSwarm.Summary.self)
        let (cpu, began) = (try ProcessTime.seconds(of: server.pid), ContinuousClock.now)
        try await ContinuousClock().sleep(for: .seconds(seconds))
        let used = try ProcessTime.seconds(of: server.pid) - cpu
        let duration = (ContinuousClock.now - began) / .seconds(1)
        try await watchers.tell("")
        let after = try await watchers.next(ViewerSwarm.Summary.self)
        for one in [watchers, feed, server] { await one.stop() }
        return FanoutFigures(
            server: "Janus", viewers: viewers, cpuPercentPerViewer: FanoutFigures.percent(used, of: duration, viewers: viewers),
            cipher: after.ciphers.joined(separator: ", "), packetsLost: after.lost + after.refused,
            mbitPerViewer: (Double(after.bytes - before.bytes) * 8 / duration / Double(viewers) / 10_000).rounded() / 100,
            packetsPerSecondPerViewer: (Double(after.packets - before.packets) / duration / Double(viewers)).rounded())
    }

    private func watch(_ url: String, _ viewers: Int, _ network: BenchNetwork) async throws -> BenchHost {
        try await host(
            2, network, [Command.thisProgram, "bench", "fanout", "--watch", url, "--address", BenchNetwork.address(2), "--viewers", "\(viewers)"])
    }

    private func host(_ number: Int, _ network: BenchNetwork, _ program: [String]) async throws -> BenchHost {
        let host = try BenchHost(program)
        try await host.ready()
        try network.connect(host.pid, number: number)
        if number == 1, let link { try network.narrow(host.pid, mbit: link) }
        try await host.start()
        return host
    }
}
