import Foundation
import Glibc

/// Real nodes without cameras on this machine's loopback: how soon they meet, how soon a killed one is missed, what idling costs.
struct RealGossip {
    struct Figures: Encodable, Sendable {
        let nodes: Int
        /// From the first process's start until every node says that every node is online.
        let convergeSeconds: Double
        /// From kill -9 until the first, and until all others, say that the node is dead. Asked every 250 ms, so late by as much.
        let firstDetectSeconds: Double
        let detectSeconds: Double
        /// All that passed the loopback, per node: gossip, and what else idle nodes have to say to each other.
        let idleBytesPerSecond: Double
        /// Of one processor, per node, idle, from /proc.
        let cpuPercentPerNode: Double

        var text: String {
            func short(_ value: Double) -> String { value.formatted(.number.precision(.fractionLength(1))) }
            return """
                \(nodes) real nodes: all online after \(short(convergeSeconds)) s; killed one seen dead by the first after \
                \(short(firstDetectSeconds)) s, by all after \(short(detectSeconds)) s; idle \(Int(idleBytesPerSecond)) B/s and \
                \(cpuPercentPerNode.formatted(.number.precision(.fractionLength(2)))) % of a processor per node
                """
        }
    }

    let count: Int

    private static let firstPort = 27_000
    private static let patience = Duration.seconds(120)
    private static let pause = Duration.milliseconds(250)
    /// The eager first seconds, and what follows them.
    private static let settling = Duration.seconds(20)
    private static let idling = Duration.seconds(30)

    func measure() async throws -> Figures {
        let root = FileManager.default.temporaryDirectory.appending(path: "meshcam-bench-\(getpid())").path
        defer { try? FileManager.default.removeItem(atPath: root) }
        let directory = try DemoDirectory(root)
        let plan = DemoPlan(withoutCameras: count, firstPort: Self.firstPort)
        _ = try DemoMesh(directory).provision(plan, password: nil)
        for (index, node) in plan.nodes.enumerated() { try write(settings(index, node, directory), to: config(node, directory)) }

        let began = ContinuousClock.now
        let processes = try plan.nodes.map { try NodeProcess(name: $0.name, config: config($0, directory)) }
        return try await withThrowingDiscardingTaskGroup { group in
            for process in processes { group.addTask { _ = await process.wait() } }
            defer { for process in processes { process.stop() } }
            do {
                return try await measure(plan, processes, began)
            } catch {
                for process in processes { process.kill() }
                throw error
            }
        }
    }

    private func measure(_ plan: DemoPlan, _ processes: [NodeProcess], _ began: ContinuousClock.Instant) async throws -> Figures {
        let count = count
        try await wait("for all nodes to see each other") {
            try await Self.answers(plan.nodes).allSatisfy { $0.count(where: \.online) == count }
        }
        let converged = ContinuousClock.now - began
        try await ContinuousClock().sleep(for: Self.settling)

        let before = (bytes: try Self.loopbackBytes(), cpu: try processes.map { try ProcessTime.seconds(of: $0.pid) }.reduce(0, +), at: ContinuousClock.now)
        try await ContinuousClock().sleep(for: Self.idling)
        let seconds = (ContinuousClock.now - before.at) / .seconds(1)
        let bytes = try Self.loopbackBytes() - before.bytes
        let cpu = try processes.map { try ProcessTime.seconds(of: $0.pid) }.reduce(0, +) - before.cpu

        let victim = plan.nodes[count - 1]
        let killed = ContinuousClock.now
        processes[count - 1].kill()
        var first: Duration?
        try await wait("for all others to miss a killed node") {
            let views = try await Self.answers(Array(plan.nodes.dropLast()))
            let dead = views.count { view in view.contains { $0.name == victim.name && $0.status == .dead } }
            if dead > 0, first == nil { first = ContinuousClock.now - killed }
            return dead == count - 1
        }
        let detected = ContinuousClock.now - killed
        return Figures(
            nodes: count, convergeSeconds: converged / .seconds(1), firstDetectSeconds: (first ?? detected) / .seconds(1),
            detectSeconds: detected / .seconds(1), idleBytesPerSecond: (Double(bytes) / seconds / Double(count)).rounded(),
            cpuPercentPerNode: cpu / seconds / Double(count) * 100)
    }

    private func wait(_ what: String, until condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            // A node that is not up yet refuses: that is an answer too.
            if (try? await condition()) == true { return }
            guard ContinuousClock.now < deadline else {
                throw NodeError("waited \(Self.patience) \(what)", cure: "Look at the nodes' messages above; try fewer nodes.")
            }
            try await ContinuousClock().sleep(for: Self.pause)
        }
    }

    /// What each node says of all.
    private static func answers(_ nodes: [DemoPlan.Node]) async throws -> [[NodeResource]] {
        let found = try LocalAccessDirectory().list()
        var answers: [[NodeResource]] = []
        for node in nodes {
            guard let access = found.first(where: { $0.port == node.webPort })?.access else { throw NodeError("\(node.name) is not up", cure: "Wait.") }
            let endpoint = APIEndpoint(scheme: "http", host: "127.0.0.1", port: node.httpPort, trust: .system, credential: .token(access.token))
            answers.append(try await APIClient.with(endpoint) { try await $0.get("/nodes") })
        }
        return answers
    }

    // MARK: The system's numbers

    /// Received on `lo`, as /proc/net/dev counts.
    private static func loopbackBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/net/dev", encoding: .utf8)
        guard let line = text.split(separator: "\n").first(where: { $0.drop(while: \.isWhitespace).hasPrefix("lo:") }),
            let bytes = line.split(separator: ":").last?.split(separator: " ").first.flatMap({ Int($0) })
        else { throw NodeError("/proc/net/dev has no loopback", cure: "Run 'ip link set lo up'.") }
        return bytes
    }

    // MARK: Files

    private func config(_ node: DemoPlan.Node, _ directory: DemoDirectory) -> String { "\(directory.node(node.name))/meshcam.toml" }

    private func write(_ text: String, to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) else {
            throw NodeError("cannot write \(path)", cure: "Make room in the temporary directory.")
        }
    }

    /// No camera, no multicast: addresses are given, as on a network that blocks it.
    private func settings(_ index: Int, _ node: DemoPlan.Node, _ directory: DemoDirectory) -> String {
        func gossipPort(_ index: Int) -> Int { Self.firstPort + 200 + index }
        let seeds = (0..<count).filter { $0 != index }.map { "\"127.0.0.1:\(gossipPort($0))\"" }.joined(separator: ", ")
        return """
            [node]
            name = \(node.name.tomlString)
            state = \(directory.state(node.name).tomlString)
            log_level = "warning"

            [camera]
            source = "none"

            [network]
            web_port = \(node.webPort)
            http_port = \(node.httpPort)
            gossip_port = \(gossipPort(index))
            live_port = 0
            peer_port = \(Self.firstPort + 300 + index)
            seeds = [\(seeds)]

            [storage]
            directories = [\(directory.nas.tomlString)]

            """
    }
}

extension DemoPlan {
    /// Nodes that only talk to each other.
    init(withoutCameras count: Int, firstPort: Int) {
        nodes = (0..<count).map {
            Node(name: "node-\($0 + 1)", source: "none", seed: $0 + 1, webPort: firstPort + $0, httpPort: firstPort + 100 + $0)
        }
    }
}
