import ArgumentParser
import Foundation

/// `meshcam users`: who may sign in.
struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "Who may sign in to the mesh, and what they see.",
        subcommands: [List.self, Add.self, Remove.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all users.")

        @OptionGroup var client: ClientOptions

        func run() async throws {
            let json = client.json
            try await client.withClient { api in
                let answer = try await api.get("/users")
                if json { return try Terminal.print(try JSONText(answer, "/users").pretty()) }
                let users = try APIClient.decode([UserResource].self, from: answer, "/users")
                let cameras = try await api.get("/cameras", as: [CameraResource].self)
                try Terminal.print(UsersCommand.text(users, cameras))
            }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a user.",
            discussion: """
                The new user's password is $\(UsersCommand.newPassword), or asked for: 12 characters or more for an admin, 8 for a viewer. Needs an
                admin's passphrase: $\(RootPassphrase.variable), the password given to sign in, or asked for.
                """)

        @Argument(help: "1 to 32 characters.") var name: String

        @Flag(name: .customLong("admin"), help: "May change everything. Default: a viewer, who only looks.") var isAdmin = false

        @Option(name: .customLong("camera"), help: "A camera that the viewer sees: its name or id. Give it once for each. Default: all.")
        var cameras: [String] = []

        @OptionGroup var client: ClientOptions

        func validate() throws {
            if isAdmin, !cameras.isEmpty { throw ValidationError("an admin sees every camera: leave --camera out") }
        }

        func run() async throws {
            let (name, role, cameras, client) = (name, isAdmin ? Caller.Role.admin : .viewer, cameras, client)
            let password = try UsersCommand.passwordForNewUser(name)
            try await client.withClient { api in
                let user = NewUser(name: name, password: password, role: role, cameras: try await CameraSelector.ids(cameras, api))
                let answer = try await RootPassphrase.unlocking(api, client: client) { try await api.post("/users", user) }
                if client.json { return try Terminal.print(try JSONText(answer, "/users").pretty()) }
                try Terminal.print(Terminal.printable("\(name) may sign in now, as \(role == .admin ? "an admin" : "a viewer")"))
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a user. Their sessions and the tokens that they made end everywhere.")

        @Argument(help: "Whom.") var name: String

        @OptionGroup var client: ClientOptions

        func run() async throws {
            let (name, client) = (name, client)
            try await client.withClient { api in
                _ = try await RootPassphrase.unlocking(api, client: client) { try await api.delete("/users/\(APIClient.percentEncoded(name))") }
                try Terminal.print(Terminal.printable("\(name) may not sign in any more"))
            }
        }
    }

    static let newPassword = "MESHCAM_NEW_PASSWORD"

    /// The list for people.
    static func text(_ users: [UserResource], _ cameras: [CameraResource]) -> String {
        guard !users.isEmpty else { return "There are no users." }
        var table = TextTable(("NAME", .left), ("ROLE", .left), ("CAMERAS", .left))
        for user in users.sorted(by: { $0.name < $1.name }) { table.add([user.name, user.role.rawValue, seen(user.cameras, cameras)]) }
        return table.render()
    }

    /// `all`, or the cameras' names.
    static func seen(_ ids: [String], _ cameras: [CameraResource]) -> String {
        ids.isEmpty ? "all" : ids.map { id in cameras.first { $0.id == id }?.name ?? id }.joined(separator: ", ")
    }

    private static func passwordForNewUser(_ name: String) throws -> String {
        if let given = ProcessInfo.processInfo.environment[newPassword], !given.isEmpty { return given }
        guard isatty(STDIN_FILENO) == 1, let typed = getpass("Password for \(Terminal.printable(name)): ").map({ String(cString: $0) }) else {
            throw APIError(kind: .noMatch, message: "no password for \(Terminal.printable(name))", cure: "set \(newPassword)")
        }
        guard let again = getpass("The same again: "), String(cString: again) == typed else {
            throw APIError(kind: .noMatch, message: "the two are not the same", cure: "try again")
        }
        return typed
    }
}
