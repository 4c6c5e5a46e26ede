import Foundation
import Gossip
import Storage

/// Days of footage of several cameras on one storage, asked for at every node over HTTP: first with all cameras there, then without one. Runs inside of ``BenchNetwork``.
struct WeekBench: Sendable {
    let members: Int
    let days: Int
    let perDay: Int

    /// Of each kind, at each node.
    private static let questions = 40
    private static let startLimit = Duration.seconds(300)

    struct Question: Codable, Sendable, Equatable {
        let name: String
        let times: CatalogueFigures.Times
    }

    func run() async throws -> [Question] {
        let directory = FileManager.default.temporaryDirectory.appending(path: "meshcam-bench-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let files = try DemoDirectory(directory)
        let plan = try DemoPlan(cameras: members, webPort: 20000, httpPort: 30000, footage: nil, limit: DemoPlan.preparedLimit)
        _ = try DemoMesh(files).provision(plan, password: nil)
        let footage = try plan.nodes.map { try generated($0.name, in: files.state($0.name)) }
        for camera in footage { try camera.fill(files.nas) }

        let network = try BenchNetwork(hosts: members)
        let (_, logs) = AsyncStream<BenchMember.Line>.makeStream(bufferingPolicy: .bufferingNewest(1))
        var nodes: [BenchMember] = []
        defer { for node in nodes { node.stop() } }
        for (index, node) in plan.nodes.enumerated() {
            let config = "\(files.node(node.name))/bench.toml"
            try TriggerBench.settings(node, files, members: members).write(toFile: config, atomically: true, encoding: .utf8)
            let member = try BenchMember(index: index, config: config, lines: logs)
            nodes.append(member)
            try network.connect(member.pid, number: index + 1)
            try member.start()
        }
        for node in nodes { try await untilKnown(at: node, footage) }
        var answers = try await ask(nodes, footage, "")
        nodes.removeLast().stop()
        for node in nodes { try await untilKnown(at: node, footage) }
        answers += try await ask(nodes, footage, ", one camera gone")
        return answers
    }

    /// Signed as the camera itself does it.
    private func generated(_ name: String, in state: String) throws -> GeneratedClips {
        let identity = try NodeIdentity.loadOrCreate(in: state, board: .current()) {}
        guard let trust = try TrustStore.load(from: state) else { throw NodeError("a node has no mesh", cure: "Report this.") }
        let keys = FootageKeys(of: identity, mesh: trust.meshID) { trust.roster }
        return GeneratedClips(count: days * perDay, perDay: perDay, node: "\(identity.id)", name: name, keys: keys, end: .now.addingTimeInterval(-60), videoBytes: 64 << 10)
    }

    /// Every camera's first clip is found last.
    private func untilKnown(at node: BenchMember, _ footage: [GeneratedClips]) async throws {
        let deadline = ContinuousClock.now + Self.startLimit
        for camera in footage {
            while (try? await get(node, "/clips/\(camera.id(0))")) == nil {
                guard ContinuousClock.now < deadline else { throw NodeError("the nodes did not find every clip", cure: "Try fewer with --days.") }
                try await ContinuousClock().sleep(for: .milliseconds(200))
            }
        }
    }

    private func ask(_ nodes: [BenchMember], _ footage: [GeneratedClips], _ when: String) async throws -> [Question] {
        func day(_ question: Int) -> (from: String, to: String) {
            let start = footage[0].start(footage[0].some(question))
            return (RFC3339.format(start), RFC3339.format(start.addingTimeInterval(86_400)))
        }
        // Those of the last camera: it is the one that goes.
        let last = footage[footage.count - 1]
        return [
            try await measured("the newest hundred\(when)", nodes) { _ in "/clips?limit=100" },
            try await measured("a day\(when)", nodes) { "/clips?limit=100&from=\(day($0).from)&to=\(day($0).to)" },
            try await measured("a rare kind before some day\(when)", nodes) { "/clips?limit=100&kind=manual&to=\(day($0).to)" },
            try await measured("an incident\(when)", nodes) { "/incidents/\(last.event(last.some($0)))" },
            try await measured("64 KiB of a clip of that camera\(when)", nodes) { "/clips/\(last.id(last.some($0)))/video.mp4" },
        ]
    }

    private func measured(_ name: String, _ nodes: [BenchMember], _ path: (Int) -> String) async throws -> Question {
        var times: [Double] = []
        for question in 0..<Self.questions {
            for node in nodes {
                let began = ContinuousClock.now
                _ = try await get(node, path(question))
                times.append((ContinuousClock.now - began) / .milliseconds(1))
            }
        }
        return Question(name: name, times: .init(times))
    }

    private func get(_ node: BenchMember, _ path: String) async throws -> Data {
        try await onOwnThread { try node.connect().send("GET", path) }
    }
}
