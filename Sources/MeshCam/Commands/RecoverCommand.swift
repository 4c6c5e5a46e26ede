import ArgumentParser
import Foundation

/// `meshcam recover`: all passwords are lost.
struct RecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover", abstract: "Make a new admin with the printed recovery phrase: every password is lost, or the root key is in doubt.",
        discussion: """
            Asks for the phrase and for the new password, never on the command line; programs give them as $\(phraseVariable) and \
            $\(passwordVariable). The mesh gets another root key. Who else was an admin is a viewer until you make them one again.
            """)

    private static let phraseVariable = "MESHCAM_RECOVERY_PHRASE"
    private static let passwordVariable = "MESHCAM_NEW_PASSWORD"

    @Option(help: ArgumentHelp("Who administers from now on: a user of the mesh, or a new one.", valueName: "name"))
    var admin = "admin"

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let (admin, client) = (admin, client)
        try await client.withClient { api in
            let phrase = try Self.ask("Recovery phrase: ", variable: Self.phraseVariable)
            let password = try Self.ask("New password of \(Terminal.printable(admin)), 12 characters or more: ", variable: Self.passwordVariable)
            if ProcessInfo.processInfo.environment[Self.passwordVariable] == nil,
                try Self.ask("Once more: ", variable: Self.passwordVariable) != password
            {
                throw APIError(kind: .noMatch, message: "the two passwords differ", cure: "start again")
            }
            let answer = try await api.post("/recovery", RecoveryRequest(phrase: phrase, username: admin, password: password))
            if client.json { return try Terminal.print(try JSONText(answer, "/recovery").pretty()) }
            let done = try APIClient.decode(RecoveryResource.self, from: answer, "/recovery")
            try Terminal.print(Terminal.printable("\(done.username) administers this mesh now, with the new password"))
            if !done.viewers.isEmpty {
                try Terminal.print(Terminal.printable("viewers now, until you make them admins again: \(done.viewers.joined(separator: ", "))"))
            }
        }
    }

    private static func ask(_ prompt: String, variable: String) throws -> String {
        if let given = ProcessInfo.processInfo.environment[variable], !given.isEmpty { return given }
        guard isatty(STDIN_FILENO) == 1, let typed = getpass(prompt) else {
            throw APIError(kind: .unauthorized, message: "nobody is there to type it", cure: "set \(variable)")
        }
        return String(cString: typed)
    }
}
