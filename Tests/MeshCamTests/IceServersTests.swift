import Logging
import Testing
import TestSupport

@testable import MeshCam

/// Which servers help viewers through routers.
@Suite struct IceServersTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// The forms of product.md, and of RFC 7064 §3.2 and RFC 7065 §3.2 with their default ports.
    @Test(arguments: [
        ("stun.example.net:19302", "stun:stun.example.net:19302"), ("192.0.2.7:3478", "stun:192.0.2.7:3478"),
        ("[2001:db8::7]:3478", "stun:[2001:db8::7]:3478"), ("stun:stun.example.net", "stun:stun.example.net:3478"),
        ("STUN:Stun.Example.net:1", "stun:stun.example.net:1"), ("stuns:example.net", "stuns:example.net:5349"),
        ("turn:example.net:3479", "turn:example.net:3479"), ("turn:example.net?transport=tcp", "turn:example.net:3478?transport=tcp"),
        ("turns:[2001:db8::7]", "turns:[2001:db8::7]:5349"), ("stun.example:5", "stun:stun.example:5"), ("stun:5", "stun:5:3478"),
    ])
    func forms(_ text: String, _ uri: String) {
        #expect(IceServer(text)?.uri == uri)
        #expect(IceServer(uri)?.uri == uri)
    }

    @Test(arguments: [
        "", "stun", "example.net", "stun:", ":3478", "stun::3478", "stun:example.net:0", "stun:example.net:65536", "stun:example.net:-1",
        "stun://example.net", "http://example.net", "stun:example.net?transport=udp", "turn:example.net?transport=sctp", "turn:user@example.net",
        "stun:exa mple.net", "stun:example.net\r\nSet-Cookie: a=b", "stun:\"example.net\"", "stun:<example.net>", "stun:[fe80::1%eth0]:1", "[::1]", "stun:a,b",
        String(repeating: "a", count: 400) + ":1",
    ])
    func noServer(_ text: String) { #expect(IceServer(text) == nil) }

    @Test func whatIsSetLastsAndWinsOverTheSettings() throws {
        let directory = try TemporaryDirectory()
        let first = IceServers(["stun:192.0.2.7:1", "turn:192.0.2.8"], directory: directory.path, logger: Self.logger)
        #expect(first.uris == ["stun:192.0.2.7:1", "turn:192.0.2.8:3478"])
        #expect(first.stun.map(\.0) == ["192.0.2.7"] && first.stun.map(\.1) == [1])
        try first.set([try #require(IceServer("[2001:db8::7]:5"))])
        #expect(first.uris == ["stun:[2001:db8::7]:5"] && first.stun.map(\.0) == ["2001:db8::7"])
        let second = IceServers(["192.0.2.7:1"], directory: directory.path, logger: Self.logger)
        #expect(second.uris == ["stun:[2001:db8::7]:5"])
        try second.set([])
        #expect(second.stun.isEmpty)
        // None is something that was set, too.
        #expect(IceServers(["192.0.2.7:1"], directory: directory.path, logger: Self.logger).uris.isEmpty)
    }

    @Test func namesAreLookedUpWhileItRuns() async throws {
        let directory = try TemporaryDirectory()
        let servers = IceServers([], directory: directory.path, logger: Self.logger)
        try await withThrowingTaskGroup { group in
            group.addTask { await servers.run() }
            #expect(throws: Never.self) { try servers.set([try #require(IceServer("localhost:3478"))]) }
            try await eventually { !servers.stun.isEmpty }
            #expect(servers.stun.contains { ["127.0.0.1", "::1"].contains($0.0) && $0.1 == 3478 })
            group.cancelAll()
        }
    }

    @Test func aDamagedFileIsLeftOut() throws {
        let directory = try TemporaryDirectory()
        try IceServers([], directory: directory.path, logger: Self.logger).set([])
        _ = try directory.file("ice-servers.json", "{")
        #expect(IceServers(["192.0.2.7:1"], directory: directory.path, logger: Self.logger).uris == ["stun:192.0.2.7:1"])
    }

    @Test func whatCannotBeKeptChangesNothing() throws {
        let directory = try TemporaryDirectory()
        let servers = IceServers(["192.0.2.7:1"], directory: try directory.file("file", "") + "/below", logger: Self.logger)
        #expect(throws: (any Error).self) { try servers.set([]) }
        #expect(servers.uris == ["stun:192.0.2.7:1"])
    }
}
