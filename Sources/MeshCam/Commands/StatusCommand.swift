import ArgumentParser

/// `meshcam status`: is everything well?
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say in a few lines whether everything is well.",
        discussion: "With --json: one object with the API's `nodes` and `cameras`.")

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let json = client.json
        try await client.withClient { api in
            async let nodesAnswer = api.get("/nodes")
            async let camerasAnswer = api.get("/cameras")
            async let nodeAnswer = api.get("/node")
            let (nodes, cameras, node) = (try await nodesAnswer, try await camerasAnswer, try await nodeAnswer)
            if json {
                let both = JSONText.object([
                    "nodes": try JSONText(nodes, "/nodes"), "cameras": try JSONText(cameras, "/cameras"),
                ])
                return try Terminal.print(try both.pretty())
            }
            try Terminal.print(
                Self.text(
                    nodes: try APIClient.decode([NodeResource].self, from: nodes, "/nodes"),
                    cameras: try APIClient.decode([CameraResource].self, from: cameras, "/cameras"),
                    mesh: try APIClient.decode(NodeIntroduction.self, from: node, "/node").mesh, .current))
        }
    }

    /// A few lines for people: counts, then every problem. "All well" only when everything was seen to be.
    ///
    /// - Parameter mesh: its number; nil where the node belongs to none.
    static func text(nodes: [NodeResource], cameras: [CameraResource], mesh: String? = nil, _ wording: Wording) -> String {
        let server = nodes.first(where: \.isSelf).map { " · via \($0.name)" } ?? ""
        let online = nodes.count(where: \.online)
        let running = cameras.count { $0.online && $0.state == .running }
        let recording = cameras.filter { $0.online && $0.recording }.map(\.name)

        var problems: [String] = []
        // One fault, one line: a node that is gone explains its camera, and a camera's problem is told as the camera's.
        let gone = Set(nodes.filter { !$0.online }.map(\.id))
        for node in nodes where !node.online {
            problems.append("\(node.name): \(NodesCommand.state(node, wording))" + (node.status == .left ? "" : "; Check its power and network."))
        }
        problems += NodesCommand.remarks(
            nodes.filter(\.online).map { node in
                var node = node
                node.problems.removeAll { problem in cameras.contains { $0.node == node.id && $0.problem == problem } }
                return node
            })
        for camera in cameras where !gone.contains(camera.node) {
            if let problem = camera.problem {
                problems.append("\(camera.name): \(ProblemText.line(problem))")
            } else if !camera.online || camera.state != .running {
                problems.append("\(camera.name) is \(CamerasCommand.state(camera, wording))")
            }
        }
        if cameras.isEmpty { problems.append("no camera yet; plug one in, or see `meshcam doctor` on its node") }

        // Without a time server everything may run, and yet not all was seen to be well.
        let isTimed = nodes.allSatisfy { $0.clockOffsetSeconds != nil }
        let verdict = problems.isEmpty ? (isTimed ? "all well" : "all running, clocks not checked") : Wording.count(problems.count, "problem")
        let lines = [
            "MeshCam\(server) · \(verdict)",
            "  nodes    \(online) of \(nodes.count) online",
            "  cameras  \(running) of \(cameras.count) running"
                + (recording.isEmpty ? "" : ", recording: \(recording.joined(separator: ", "))"),
        ] + (mesh.map { ["  mesh     \($0)"] } ?? [])
        return (lines.map(Terminal.printable) + ProblemText.block(problems)).joined(separator: "\n")
    }
}
