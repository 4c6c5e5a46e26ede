import ArgumentParser
import Foundation

/// Which node a command asks, and how it signs in: shared by all commands that ask one.
struct ClientOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Ask this node: HOST, HOST:PORT or a URL. Default: the first one of this user that runs on this machine.", valueName: "url"))
    var node: String?

    @Option(
        name: .long, help: ArgumentHelp("Sign in as this user. Default: $MESHCAM_USER, or the local node's own access file.", valueName: "name"))
    var user: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Sign in with this password; others on this machine can see it, $MESHCAM_PASSWORD they cannot. A terminal is asked if neither is given.",
            valueName: "password"))
    var password: String?

    @Flag(name: .long, help: "Accept any certificate. Anybody in between can then read along.")
    var insecure = false

    @Flag(name: .long, help: "Print the API's JSON instead of text.")
    var json = false

    func validate() throws {
        if let node {
            do {
                _ = try APIEndpoint.parse(node)
            } catch {
                throw ValidationError("\(error)")
            }
        }
        if password != nil, user == nil, ProcessInfo.processInfo.environment["MESHCAM_USER"] == nil {
            throw ValidationError("--password needs --user NAME (or $MESHCAM_USER)")
        }
    }

    /// Runs `body` with a client for the chosen node.
    func withClient<Result: Sendable>(_ body: @Sendable (APIClient) async throws -> Result) async throws -> Result {
        let isTerminal = isatty(STDIN_FILENO) == 1
        let signIn = try credential(environment: ProcessInfo.processInfo.environment) { user in
            isTerminal ? Self.promptForPassword(user) : nil
        }
        return try await APIClient.with(try endpoint(for: signIn), body)
    }

    /// The chosen node. An unusable directory of access files matters only where one is needed.
    private func endpoint(for credential: APIEndpoint.Credential) throws -> APIEndpoint {
        let local: [LocalAccessDirectory.Found]
        do {
            local = try LocalAccessDirectory().list()
        } catch {
            guard node != nil else { throw error }
            local = []
        }
        return try APIEndpoint.resolve(node: node, credential: credential, insecure: insecure, local: local)
    }

    /// What to sign in with: the options, then `MESHCAM_TOKEN`, then `MESHCAM_USER` and `MESHCAM_PASSWORD`.
    ///
    /// - Parameter prompt: asks a person for a user's password; answers nil where nobody is there.
    func credential(environment: [String: String], prompt: (String) -> String?) throws(APIError) -> APIEndpoint.Credential {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if user == nil, let token = variable("MESHCAM_TOKEN") { return .token(token) }
        guard let user = self.user ?? variable("MESHCAM_USER") else { return APIEndpoint.Credential.none }
        let typed = password ?? variable("MESHCAM_PASSWORD")
        if let password = typed ?? prompt(user) { return .password(user: user, password: password) }
        throw APIError(kind: .unauthorized, message: "no password for \(user)", cure: "set MESHCAM_PASSWORD or give --password")
    }

    /// Asks without showing what is typed.
    private static func promptForPassword(_ user: String) -> String? {
        // getpass keeps one static buffer; only this one command runs, and it asks once.
        guard let typed = getpass("Password of \(user): ") else { return nil }
        return String(cString: typed)
    }
}

extension Wording {
    /// This machine's zone, now.
    static var current: Wording { Wording(zone: .current, now: Date()) }
}
