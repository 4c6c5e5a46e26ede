import ArgumentParser
import Foundation

/// `meshcam tokens`: what programs sign in with.
struct TokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens", abstract: "Tokens with which programs use the API, at any node.",
        subcommands: [List.self, Add.self, Remove.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all tokens; never the secrets themselves.")

        @OptionGroup var client: ClientOptions

        func run() async throws {
            let json = client.json
            try await client.withClient { api in
                let answer = try await api.get("/tokens")
                if json { return try Terminal.print(try JSONText(answer, "/tokens").pretty()) }
                let tokens = try APIClient.decode([TokenResource].self, from: answer, "/tokens")
                let cameras = try await api.get("/cameras", as: [CameraResource].self)
                try Terminal.print(TokensCommand.text(tokens, cameras, .current))
            }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token and print it, once.",
            discussion: "Needs an admin's passphrase: $\(RootPassphrase.variable), the password given to sign in, or asked for.")

        @Argument(help: "What it is for.") var name: String

        @Flag(name: .customLong("admin"), help: "May change what needs no admin's key. Default: it only looks.") var isAdmin = false

        @Option(name: .customLong("camera"), help: "A camera that it shows: its name or id. Give it once for each. Default: all.")
        var cameras: [String] = []

        @Option(name: .customLong("scope"), help: "What for: api or metrics. Give it once for each. Default: api.")
        var scopes: [Rights.Scope] = []

        @Option(help: "Days until it ends. Default: never.") var days: Int?

        @OptionGroup var client: ClientOptions

        func validate() throws {
            if isAdmin, !cameras.isEmpty { throw ValidationError("an admin's token shows every camera: leave --camera out") }
            if let days, !(1...36500).contains(days) { throw ValidationError("--days must be 1 to 36500") }
        }

        func run() async throws {
            let (name, role, cameras, scopes, client) = (name, isAdmin ? Caller.Role.admin : .viewer, cameras, scopes, client)
            let expires = days.map { Date().addingTimeInterval(Double($0) * 86400) }
            try await client.withClient { api in
                let ids = try await CameraSelector.ids(cameras, api)
                let wanted = NewToken(name: name, role: role, cameras: ids, scopes: scopes, expires: expires)
                let answer = try await RootPassphrase.unlocking(api, client: client) { try await api.post("/tokens", wanted) }
                if client.json { return try Terminal.print(try JSONText(answer, "/tokens").pretty()) }
                let token = try APIClient.decode(TokenResource.self, from: answer, "/tokens")
                Terminal.remark("The token, shown this once (set MESHCAM_TOKEN to it, or send it as 'Authorization: Bearer …'):")
                try Terminal.print(Terminal.printable(token.token ?? ""))
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a token, everywhere.")

        @Argument(help: "Its id, or its name if no other has that.") var token: String

        @OptionGroup var client: ClientOptions

        func run() async throws {
            let (text, client) = (token, client)
            try await client.withClient { api in
                let found = try await api.get("/tokens", as: [TokenResource].self).filter { $0.id == text || $0.name == text }
                guard found.count == 1 else {
                    throw APIError(
                        kind: .noMatch, message: found.isEmpty ? "no token is called \"\(SettingsText.shown(text))\"" : "\(found.count) tokens have that name",
                        cure: "'meshcam tokens' lists them with their ids")
                }
                _ = try await RootPassphrase.unlocking(api, client: client) { try await api.delete("/tokens/\(APIClient.percentEncoded(found[0].id))") }
                try Terminal.print(Terminal.printable("\(found[0].name) opens nothing any more"))
            }
        }
    }

    /// The list for people.
    static func text(_ tokens: [TokenResource], _ cameras: [CameraResource], _ wording: Wording) -> String {
        guard !tokens.isEmpty else { return "There are no tokens." }
        var table = TextTable(
            ("NAME", .left), ("ROLE", .left), ("FOR", .left), ("CAMERAS", .left), ("ENDS", .left), ("MADE BY", .left), ("ID", .left))
        for token in tokens.sorted(by: { ($0.name, $0.id) < ($1.name, $1.id) }) {
            table.add([
                token.name, token.role.rawValue, token.scopes.joined(separator: ", "), UsersCommand.seen(token.cameras, cameras),
                token.expires.map(wording.time) ?? "never", token.madeBy, token.id,
            ])
        }
        return table.render()
    }
}

extension Rights.Scope: ExpressibleByArgument {}
