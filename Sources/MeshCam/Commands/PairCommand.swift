import ArgumentParser
import Gossip

/// `meshcam pair CODE`: add a camera to the mesh.
struct PairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pair", abstract: "Add a camera to the mesh by its setup code.",
        discussion: "Needs an admin's passphrase: $\(RootPassphrase.variable), the password given to sign in, or asked for.")

    @Argument(help: "The nine digits; spaces do not matter.") var code: [String]

    @Option(help: ArgumentHelp("Which camera: its name or id, or HOST:PORT. Default: the only one that waits.", valueName: "name"))
    var camera: String?

    @OptionGroup var client: ClientOptions

    func validate() throws {
        if SetupCode(typed: code.joined()) == nil {
            throw ValidationError("these are not the nine digits of a setup code: at least one is mistyped")
        }
    }

    func run() async throws {
        let (code, camera, client) = (code.joined(), camera, client)
        try await client.withClient { api in
            let wanted: String
            if let camera { wanted = camera } else { wanted = try Self.only(of: try await api.get("/discovered")) }
            try await RootPassphrase.unlock(api, client: client)
            let answer = try await api.post("/pairings", PairingRequest(node: wanted, code: code))
            if client.json { return try Terminal.print(try JSONText(answer, "/pairings").pretty()) }
            let added = try APIClient.decode(PairingResource.self, from: answer, "/pairings")
            try Terminal.print(Terminal.printable("\(added.name) belongs to the mesh now"))
        }
    }

    /// - Throws: when none or several wait, with the ones to choose from.
    static func only(of found: [DiscoveredResource]) throws(APIError) -> String {
        if found.count == 1 { return found[0].id }
        guard !found.isEmpty else {
            throw APIError(
                kind: .noMatch, message: "no camera waits to be added",
                cure: "check that it is on and in the same network, or name its address with --camera HOST:7463")
        }
        throw APIError(
            kind: .noMatch, message: "\(found.count) cameras wait to be added",
            cure: "choose one with --camera: " + found.prefix(12).map { Terminal.printable($0.name) }.joined(separator: ", "))
    }
}
