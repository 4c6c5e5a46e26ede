import Foundation
import Testing

@testable import MeshCam

@Suite struct LocalAccessTests {
    private let directory: TemporaryDirectory
    private let access: LocalAccessDirectory

    init() throws {
        directory = try TemporaryDirectory()
        access = LocalAccessDirectory(path: directory.path + "/run/meshcam/access", userID: geteuid())
    }

    private func sample(_ name: String = "porch", pid: Int32 = getpid()) -> LocalAccess {
        LocalAccess(
            url: "https://localhost:8443", httpUrl: nil, token: "secret", certificateSHA256: "ab", certificatePEM: "pem", node: "n1",
            name: name, pid: pid)
    }

    private func mode(_ path: String) throws -> Int {
        var facts = stat()
        try #require(lstat(path, &facts) == 0)
        return Int(facts.st_mode & 0o7777)
    }

    @Test func writesForTheOwnerAlone() throws {
        try access.write(sample(), port: 8443)
        #expect(try mode(access.path) == 0o700)
        #expect(try mode(access.path + "/8443.json") == 0o600)
        #expect(try access.list() == [LocalAccessDirectory.Found(port: 8443, access: sample())])
        #expect(try FileManager.default.contentsOfDirectory(atPath: access.path) == ["8443.json"], "no temporary file is left")
        let keys = try JSONCoding.decoder.decode(
            [String: JSONText].self, from: Data(contentsOf: URL(fileURLWithPath: access.path + "/8443.json"))
        ).keys
        #expect(Set(keys) == ["url", "token", "certificateSHA256", "certificatePEM", "node", "name", "pid"])
    }

    @Test func listsByPortAndReplaces() throws {
        try access.write(sample("c"), port: 10_000)
        try access.write(sample("a"), port: 8443)
        try access.write(sample("b"), port: 8443)
        #expect(try access.list().map(\.port) == [8443, 10_000])
        #expect(try access.list().map(\.access.name) == ["b", "c"])
    }

    @Test func noDirectoryIsNoNode() throws {
        #expect(try access.list() == [])
    }

    @Test func whatADeadProcessLeftIsRemoved() throws {
        try access.write(sample("dead", pid: 4_000_001), port: 8443)
        try access.write(sample("alive", pid: 4_000_002), port: 8444)
        #expect(try access.list { $0 == 4_000_002 }.map(\.access.name) == ["alive"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: access.path) == ["8444.json"])
        // The largest process id Linux gives is 4 194 304.
        #expect(!LocalAccessDirectory.processExists(4_194_305) && !LocalAccessDirectory.processExists(0))
        #expect(!LocalAccessDirectory.processExists(-1) && LocalAccessDirectory.processExists(getpid()))
    }

    @Test func removesOnlyItsOwn() throws {
        try access.write(sample(pid: 4_000_001), port: 8443)
        access.remove(port: 8443, pid: 4_000_002)
        #expect(try access.list { _ in true }.count == 1)
        access.remove(port: 8443, pid: 4_000_001)
        #expect(try access.list { _ in true }.isEmpty)
        access.remove(port: 8443)
    }

    @Test func filesOthersCanReadOrPlantAreIgnored() throws {
        try access.write(sample(), port: 8443)
        #expect(chmod(access.path + "/8443.json", 0o644) == 0)
        try access.write(sample(), port: 8444)
        #expect(symlink(access.path + "/8444.json", access.path + "/8445.json") == 0)
        for (name, text) in [("8446.json", "{"), ("x.json", "{}"), ("99999.json", "{}"), ("8447.txt", "{}")] {
            let file = access.path + "/" + name
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            #expect(chmod(file, 0o600) == 0)
        }
        #expect(mkfifo(access.path + "/8448.json", 0o600) == 0)
        #expect(try access.list().map(\.port) == [8444])
    }

    @Test func directoriesOfOthersAreRefused() throws {
        try access.write(sample(), port: 8443)
        let stranger = LocalAccessDirectory(path: access.path, userID: geteuid() + 1)
        let error = #expect(throws: LocalAccessError.self) { try stranger.list() }
        #expect(error?.description.contains("it belongs to user \(geteuid()), not to \(geteuid() + 1)") == true)
        #expect(throws: LocalAccessError.self) { try stranger.write(sample(), port: 1) }

        #expect(chmod(access.path, 0o755) == 0)
        let open = #expect(throws: LocalAccessError.self) { try access.list() }
        #expect(open?.description.hasSuffix("others may look into it; run: chmod 700 \(access.path)") == true)
    }

    @Test func aParentThatOthersMayChangeIsRefused() throws {
        let parent = directory.path + "/shared"
        #expect(mkdir(parent, 0o700) == 0 && chmod(parent, 0o777) == 0)
        let shared = LocalAccessDirectory(path: parent + "/access", userID: geteuid())
        let error = #expect(throws: LocalAccessError.self) { try shared.write(sample(), port: 8443) }
        #expect(error?.path == parent)
    }

    @Test func aLinkOrFileInPlaceOfTheDirectoryIsRefused() throws {
        try access.write(sample(), port: 8443)
        let link = directory.path + "/link"
        #expect(symlink(access.path, link) == 0)
        #expect(throws: LocalAccessError.self) { try LocalAccessDirectory(path: link, userID: geteuid()).list() }
    }

    @Test func theTokenStaysOutOfDescriptions() {
        #expect(!"\(sample())".contains("secret") && !String(reflecting: sample()).contains("secret"))
    }
}
