import Foundation
import Gossip

/// Measures triggers between real processes. Runs inside of ``BenchNetwork``.
struct TriggerBench: Sendable {
    let members: Int
    let count: Int

    /// What does not record by then never will as far as this measurement goes (mesh.md §7, invariant 9).
    static let patience = Duration.seconds(5)
    /// Longest wait for all nodes to run and see each other.
    static let startLimit = Duration.seconds(120)
    /// Motion keeps all cameras at work for as long as somebody walks; not so long, though.
    static let clipLimit = Duration.seconds(120)

    /// What the logs tell, in the order in which it came.
    enum Happening: Sendable, Equatable {
        case opened(member: Int, event: String, at: ContinuousClock.Instant)
        case closed(member: Int)
        /// Some time has passed.
        case tick
    }

    func run(_ levels: [Int]) async throws -> [TriggerBenchResult] {
        let directory = FileManager.default.temporaryDirectory.appending(path: "meshcam-bench-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let files = try DemoDirectory(directory)
        let plan = try DemoPlan(cameras: members, webPort: 20000, httpPort: 30000, footage: nil, limit: DemoPlan.preparedLimit)
        _ = try DemoMesh(files).provision(plan, password: nil)

        let network = try BenchNetwork(hosts: members)
        let (lines, logs) = AsyncStream<BenchMember.Line>.makeStream(bufferingPolicy: .bufferingNewest(100_000))
        var nodes: [BenchMember] = []
        defer { for node in nodes { node.stop() } }
        for (index, node) in plan.nodes.enumerated() {
            let config = "\(files.node(node.name))/bench.toml"
            try Self.settings(node, files, members: members).write(toFile: config, atomically: true, encoding: .utf8)
            let member = try BenchMember(index: index, config: config, lines: logs)
            nodes.append(member)
            try network.connect(member.pid, number: index + 1)
            try member.start()
        }
        let cameras = try await ready(nodes, names: plan.nodes.map(\.name))
        let (happenings, tell) = AsyncStream<Happening>.makeStream(bufferingPolicy: .bufferingNewest(100_000))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { for await line in lines { if let happening = Self.read(line) { tell.yield(happening) } } }
            group.addTask { while (try? await ContinuousClock().sleep(for: .milliseconds(50))) != nil { tell.yield(.tick) } }
            var results: [TriggerBenchResult] = []
            var watch = Watch(next: happenings.makeAsyncIterator())
            for percent in levels {
                try network.lose(percent: percent)
                var rounds: [[Duration]] = []
                var tries = 0
                while rounds.count < count {
                    guard tries < 10 * count + 100 else {
                        throw NodeError("the cameras see motion all the time", cure: "Try again, or fewer with --members.")
                    }
                    let origin = nodes[tries % nodes.count]
                    tries += 1
                    if let round = try await trigger(origin, camera: cameras[origin.index], &watch) { rounds.append(round) }
                }
                results.append(TriggerBenchResult(members: members, lossPercent: percent, rounds: rounds, disturbed: tries - rounds.count))
            }
            return results
        }
    }

    /// What happens, and which members record now.
    private struct Watch {
        var next: AsyncStream<Happening>.Iterator
        var recording: Set<Int> = []

        mutating func happening() async -> Happening? {
            guard let happening = await next.next() else { return nil }
            switch happening {
            case .opened(let member, _, _): recording.insert(member)
            case .closed(let member): recording.remove(member)
            case .tick: break
            }
            return happening
        }

        /// A trigger has to find every camera idle: one that records already only goes on.
        mutating func untilIdle() async throws {
            let deadline = ContinuousClock.now + TriggerBench.clipLimit
            repeat {
                guard ContinuousClock.now < deadline, await happening() != nil else {
                    throw NodeError("a camera records without end", cure: "Try again.")
                }
            } while !recording.isEmpty
        }
    }

    /// One trigger. Answers after how long each other member recorded it; `nil` when a camera saw motion of its own meanwhile
    /// (somebody walks through the generated scene): then clips belong to that incident, and say nothing of this trigger.
    private func trigger(_ origin: BenchMember, camera: String, _ watch: inout Watch) async throws -> [Duration]? {
        try await watch.untilIdle()
        let (began, event) = try await onOwnThread {
            let connection = try origin.connect()
            let began = ContinuousClock.now
            let answer = try connection.send("POST", "/cameras/\(camera)/trigger", body: #"{"kind":"manual"}"#)
            return (began, try JSONCoding.decoder.decode(TriggerAccepted.self, from: answer).event)
        }
        var opened: [Int: ContinuousClock.Instant] = [:]
        while opened.count < members, ContinuousClock.now - began < Self.patience, let happening = await watch.happening() {
            guard case .opened(let member, let shown, let at) = happening else { continue }
            guard shown == event, at >= began else { return nil }
            opened[member] = opened[member] ?? at
        }
        return opened.filter { $0.key != origin.index }.values.map { $0 - began }
    }

    /// What a line of a node's log says of its recordings.
    static func read(_ line: BenchMember.Line) -> Happening? {
        let words = line.text.split(separator: " ")
        guard let clip = words.firstIndex(of: "clip"), clip + 1 < words.count,
            let event = words.first(where: { $0.hasPrefix("event=") })?.dropFirst("event=".count)
        else { return nil }
        switch words[clip + 1] {
        case "opened": return .opened(member: line.member, event: String(event), at: line.at)
        case "closed": return .closed(member: line.member)
        default: return nil
        }
    }

    /// Waits until every node sees every camera at work. Answers each node's camera.
    private func ready(_ nodes: [BenchMember], names: [String]) async throws -> [String] {
        let deadline = ContinuousClock.now + Self.startLimit
        var cameras: [String] = []
        while cameras.count < nodes.count {
            guard ContinuousClock.now < deadline else {
                throw NodeError("the nodes did not all run and find each other", cure: "Try fewer with --members.")
            }
            let node = nodes[cameras.count]
            let seen = try? await onOwnThread {
                try JSONCoding.decoder.decode([CameraResource].self, from: try node.connect().send("GET", "/cameras"))
            }
            guard let seen, seen.filter({ $0.online && $0.state == .running }).count == nodes.count else {
                try await ContinuousClock().sleep(for: .milliseconds(200))
                continue
            }
            guard let own = seen.first(where: { $0.nodeName == names[node.index] }) else { continue }
            cameras.append(own.id)
        }
        return cameras
    }

    /// Small pictures, so that many nodes run on one machine, and clips of a second, so that the next trigger finds them idle.
    static func settings(_ node: DemoPlan.Node, _ files: DemoDirectory, members: Int) -> String {
        """
        [node]
        name = \(node.name.tomlString)
        state = \(files.state(node.name).tomlString)
        [camera]
        source = "synthetic"
        width = 160
        height = 90
        fps = 10
        audio = false
        [network]
        web_port = \(BenchMember.webPort)
        http_port = \(BenchMember.httpPort)
        seeds = [\((1...min(3, members)).map { BenchNetwork.address($0).tomlString }.joined(separator: ", "))]
        [storage]
        directories = [\(files.nas.tomlString)]
        [recording]
        pre_roll = 2
        minimum_clip = 1
        post_motion = 0

        """
    }
}
