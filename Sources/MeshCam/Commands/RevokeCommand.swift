import ArgumentParser

/// `meshcam revoke NODE`: end a node's membership for ever.
struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "End a node's membership, for ever: for a camera that was stolen or given away.",
        discussion: """
            Needs an admin's passphrase: $\(RootPassphrase.variable), the password given to sign in, or asked for. The node can only come back as a
            new one, with a new setup code. Its footage stays.
            """)

    @Argument(help: "The node: its name, id, or the beginning of its id.") var name: String

    @Flag(help: "It is in the wrong hands: replace the mesh's keys as well, and say what else to change.") var stolen = false

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let (name, stolen, client) = (name, stolen, client)
        try await client.withClient { api in
            let node = try Self.node(name, among: try await api.get("/nodes"))
            if stolen { return try await Self.giveUp(node, api, client) }
            try await RootPassphrase.unlock(api, client: client)
            _ = try await api.delete("/nodes/\(APIClient.percentEncoded(node.id))")
            try Terminal.print(Terminal.printable("\(node.name) does not belong to the mesh any more"))
        }
    }

    private static func giveUp(_ node: NodeResource, _ api: APIClient, _ client: ClientOptions) async throws {
        let passphrase = try RootPassphrase.ask(client)
        let path = "/nodes/\(APIClient.percentEncoded(node.id))/stolen"
        let answer = try await api.post(path, StolenRequest(passphrase: passphrase))
        if client.json { return try Terminal.print(try JSONText(answer, path).pretty()) }
        let done = try APIClient.decode(StolenResource.self, from: answer, path)
        try Terminal.print(Terminal.printable("\(done.name) does not belong to the mesh any more, and the mesh has new keys. Now change by hand:"))
        for change in done.changes { try Terminal.print(Terminal.printable("- \(change.what). \(change.why)")) }
    }

    /// - Throws: when none or several fit.
    static func node(_ text: String, among nodes: [NodeResource]) throws(APIError) -> NodeResource {
        let exact = nodes.filter { $0.id == text || $0.name == text }
        let found = exact.isEmpty ? nodes.filter { !text.isEmpty && $0.id.hasPrefix(text.lowercased()) } : exact
        if found.count == 1 { return found[0] }
        let ids = Wording.shortened(nodes.map(\.id))
        throw APIError(
            kind: .noMatch, message: found.isEmpty ? "no node is called \"\(SettingsText.shown(text))\"" : "\(found.count) nodes fit",
            cure: "there are: " + (found.isEmpty ? nodes : found).prefix(12).map { "\(Terminal.printable($0.name)) (\(ids[$0.id] ?? $0.id))" }.joined(separator: ", "))
    }
}
