import Foundation
import Testing

@testable import MeshCam

@Suite struct APIClientTests {
    private func plain(_ server: TestServer, _ credential: APIEndpoint.Credential = .token("t0ken")) -> APIEndpoint {
        APIEndpoint(scheme: "http", host: "127.0.0.1", port: server.port, trust: .system, credential: credential)
    }

    private func secure(_ server: TestServer, _ trust: APIEndpoint.Trust) -> APIEndpoint {
        APIEndpoint(scheme: "https", host: "127.0.0.1", port: server.port, trust: trust, credential: .token("t"))
    }

    /// Asks for the cameras, and returns how that failed.
    private func failure(_ endpoint: APIEndpoint) async throws -> APIError {
        do {
            let cameras: [CameraResource] = try await APIClient.with(endpoint) { try await $0.get("/cameras") }
            Issue.record("got \(cameras.count) cameras instead of a failure")
            return APIError(kind: .noMatch, message: "", cure: "")
        } catch let error as APIError {
            #expect(!error.description.contains("\n"))
            return error
        }
    }

    @Test func asksWithTheTokenAndDecodes() async throws {
        let body = String(decoding: try JSONCoding.encoder.encode([Samples.camera()]), as: UTF8.self)
        try await TestServer.with(answer: { _ in .json(body) }) { server async throws in
            let cameras: [CameraResource] = try await APIClient.with(plain(server)) {
                try await $0.get("/cameras", query: [("from", "2026-11-20T12:00:00Z"), ("to", nil), ("kind", "a&b c")])
            }
            #expect(cameras == [Samples.camera()])
            let request = try #require(server.requests.first)
            #expect(request.method == "GET")
            #expect(request.uri == "/api/mesh/v1/cameras?from=2026-11-20T12%3A00%3A00Z&kind=a%26b%20c")
            #expect(request.headers["authorization"] == "Bearer t0ken")
        }
    }

    @Test func signsInOnceWithAPassword() async throws {
        try await TestServer.with(answer: { request in
            guard request.uri.hasSuffix("/session") else { return .json("[]") }
            var response = TestServer.Response.json("{}")
            response.headers += [("Set-Cookie", "other=1; Path=/"), ("Set-Cookie", "meshcam_session=abc; HttpOnly; SameSite=Strict; Secure")]
            return response
        }) { server async throws in
            let endpoint = plain(server, .password(user: "admin", password: "pass \"wörd\""))
            try await APIClient.with(endpoint) { api in
                _ = try await api.get("/cameras")
                _ = try await api.post("/cameras/c1/trigger", TriggerRequest(label: "bell"))
            }
            let requests = server.requests
            #expect(requests.map(\.method) == ["POST", "GET", "POST"])
            #expect(requests[0].body == #"{"password":"pass \"wörd\"","username":"admin"}"#)
            #expect(requests[0].headers["cookie"] == nil)
            #expect(requests[1].headers["cookie"] == "meshcam_session=abc")
            #expect(requests[1].headers["authorization"] == nil)
            #expect(requests[2].headers["cookie"] == "meshcam_session=abc")
            #expect(requests[2].headers["origin"] == "http://127.0.0.1:\(server.port)")
            #expect(requests[2].headers["content-type"] == "application/json")
            #expect(requests[2].body == #"{"kind":"manual","label":"bell"}"#)
        }
    }

    @Test func aSessionThatEndedIsOpenedAgainOnce() async throws {
        try await TestServer.with(answer: { request in
            if request.uri.hasSuffix("/session") {
                return TestServer.Response(headers: [("Set-Cookie", "meshcam_session=s")], body: Array("{}".utf8))
            }
            return request.uri.hasSuffix("/nodes") ? .json("", status: 401) : .json("[]")
        }) { server async throws in
            let error = await #expect(throws: APIError.self) {
                try await APIClient.with(plain(server, .password(user: "u", password: "p"))) { api in
                    _ = try await api.get("/cameras")
                    _ = try await api.get("/nodes")
                }
            }
            #expect(error?.kind == .unauthorized)
            #expect(server.requests.map(\.uri).map { $0.split(separator: "/").last } == ["session", "cameras", "nodes", "session", "nodes"])
        }
    }

    @Test func problemsBecomeALineWithTheirCure() async throws {
        let problem = #"{"type":"/problems/camera-offline","title":"Camera offline","status":503,"detail":"porch has not answered for 4 s","cure":"check its power"}"#
        try await TestServer.with(answer: { _ in .problem(503, problem) }) { server async throws in
            let error = try await failure(plain(server))
            #expect(error.kind == .refused(503))
            #expect(error.description == "porch has not answered for 4 s; check its power")
        }
        try await TestServer.with(answer: { _ in .problem(404, #"{"title":"No such\u001b[2J thing"}"#) }) { server async throws in
            #expect(try await failure(plain(server)).description == "No such\u{FFFD}[2J thing")
        }
    }

    @Test func refusedSignIns() async throws {
        try await TestServer.with(answer: { _ in .problem(401, #"{"title":"Wrong user name or password","status":401}"#) }) { server async throws in
            let error = try await failure(plain(server, .password(user: "u", password: "hunter2")))
            #expect(error.kind == .unauthorized)
            #expect(error.description == "Wrong user name or password; give --user and --password, or set MESHCAM_TOKEN")
        }
        try await TestServer.with(answer: { _ in .json("", status: 401) }) { server async throws in
            #expect(try await failure(plain(server, .none)).message == "the node wants a sign-in")
            #expect(try await failure(plain(server)).message == "the node refused the sign-in")
        }
        try await TestServer.with(answer: { _ in
            TestServer.Response(status: 429, headers: [("Retry-After", "17")], body: [])
        }) { server async throws in
            #expect(try await failure(plain(server)).description == "the node had too many attempts; wait 17 s")
        }
        try await TestServer.with(answer: { _ in .json("{}") }) { server async throws in
            let error = try await failure(plain(server, .password(user: "u", password: "p")))
            #expect(error.message.contains("opened no session"))
        }
        try await TestServer.with(answer: { _ in .json("[]") }) { server async throws in
            #expect(try await failure(plain(server, .token("a\r\nX: y"))).kind == .unauthorized)
            #expect(server.requests.isEmpty)
        }
    }

    @Test func strangersAndNonsense() async throws {
        try await TestServer.with(answer: { _ in
            TestServer.Response(status: 404, headers: [("Content-Type", "text/html")], body: Array("<h1>".utf8))
        }) { server async throws in
            let error = try await failure(plain(server))
            #expect(error.kind == .notUnderstood)
            #expect(error.message.contains("answered /cameras with status 404"))
        }
        try await TestServer.with(answer: { _ in .json(#"[{"id":"c1"}]"#) }) { server async throws in
            let error = try await failure(plain(server))
            #expect(error.description == "the answer to /cameras is not understood ([0] lacks name); check that node and command have the same version")
        }
        try await TestServer.with(answer: { _ in .json("<html>") }) { server async throws in
            #expect(try await failure(plain(server)).kind == .notUnderstood)
        }
        try await TestServer.with(answer: { _ in
            TestServer.Response(status: 308, headers: [("Location", "https://elsewhere.example/")], body: [])
        }) { server async throws in
            let error = try await failure(plain(server))
            #expect(error.kind == .notUnderstood && error.cure == "use its https:// address")
            #expect(server.requests.count == 1, "a redirect is not followed with the token")
        }
        try await TestServer.with(answer: { _ in TestServer.Response(body: [], hangsUp: true) }) { server async throws in
            let error = try await failure(plain(server))
            #expect(error.kind == .unreachable && error.message.hasSuffix("closed the connection without an answer"))
        }
    }

    @Test func nobodyListens() async throws {
        // Bound, so that nobody else comes by it meanwhile, and not listening.
        let door = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(door) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                #expect(bind(door, address, size) == 0 && getsockname(door, address, &size) == 0)
            }
        }
        let port = Int(UInt16(bigEndian: address.sin_port))
        let endpoint = APIEndpoint(scheme: "http", host: "127.0.0.1", port: port, trust: .system, credential: .none)
        let error = try await failure(endpoint)
        #expect(error.kind == .unreachable)
        #expect(error.message == "no connection to http://127.0.0.1:\(port): connection refused")
    }

    @Test func pinnedCertificate() async throws {
        let certificate = try TestCertificate(), other = try TestCertificate()
        try await TestServer.with(certificate: certificate, answer: { _ in .json("[]") }) { server async throws in
            let cameras: [CameraResource] = try await APIClient.with(secure(server, .pinned(certificate.pem))) { try await $0.get("/cameras") }
            #expect(cameras.isEmpty)
            let wrong = try await failure(secure(server, .pinned(other.pem)))
            #expect(wrong.kind == .untrusted)
            #expect(wrong.message.contains("its certificate is another one"))
            #expect(server.requests.count == 1, "nothing is sent to a stranger")
            #expect(try await failure(secure(server, .pinned("no certificate"))).kind == .untrusted)
        }
    }

    @Test func unknownCertificateNamesTheCure() async throws {
        try await TestServer.with(certificate: try TestCertificate(), answer: { _ in .json("[]") }) { server async throws in
            let error = try await failure(secure(server, .system))
            #expect(error.kind == .untrusted)
            #expect(error.cure.contains("--insecure"))
            #expect(server.requests.isEmpty)
            let cameras: [CameraResource] = try await APIClient.with(secure(server, .anything)) { try await $0.get("/cameras") }
            #expect(cameras.isEmpty)
        }
    }

    @Test func theOtherProtocol() async throws {
        try await TestServer.with(answer: { _ in .json("[]") }) { server async throws in
            let error = try await failure(secure(server, .anything))
            #expect(error.kind == .unreachable)
            #expect(error.description.contains("does not speak TLS; write http://"))
        }
    }

    @Test func followsEvents() async throws {
        let stream = "retry: 700\nid: 3\nevent: node\ndata: {\"a\":1}\n\n: ping\n\nid: 4\nevent: resync\ndata: {}\n\n"
        try await TestServer.with(answer: { _ in
            TestServer.Response(headers: [("Content-Type", "text/event-stream")], body: Array(stream.utf8))
        }) { server async throws in
            let printer = EventPrinter(names: [:], json: true)
            let names = EventNames()
            try await APIClient.with(plain(server)) { api in
                let wait = try await api.events(after: "2") { event in
                    await names.append(event)
                    _ = try await printer.line(event, Samples.wording())
                }
                #expect(wait == .milliseconds(700))
            }
            #expect(await names.events.map(\.name) == ["node", "resync"])
            #expect(await names.events.map(\.id) == ["3", "4"])
            #expect(server.requests.first?.headers["last-event-id"] == "2")
            #expect(server.requests.first?.headers["accept"] == "text/event-stream")
        }
    }

    private actor EventNames {
        private(set) var events: [ServerSentEvent] = []
        func append(_ event: ServerSentEvent) { events.append(event) }
    }

    @Test func snapshotWritesTheFileAndTriggerReachesTheCamera() async throws {
        let directory = try TemporaryDirectory()
        let cameras = String(decoding: try JSONCoding.encoder.encode([Samples.camera("c 1/x", name: "porch")]), as: UTF8.self)
        let picture: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3]
        try await TestServer.with(answer: { request in
            if request.uri.hasSuffix("/session") {
                return TestServer.Response(headers: [("Set-Cookie", "meshcam_session=s")], body: Array("{}".utf8))
            }
            if request.uri.hasSuffix("/cameras") { return .json(cameras) }
            if request.uri.hasSuffix("/trigger") { return .json(#"{"event":"e1"}"#, status: 202) }
            return TestServer.Response(headers: [("Content-Type", "image/jpeg")], body: picture)
        }) { server async throws in
            let client = ["--node", "http://127.0.0.1:\(server.port)", "--user", "u", "--password", "p"]
            let file = directory.path + "/out.jpg"
            try await SnapshotCommand.parse(["porch", "-o", file, "--width", "640"] + client).run()
            #expect(try Array(Data(contentsOf: URL(fileURLWithPath: file))) == picture)
            #expect(server.requests.last?.uri == "/api/mesh/v1/cameras/c%201%2Fx/snapshot.jpg?width=640")

            try await TriggerCommand.parse(["c", "--label", "bell"] + client).run()
            #expect(server.requests.last?.uri == "/api/mesh/v1/cameras/c%201%2Fx/trigger")
            #expect(server.requests.last?.body == #"{"kind":"manual","label":"bell"}"#)

            let error = await #expect(throws: TerminalError.self) {
                try await SnapshotCommand.parse(["porch", "-o", directory.path + "/none/out.jpg"] + client).run()
            }
            #expect(error?.message.hasSuffix("name another file with -o") == true)
        }
    }
}
