import ArgumentParser

/// `meshcam nodes`: every member of the mesh.
struct NodesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "nodes", abstract: "List every node of the mesh and its health.")

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let json = client.json
        try await client.withClient { api in
            let answer = try await api.get("/nodes")
            if json { return try Terminal.print(try JSONText(answer, "/nodes").pretty()) }
            let nodes = try APIClient.decode([NodeResource].self, from: answer, "/nodes")
            try Terminal.print(Self.text(nodes, .current))
        }
    }

    /// The list for people. The node that answered is marked.
    static func text(_ nodes: [NodeResource], _ wording: Wording) -> String {
        guard !nodes.isEmpty else { return "No node is known, not even the one that answered." }
        var table = TextTable(
            ("NAME", .left), ("STATE", .left), ("UP", .right), ("CLOCK", .right), ("CAMERAS", .right), ("VERSION", .left),
            ("DASHBOARD", .left), ("ID", .left))
        let ids = Wording.shortened(nodes.map(\.id))
        for node in nodes {
            table.add([
                node.name + (node.isSelf ? " (answering)" : ""), state(node, wording),
                node.uptimeSeconds.map(Wording.span) ?? "unknown",
                Wording.clock(offset: node.clockOffsetSeconds, uncertainty: node.clockUncertaintySeconds),
                String(node.cameras.count), node.version ?? "unknown", node.url ?? node.addresses.first ?? "unknown",
                ids[node.id] ?? node.id,
            ])
        }
        return ([table.render()] + ProblemText.block(remarks(nodes))).joined(separator: "\n")
    }

    /// `online`, `online, coordinator`, `gone, last seen 12 min ago`.
    static func state(_ node: NodeResource, _ wording: Wording) -> String {
        if node.online {
            return node.status == .suspect ? "online, slow to answer" : node.coordinator ? "online, coordinator" : "online"
        }
        let word =
            switch node.status {
            case .left: "left"
            case .suspect: "not answering"
            case .unknown: "not seen yet"
            default: "gone"
            }
        return node.lastSeen == nil ? word : "\(word), last seen \(wording.age(node.lastSeen))"
    }

    /// What is wrong, each fault once: a node that does not answer has no other fault, and what several nodes report alike is
    /// one line that names them all.
    static func remarks(_ nodes: [NodeResource]) -> [String] {
        var lines: [String] = []
        var reporters: [(problem: ProblemNote, names: [String])] = []
        for node in nodes {
            if let missing = node.missing { lines.append("\(node.name) is missing: \(missing)") }
            guard node.online else { continue }
            for problem in node.problems {
                if let index = reporters.firstIndex(where: { $0.problem == problem }) {
                    reporters[index].names.append(node.name)
                } else {
                    reporters.append((problem, [node.name]))
                }
            }
        }
        return lines + reporters.map { "\($0.names.joined(separator: ", ")): \(ProblemText.line($0.problem))" }
    }
}
