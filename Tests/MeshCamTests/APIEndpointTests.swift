import ArgumentParser
import Testing

@testable import MeshCam

@Suite struct APIEndpointTests {
    private func parsed(_ text: String) -> String? { try? APIEndpoint.parse(text).base }

    @Test(arguments: [
        ("porch", "https://porch:8443"), ("porch:9000", "https://porch:9000"), ("https://porch", "https://porch:443"),
        ("https://porch:8443/", "https://porch:8443"), ("HTTP://localhost:8080", "http://localhost:8080"), ("http://localhost", "http://localhost:80"),
        ("[fe80::1]", "https://[fe80::1]:8443"), ("https://[::1]:1", "https://[::1]:1"), ("::1", "https://[::1]:8443"),
        ("10.0.0.7", "https://10.0.0.7:8443"),
    ])
    func addresses(_ text: String, _ base: String) {
        #expect(parsed(text) == base)
    }

    @Test(arguments: [
        "", "a b", "ftp://porch", "https://", "https://porch/path", "https://user:pw@porch", "porch:0", "porch:65536", "porch:x", "porch:+1", "[::1",
        "[porch]", "https://porch?x", "pörch", ":8443", "porch:",
    ])
    func noAddresses(_ text: String) {
        #expect(parsed(text) == nil)
    }

    private func found(_ port: Int, http: Int? = nil, sha256: String? = nil) throws -> LocalAccessDirectory.Found {
        let certificate = try TestCertificate()
        return LocalAccessDirectory.Found(
            port: port,
            access: LocalAccess(
                url: "https://localhost:\(port)", httpUrl: http.map { "http://localhost:\($0)" }, token: "token-\(port)",
                certificateSHA256: sha256 ?? certificate.sha256, certificatePEM: certificate.pem, serverName: LocalAccess.serverName, node: "n", name: "porch", pid: 7))
    }

    @Test func withoutAnAddressTheFirstLocalNode() throws {
        let local = [try found(8443), try found(8444)]
        let endpoint = try APIEndpoint.resolve(node: nil, credential: .none, insecure: false, local: local)
        #expect(endpoint.base == "https://localhost:8443")
        #expect(endpoint.credential == .token("token-8443"))
        #expect(endpoint.trust == .pinned(local[0].access.certificatePEM))
    }

    @Test func aLocalAddressFindsItsNode() throws {
        let local = [try found(8443, http: 8080), try found(8444)]
        func resolve(_ node: String) throws -> APIEndpoint {
            try APIEndpoint.resolve(node: node, credential: .none, insecure: false, local: local)
        }
        #expect(try resolve("localhost:8444").credential == .token("token-8444"))
        #expect(try resolve("https://127.0.0.1:8444").credential == .token("token-8444"))
        #expect(try resolve("https://[::1]:8443").credential == .token("token-8443"))
        #expect(try resolve("http://localhost:8080").credential == .token("token-8443"))
        #expect(try resolve("http://localhost:8443").credential == .none, "an HTTPS port is not an HTTP port")
        #expect(try resolve("https://localhost:9000").credential == .none)
        #expect(try resolve("https://10.0.0.7:8443").credential == .none, "no local token goes to another machine")
        #expect(try resolve("https://127.evil.example:8443").trust == .system)
    }

    /// The certificate for browsers changes; the one that local programs know is asked for by a name of its own.
    @Test func localNodesAreAskedByTheirOwnName() throws {
        let local = [try found(8443, http: 8080)]
        func resolve(_ node: String?, insecure: Bool = false) throws -> APIEndpoint {
            try APIEndpoint.resolve(node: node, credential: .none, insecure: insecure, local: local)
        }
        let secure = try resolve("https://127.0.0.1:8443")
        #expect(secure.requestBase == "https://local-access.meshcam.internal:8443" && secure.base == "https://127.0.0.1:8443")
        #expect(try resolve("http://localhost:8080").requestBase == "http://localhost:8080")
        #expect(try resolve(nil, insecure: true).requestBase == "https://localhost:8443")
        #expect(try resolve("https://porch:8443").requestBase == "https://porch:8443")
    }

    @Test func whatWasGivenWins() throws {
        let given = APIEndpoint.Credential.password(user: "u", password: "p")
        let endpoint = try APIEndpoint.resolve(node: nil, credential: given, insecure: true, local: [try found(8443)])
        #expect(endpoint.credential == given)
        #expect(endpoint.trust == .anything)
        #expect(try endpoint.tlsConfiguration.certificateVerification == .none)
    }

    @Test func strangersAreCheckedAgainstTheSystem() throws {
        let endpoint = try APIEndpoint.resolve(node: "https://porch:8443", credential: .token("t"), insecure: false, local: [])
        #expect(endpoint.trust == .system)
        #expect(try endpoint.tlsConfiguration.certificateVerification == .fullVerification)
    }

    @Test func refusals() throws {
        func refusal(_ node: String?, _ local: [LocalAccessDirectory.Found] = []) -> APIError? {
            do throws(APIError) {
                _ = try APIEndpoint.resolve(node: node, credential: .none, insecure: false, local: local)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal(nil)?.kind == .unreachable)
        #expect(refusal(nil)?.cure.contains("--node https://HOST:8443") == true)
        #expect(refusal("http://10.0.0.7:8080")?.kind == .untrusted, "no password in the clear")
        #expect(refusal("http://127.evil.example:8080")?.kind == .untrusted)
        let forged = try found(8443, sha256: String(repeating: "0", count: 64))
        #expect(refusal(nil, [forged])?.kind == .untrusted)
    }

    @Test func theCredentialAndItsOrder() throws {
        func credential(_ arguments: [String], _ environment: [String: String], typed: String? = nil) throws -> APIEndpoint.Credential {
            try ClientOptions.parse(arguments).credential(environment: environment) { _ in typed }
        }
        #expect(try credential([], [:]) == .none)
        #expect(try credential([], ["MESHCAM_TOKEN": "t", "MESHCAM_USER": "u", "MESHCAM_PASSWORD": "p"]) == .token("t"))
        #expect(try credential([], ["MESHCAM_TOKEN": "", "MESHCAM_USER": "u", "MESHCAM_PASSWORD": "p"]) == .password(user: "u", password: "p"))
        #expect(try credential(["--user", "a", "--password", "b"], ["MESHCAM_TOKEN": "t"]) == .password(user: "a", password: "b"))
        #expect(try credential(["--user", "a"], ["MESHCAM_PASSWORD": "p"]) == .password(user: "a", password: "p"))
        #expect(try credential(["--user", "a"], [:], typed: "t") == .password(user: "a", password: "t"))
        #expect(throws: APIError.self) { try credential(["--user", "a"], [:]) }
    }

    @Test(arguments: [
        ["status", "--node", "a b"], ["status", "--nose", "x"], ["clips", "--limit", "0"], ["clips", "--from", "yesterday"], ["trigger"],
        ["trigger", "porch", "--label", "a\nb"], ["snapshot", "porch", "--width", "1"], ["snapshot", "porch", "-o", ""], ["events", "--limit", "0"],
        ["status", "--password", "x"], ["nodes", "surplus"],
    ])
    func usageErrorsEndWith64(_ arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try Client.parseAsRoot(arguments) }
        #expect(error.map { Client.exitCode(for: $0).rawValue } == 64)
    }

    @Test func failuresEndWith1AndOneLine() {
        let error = APIError(kind: .unreachable, message: "no answer", cure: "start it")
        #expect(Client.exitCode(for: error).rawValue == 1)
        #expect(Client.fullMessage(for: error) == "Error: no answer; start it")
    }

    /// The commands of this room, whatever else the program has.
    private struct Client: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "meshcam",
            subcommands: [
                StatusCommand.self, CamerasCommand.self, ClipsCommand.self, NodesCommand.self, TriggerCommand.self, SnapshotCommand.self,
                EventsCommand.self,
            ])
    }
}
