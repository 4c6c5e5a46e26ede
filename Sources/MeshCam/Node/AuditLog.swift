import Foundation
import Glibc
import Logging
import Synchronization

/// Who did what on this node, when and from where: lines of JSON in its state directory.
///
/// At most 1 MiB: acts and mere tries have files of their own, each with one before it, so that nobody without a sign-in can push out what
/// was really done. A disk that is full or broken costs a line in the log, and no request waits for it.
final class AuditLog: Sendable {
    /// Four files of this size at most.
    private static let fileBytes = 256 << 10
    /// Longer texts are cut.
    private static let textLimit = 200

    private let directory: String
    private let node: (id: String, name: String)
    /// Tells the entries of one run from those of another.
    private let boot: UInt32
    private let number = Mutex<UInt32>(0)
    private let hasFailed = Mutex(false)
    private let disk = DispatchQueue(label: "meshcam.audit")
    private let logger: Logger

    init(directory: String, node: (id: String, name: String), boot: UInt32, logger: Logger) {
        self.directory = directory
        self.node = node
        self.boot = boot
        self.logger = logger
    }

    /// Notes an act; returns at once.
    ///
    /// - Parameter who: `nil`: the request's author.
    func record(
        _ act: AuditEntry.Act, _ context: APIContext, who: String? = nil, subject: String? = nil, detail: String? = nil
    ) {
        record(act, who: who ?? context.author?.user.name ?? AuditEntry.unknown, from: context.address, subject: subject, detail: detail, at: Date())
    }

    func record(_ act: AuditEntry.Act, who: String, from: String, subject: String? = nil, detail: String? = nil, at: Date) {
        let number = self.number.withLock { number in
            number &+= 1
            return number
        }
        func cut(_ text: String) -> String { String(text.prefix(Self.textLimit)) }
        let entry = AuditEntry(
            id: "\(node.id.prefix(16))-\(Self.hex(boot))-\(Self.hex(number))", at: at, act: act, who: cut(who), from: cut(from),
            subject: subject.map(cut), detail: detail.map(cut), node: node.id, nodeName: node.name)
        disk.async { [self] in
            do {
                try append(entry)
                hasFailed.withLock { $0 = false }
            } catch {
                // A full card says it once.
                let isNews = hasFailed.withLock { failed in
                    defer { failed = true }
                    return !failed
                }
                if isNews { logger.warning("the audit log cannot be written: \(error)") }
            }
        }
    }

    /// This node's entries behind the cursor, newest first.
    func entries(after cursor: AuditCursor?, limit: Int) async -> [AuditEntry] {
        await withCheckedContinuation { continuation in
            disk.async { [self] in
                let all = Self.names.flatMap { [$0, $0 + ".1"] }.flatMap { lines(of: $0) }
                // A node speaks for itself alone, whatever is in the files.
                let wanted = all.filter { $0.node == node.id }.filter { entry in cursor.map { AuditCursor.isBefore($0, AuditCursor(entry)) } ?? true }
                continuation.resume(
                    returning: Array(wanted.sorted { AuditCursor.isBefore(AuditCursor($0), AuditCursor($1)) }.prefix(limit)))
            }
        }
    }

    // MARK: The disk

    private static let names = ["audit", "audit-refused"]
    /// All that it writes: who did what in a mesh is nothing for the next one that this node belongs to.
    static let files = names.flatMap { [$0, $0 + ".1"] }

    private static func hex(_ number: UInt32) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    private func append(_ entry: AuditEntry) throws {
        let path = "\(directory)/\(Self.names[entry.act.isRefusal ? 1 : 0])"
        var line = Array(try JSONCoding.encoder.encode(entry)) + [UInt8(ascii: "\n")]
        var facts = stat()
        if stat(path, &facts) == 0, Int(facts.st_size) + line.count > Self.fileBytes, rename(path, path + ".1") != 0 { throw Self.failure(path) }
        let descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
        defer { close(descriptor) }
        // A power cut may have left half a line.
        var last: UInt8 = 0
        let end = lseek(descriptor, 0, SEEK_END)
        if end > 0, pread(descriptor, &last, 1, end - 1) == 1, last != UInt8(ascii: "\n") { line.insert(UInt8(ascii: "\n"), at: 0) }
        guard write(descriptor, line, line.count) == line.count else { throw Self.failure(path) }
        // Tries come as often as somebody likes; a card does not have to bear each of them.
        if !entry.act.isRefusal, fsync(descriptor) != 0 { throw Self.failure(path) }
    }

    private func lines(of name: String) -> [AuditEntry] {
        guard let file = FileHandle(forReadingAtPath: "\(directory)/\(name)"), let content = try? file.read(upToCount: 2 * Self.fileBytes) else {
            return []
        }
        return content.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONCoding.decoder.decode(AuditEntry.self, from: $0) }
    }

    private static func failure(_ path: String) -> NodeError {
        NodeError("\(path): \(String(cString: strerror(errno)))", cure: "Free space on that disk.")
    }
}
