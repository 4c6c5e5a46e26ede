import Crypto
import Foundation
import Testing

@testable import Storage

/// What every kind of target promises, asked of each: a directory, a directory behind its process, and a share of a real smbd behind its own.
@Suite struct TargetFilesTests {
    enum Kind: String, CaseIterable, Sendable { case directory, process, smb }

    /// A target, and where its files can be looked at from outside.
    private struct Place {
        let files: any TargetFiles
        let root: String
        let server: SambaServer?

        init(_ kind: Kind) throws {
            if kind == .smb {
                let server = try SambaServer()
                self.server = server
                root = "\(server.share)/house 1"
                files = TargetProcess(try TargetLocation("smb://127.0.0.1:\(server.port)/cam/house 1"))
                try files.probe()
            } else {
                server = nil
                root = FileManager.default.temporaryDirectory.appending(path: "meshcam-\(UUID().uuidString)").path
                try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
                files = kind == .directory ? DirectoryTarget(root: root) : TargetProcess(try TargetLocation(root))
            }
        }

        func contents(_ file: String) -> [UInt8]? { FileManager.default.contents(atPath: "\(root)/\(file)").map(Array.init) }
    }

    private func code(_ work: () throws -> Void) -> Int32? {
        do { try work() } catch let error as TargetError { return error.code } catch {}
        return nil
    }

    @Test(arguments: Kind.allCases) func takesWhatIsWritten(kind: Kind) throws {
        let place = try Place(kind)
        try place.files.probe()
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(place.root)/.meshcam") == [], "nothing stays of a look")

        let file = "Front-door ü%20#/2026-11-20/a.mp4"
        try place.files.write([[1, 2, 3], [4]], at: 0, of: file)
        try place.files.write([[5, 6]], at: 4, of: file)
        #expect(place.contents(file) == [1, 2, 3, 4, 5, 6])
        #expect(code { try place.files.write([[9]], at: 0, of: file) } == EEXIST, "it is never written over")
        #expect(place.contents(file) == [1, 2, 3, 4, 5, 6])
        #expect(code { try place.files.write([[9]], at: 7, of: "Front-door ü%20#/2026-11-20/b.mp4") } == ENOENT, "only first bytes make a file")

        #expect(try place.files.read(file, at: 2, count: 3) == [3, 4, 5])
        #expect(try place.files.read(file, at: 4, count: 100) == [5, 6])
        #expect(try place.files.read(file, at: 100, count: 100) == [])
        #expect(try place.files.digest(file, at: 1, count: 3) == Array(SHA256.hash(data: [2, 3, 4])))
        #expect(try place.files.readAll(file, limit: 6) == [1, 2, 3, 4, 5, 6])
        #expect(code { _ = try place.files.readAll(file, limit: 5) } == EFBIG)

        try place.files.truncate(file, to: 2)
        #expect(place.contents(file) == [1, 2])
        try place.files.replace(file, with: [7, 8, 9])
        try place.files.replace("Front-door ü%20#/new.json", with: [7])
        #expect(place.contents(file) == [7, 8, 9] && place.contents("Front-door ü%20#/new.json") == [7])
        try place.files.remove(file)
        try place.files.remove(file)
        #expect(place.contents(file) == nil)
        #expect(code { _ = try place.files.read(file, at: 0, count: 1) } == ENOENT)
        #expect(code { _ = try place.files.look(at: file) } == ENOENT)
    }

    @Test(arguments: Kind.allCases) func listsWhatIsThere(kind: Kind) throws {
        let place = try Place(kind)
        #expect(try place.files.list("nowhere") == [])
        try place.files.write([[1, 2, 3]], at: 0, of: "b/2.mp4")
        try place.files.write([[1]], at: 0, of: "b/.hidden")
        try place.files.write([[]], at: 0, of: "a")
        let root = try place.files.list("")
        #expect(root.map(\.name) == ["a", "b"] && root.map(\.isDirectory) == [false, true])
        let entry = try #require(try place.files.list("b").first)
        let looked = try place.files.look(at: "b/2.mp4")
        #expect(entry.name == "2.mp4" && entry.size == 3 && !entry.isDirectory && entry == looked)
        let age = Date().timeIntervalSince1970 - Double(entry.modified.seconds)
        #expect((-5...60).contains(age))
        for number in 0..<500 { try Data([1]).write(to: URL(filePath: "\(place.root)/b/x\(number)")) }
        #expect(try place.files.list("b").count == 501)

        let space = try place.files.space()
        let known = try DirectoryTarget(root: place.root).space()
        // SMB counts in units of its own.
        #expect(space.total > 0 && abs(space.total - known.total) <= known.total / 100 && space.free <= space.total)
    }

    @Test(arguments: Kind.allCases) func takesALargeFile(kind: Kind) throws {
        let place = try Place(kind)
        let bytes = (0..<20_000_003).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        try place.files.write([Array(bytes[..<9_000_000]), Array(bytes[9_000_000...])], at: 0, of: "c/large")
        #expect(try place.files.digest("c/large", at: 0, count: bytes.count) == Array(SHA256.hash(data: bytes)))
        #expect(try place.files.read("c/large", at: 1, count: bytes.count) == Array(bytes.dropFirst()))
    }

    /// A child does only what its target is for.
    @Test func nothingOutsideOfTheRootIsReached() throws {
        let place = try Place(.process)
        for path in ["../x", "a/../../x", "/etc/passwd", "a\0b"] {
            #expect(code { try place.files.replace(path, with: [1]) } == EINVAL, "\(path)")
            #expect(code { _ = try place.files.read(path, at: 0, count: 1) } == EINVAL, "\(path)")
        }
    }

    /// Whoever may write on a share does not choose what this machine opens.
    @Test(arguments: [Kind.directory, .process]) func aLinkLeadsNowhere(kind: Kind) throws {
        let place = try Place(kind)
        let outside = FileManager.default.temporaryDirectory.appending(path: "meshcam-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
        try Data([42]).write(to: URL(filePath: "\(outside)/secret"))
        try place.files.replace("a/b", with: [1])
        func link(_ name: String, to destination: String) throws {
            try FileManager.default.createSymbolicLink(atPath: "\(place.root)/\(name)", withDestinationPath: destination)
        }
        try link("a/file.mp4", to: "\(outside)/secret")
        try link("a/.x.part", to: "\(outside)/secret")
        try link("a/near", to: "b")
        try link("folder", to: outside)
        for file in ["a/file.mp4", "folder/secret", "a/near"] {
            #expect(code { _ = try place.files.read(file, at: 0, count: 9) } != nil, "\(file)")
            #expect(code { _ = try place.files.look(at: file) } != nil, "\(file)")
            #expect(code { _ = try place.files.digest(file, at: 0, count: 1) } != nil, "\(file)")
            #expect(code { try place.files.write([[9]], at: 1, of: file) } != nil && code { try place.files.truncate(file, to: 0) } != nil, "\(file)")
        }
        for file in ["a/x", "folder/new", "folder/secret"] { #expect(code { try place.files.replace(file, with: [9]) } != nil, "\(file)") }
        #expect(code { try place.files.write([[9]], at: 0, of: "folder/new/deep") } != nil)
        #expect(code { try place.files.remove("folder/secret") } != nil)
        #expect(try place.files.list("a").map(\.name) == ["b"] && place.files.list("").map(\.name) == ["a"])
        #expect(code { _ = try place.files.list("folder") } != nil)
        try place.files.remove("a/file.mp4")
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == ["secret"] && FileManager.default.contents(atPath: "\(outside)/secret") == Data([42]))
    }

    @Test func aShareThatWantsAPasswordWantsTheRightOne() throws {
        let server = try SambaServer(guests: false)
        let location = try TargetLocation("smb://127.0.0.1:\(server.port)/cam")
        func target(_ password: String) -> TargetProcess {
            TargetProcess(location) { TargetCredentials(user: SambaServer.user, password: password) }
        }
        try target(SambaServer.password).replace("a", with: [1])
        #expect(FileManager.default.contents(atPath: "\(server.share)/a") == Data([1]))
        #expect([EACCES, EPERM].contains(code { try target("wrong").probe() }))
        #expect([EACCES, EPERM].contains(code { try TargetProcess(location).probe() }), "no guest either")
        #expect(code { try TargetProcess(try TargetLocation("smb://127.0.0.1:\(server.port)/nothing")) { TargetCredentials(user: SambaServer.user, password: SambaServer.password) }.probe() } != nil)
    }

    @Test func aNASThatGoesAndComesBackIsUsedAgain() throws {
        let place = try Place(.smb)
        let server = try #require(place.server)
        try place.files.replace("a", with: [1])
        server.stop()
        #expect(code { try place.files.replace("a", with: [2]) } != nil)
        try server.start()
        (place.files as? TargetProcess)?.end()
        try place.files.replace("a", with: [3])
        #expect(place.contents("a") == [3])
    }
}
