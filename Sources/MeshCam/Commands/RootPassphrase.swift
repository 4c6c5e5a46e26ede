import Foundation

/// What opens the mesh's root key for commands that change who belongs to the mesh.
enum RootPassphrase {
    static let variable = "MESHCAM_PASSPHRASE"

    /// Carries out what an admin's key has to sign, and asks for the passphrase only if the node does.
    static func unlocking(_ api: APIClient, client: ClientOptions, _ act: () async throws -> APIClient.Answer) async throws -> APIClient.Answer {
        do {
            return try await act()
        } catch let error as APIError where error.type == "/problems/root-locked" {
            try await unlock(api, client: client)
            return try await act()
        }
    }

    /// Types it in for the person at the terminal, once: `$MESHCAM_PASSPHRASE`, else the password that was given to sign in, else asked for.
    ///
    /// - Throws: when nobody is there to ask, or the node refuses it.
    static func unlock(_ api: APIClient, client: ClientOptions) async throws {
        _ = try await api.post("/session/unlock", UnlockRequest(passphrase: try ask(client)))
    }

    /// `$MESHCAM_PASSPHRASE`, else the password that was given to sign in, else what the person at the terminal types.
    ///
    /// - Throws: when nobody is there to ask.
    static func ask(_ client: ClientOptions) throws -> String {
        let environment = ProcessInfo.processInfo.environment
        if let given = environment[variable], !given.isEmpty { return given }
        if let given = client.password ?? environment["MESHCAM_PASSWORD"], !given.isEmpty { return given }
        guard isatty(STDIN_FILENO) == 1, let typed = getpass("Passphrase of an admin of this mesh: ") else {
            throw APIError(kind: .unauthorized, message: "this changes who belongs to the mesh and needs an admin's passphrase", cure: "set \(variable)")
        }
        return String(cString: typed)
    }
}
