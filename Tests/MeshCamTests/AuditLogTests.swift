import Foundation
import Logging
import Testing

@testable import MeshCam

@Suite struct AuditLogTests {
    private let node = String(repeating: "ab", count: 16)

    private func log(_ directory: String, boot: UInt32 = 1) -> AuditLog {
        AuditLog(directory: directory, node: (node, "porch"), boot: boot, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private static func directory() throws -> (TemporaryDirectory, String) {
        let directory = try TemporaryDirectory()
        return (directory, directory.path)
    }

    private func note(_ log: AuditLog, _ number: Int, _ act: AuditEntry.Act = .userAdded, subject: String = "ben") {
        log.record(act, who: "ann", from: "192.0.2.1", subject: subject, at: Samples.noon.addingTimeInterval(Double(number)))
    }

    @Test func newestFirstPageByPageAndAfterARestart() async throws {
        do {
            let (kept, directory) = try Self.directory()
            defer { withExtendedLifetime(kept) {} }
            let before = log(directory)
            for number in 0..<10 { note(before, number, number.isMultiple(of: 2) ? .userAdded : .signInRefused) }
            // Of the same moment: the order in which it was noted.
            for number in 0..<3 { note(before, 20, subject: "\(number)") }
            let all = await before.entries(after: nil, limit: 100)
            #expect(all.count == 13 && all.prefix(3).map(\.subject) == ["2", "1", "0"])
            let after = log(directory, boot: 2)
            note(after, 30)
            var pages: [AuditEntry] = []
            while true {
                let page = await after.entries(after: pages.last.map { AuditCursor($0) }, limit: 4)
                if page.isEmpty { break }
                pages += page
            }
            #expect(pages.count == 14 && Array(pages.dropFirst()) == all)
            #expect(pages.compactMap { AuditCursor(AuditCursor($0).text) } == pages.map { AuditCursor($0) })
        }
    }

    @Test func staysBoundedAndTriesPushOutNoActs() async throws {
        do {
            let (kept, directory) = try Self.directory()
            defer { withExtendedLifetime(kept) {} }
            let log = log(directory)
            note(log, 0, subject: "the one act")
            for number in 1..<5000 { note(log, number, .signInRefused, subject: String(repeating: "x", count: 500)) }
            let all = await log.entries(after: nil, limit: 10_000)
            #expect(all.contains { $0.subject == "the one act" })
            #expect(all.count < 4000 && all.first?.at == Samples.noon.addingTimeInterval(4999))
            #expect(all.allSatisfy { ($0.subject ?? "").count <= 200 })
            let sizes = try FileManager.default.contentsOfDirectory(atPath: directory).map {
                try FileManager.default.attributesOfItem(atPath: "\(directory)/\($0)")[.size] as? Int ?? 0
            }
            #expect(sizes.count == 3 && sizes.reduce(0, +) <= 1 << 20)
        }
    }

    @Test func halfALineSpoilsNoOther() async throws {
        do {
            let (kept, directory) = try Self.directory()
            defer { withExtendedLifetime(kept) {} }
            let before = log(directory)
            note(before, 1)
            #expect(await before.entries(after: nil, limit: 10).count == 1)
            let path = "\(directory)/audit"
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(#"{"act":"user-ad"#.utf8))
            try handle.close()
            let again = log(directory, boot: 2)
            note(again, 2)
            #expect(await again.entries(after: nil, limit: 10).map(\.at) == [2, 1].map { Samples.noon.addingTimeInterval($0) })
        }
    }

    @Test func aDiskThatFailsStopsNothing() async {
        let log = log("/nonexistent")
        note(log, 1)
        #expect(await log.entries(after: nil, limit: 10).isEmpty)
    }

    @Test(arguments: ["", "x", "_", "1", "99999999999999999999_x", "1_" + String(repeating: "x", count: 200)]) func noCursor(text: String) {
        #expect(AuditCursor(text)?.id.isEmpty ?? true)
    }
}
