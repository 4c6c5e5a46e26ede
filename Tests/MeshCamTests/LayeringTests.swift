import Foundation
import Testing

/// Who may know whom (Docs: architecture). Read from the sources' own imports, so it cannot be argued with.
@Suite struct LayeringTests {
    private static let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources").standardizedFileURL

    private struct File {
        let path: String
        let imports: Set<String>
        let text: String
    }

    private static let files: [File] = {
        let walker = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
        var files: [File] = []
        while let url = walker?.nextObject() as? URL {
            guard url.pathExtension == "swift", let text = try? String(contentsOf: url, encoding: .utf8) else { continue }
            let imports = text.matches(of: /(?m)^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:public |package |internal |fileprivate |private )?import\s+(?:struct |class |enum |protocol |func |typealias |let |var )?(\w+)/)
            files.append(
                File(
                    path: String(url.standardizedFileURL.path.dropFirst(sources.path.count + 1)),
                    imports: Set(imports.map { String($0.1) }), text: text))
        }
        return files
    }()

    /// The folders of values: no I/O, no clock.
    private static let pure = [
        "Gossip/Core", "Gossip/Wire", "Media/Detection", "Media/RTP", "Media/WebRTC/ICE", "Media/WebRTC/SDP", "Media/WebRTC/STUN",
        "Media/WebRTC/Session", "Storage/Core",
    ]

    private func files(under folder: String) -> [File] { Self.files.filter { $0.path.hasPrefix(folder + "/") } }

    @Test func thereIsSomethingToRead() {
        for room in ["Gossip", "Media", "Storage", "MeshCam"] { #expect(files(under: room).count > 5, "\(room)") }
    }

    @Test(arguments: [
        ("Gossip", ["Media", "Storage", "MeshCam"]), ("Media", ["Gossip", "Storage", "MeshCam"]), ("Storage", ["Media", "MeshCam"]),
    ])
    func roomsKnowOnlyWhatTheyMay(room: String, strangers: [String]) {
        for file in files(under: room) { #expect(file.imports.isDisjoint(with: strangers), "\(file.path)") }
    }

    /// The pure folders: no C library, no system interface, nothing that waits or opens.
    @Test(arguments: pure)
    func coresAreSansIO(folder: String) {
        let forbidden = ["Glibc", "Dispatch", "NIOPosix", "NIOSSL", "FoundationNetworking"]
        for file in files(under: folder) {
            #expect(file.imports.isDisjoint(with: forbidden), "\(file.path)")
            #expect(!file.imports.contains { $0.hasPrefix("C") && $0.dropFirst().first?.isUppercase == true && $0 != "Crypto" }, "\(file.path)")
        }
    }

    /// Time comes in as a value.
    @Test(arguments: pure)
    func coresReadNoClock(folder: String) {
        for file in files(under: folder) {
            let code = file.text.replacing(/\/\/[^\n]*/, with: "")
            for clock in ["Date()", "Date.now", "Clock.now", "Clock().now", "MonotonicTime.now", ".Instant.now", "Instant = .now", "clock_gettime", "DispatchTime"] {
                #expect(!code.contains(clock), "\(file.path): \(clock)")
            }
        }
    }

    /// Foundation brings the whole system along; the pure folders use its values only.
    @Test(arguments: pure)
    func coresAskTheSystemNothing(folder: String) {
        let system = ["FileManager", "FileHandle", "ProcessInfo", "URLSession", "Thread", "getenv(", "time(nil)", "systemUptime", "contentsOf:"]
        for file in files(under: folder) {
            let code = file.text.replacing(/\/\/[^\n]*/, with: "")
            for word in system {
                #expect(!code.contains(word), "\(file.path): \(word)")
            }
        }
    }

    /// C libraries have one importer each.
    @Test func cLibrariesStayInTheirRooms() {
        let homes = [
            "CAV": "Media/Handles/", "CV4L2": "Media/Handles/", "CSodium": "Gossip/Trust/", "CAvahi": "Gossip/Discovery/", "CTimex": "MeshCam/Node/WallClock.swift",
            "CArchive": "MeshCam/API/Export/", "CNamespace": "MeshCam/Bench/BenchMember.swift", "CQREncode": "MeshCam/API/QRCode.swift",
            "CSandbox": "Storage/Targets/", "CSMBClient": "TargetSMB/",
        ]
        for file in Self.files {
            for (library, home) in homes where file.imports.contains(library) {
                #expect(file.path.hasPrefix(home), "\(file.path) imports \(library)")
            }
        }
    }
}
