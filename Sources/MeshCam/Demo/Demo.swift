import Foundation
import Synchronization
import UnixSignals

/// Runs the nodes of a demo until a signal, and tells what a new user needs.
struct Demo {
    let plan: DemoPlan
    let directory: DemoDirectory
    let password: String

    /// A node that stops in order needs 3 s at most.
    static let patience = Duration.seconds(5)
    /// Longest wait for the dashboards; a slow machine may need it.
    static let startLimit = Duration.seconds(60)

    private enum Happening: Sendable {
        case signal
        case ready(TimeInterval)
        case notReady
        case exit(NodeProcess.Exit)
    }

    /// Answers the exit code.
    func run() async throws -> Int32 {
        let began = ContinuousClock.now
        let nodes = try plan.nodes.map { try NodeProcess(name: $0.name, config: "\(directory.node($0.name))/meshcam.toml") }
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        return await withTaskGroup(of: Happening.self) { group in
            for node in nodes { group.addTask { .exit(await node.wait()) } }
            group.addTask {
                for await _ in signals { return .signal }
                return .signal
            }
            let readiness = DemoReadiness(plan: plan, processes: Set(nodes.map(\.pid)))
            group.addTask {
                await readiness.wait(limit: Self.startLimit)
                    ? .ready((ContinuousClock.now - began) / .seconds(1)) : .notReady
            }
            var running = nodes.count
            var isReady = false
            var status: Int32 = 0
            wait: for await happening in group {
                switch happening {
                case .signal:
                    break wait
                case .ready(let seconds):
                    isReady = true
                    welcome(seconds)
                case .notReady where !Task.isCancelled:
                    say("The cameras are slow to start; the log above says what they wait for.")
                case .notReady:
                    break
                case .exit(let exit):
                    running -= 1
                    if !isReady || running == 0 {
                        status = 1
                        break wait
                    }
                    let how = exit.wasKilled ? "was killed (signal \(exit.code))" : "ended (exit code \(exit.code))"
                    say("\(exit.name) \(how). The others go on; start the demo again to bring it back.")
                }
            }
            await stop(nodes, running: running, &group)
            return status
        }
    }

    private func stop(_ nodes: [NodeProcess], running: Int, _ group: inout TaskGroup<Happening>) async {
        say("Stopping…")
        for node in nodes { node.stop() }
        // Cancelled below as soon as every node has ended.
        let killer = Task {
            try await ContinuousClock().sleep(for: Self.patience)
            for node in nodes { node.kill() }
        }
        var left = running
        // Not cancelled before: a wait that is cancelled ends at once, whether its node has or not.
        while left > 0, let happening = await group.next() {
            if case .exit = happening { left -= 1 }
        }
        killer.cancel()
        group.cancelAll()
    }

    private func welcome(_ seconds: TimeInterval) {
        let width = plan.nodes.map(\.name.count).max() ?? 0
        let rows = plan.nodes.map { node in
            "  \(node.name.padding(toLength: width, withPad: " ", startingAt: 0))  http://localhost:\(node.httpPort)   https://localhost:\(node.webPort)"
        }
        let line = """

            MeshCam is ready: \(plan.nodes.count) cameras after \(seconds.formatted(.number.precision(.fractionLength(1)))) s. Any of them shows all of them:

            \(rows.joined(separator: "\n"))

              sign in as  \(DemoMesh.user)
              password    \(password)

            Recordings are in \(directory.nas). Ctrl-C stops everything.

            """
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    private func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}

/// Waits until every dashboard shows every camera.
struct DemoReadiness: Sendable {
    let plan: DemoPlan
    /// Of the nodes: another demo's dashboards do not count.
    let processes: Set<Int32>

    /// False when the limit passed or the task was cancelled first.
    func wait(limit: Duration) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline, !Task.isCancelled {
            if await allSeeAll() { return true }
            try? await ContinuousClock().sleep(for: .milliseconds(150))
        }
        return false
    }

    private func allSeeAll() async -> Bool {
        let directory = LocalAccessDirectory()
        guard let found = try? directory.list() else { return false }
        for node in plan.nodes {
            guard let access = found.first(where: { $0.port == node.webPort && processes.contains($0.access.pid) })?.access,
                let cameras = try? await cameras(node, token: access.token),
                cameras.filter({ $0.online && $0.state != .starting }).count >= plan.nodes.count
            else { return false }
        }
        return true
    }

    private func cameras(_ node: DemoPlan.Node, token: String) async throws -> [CameraResource] {
        let endpoint = APIEndpoint(
            scheme: "http", host: "127.0.0.1", port: node.httpPort, trust: .system, credential: .token(token))
        return try await APIClient.with(endpoint) { try await $0.get("/cameras") }
    }
}
