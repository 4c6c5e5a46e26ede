import Foundation
import GRDB

/// A clip as a row of the table `clip`, and back. Witnesses and an earlier sidecar's text stay in the clip's own sidecar.
enum CatalogueRow {
    static let columns = """
        id, camera, start, finish, kind, name, triggered, duration, event, also, label, origin, bytes, codec, width, height, rate, flags, quality, \
        uncertainty, ahead, state, reason, lost, gaps, fragments, head, signature
        """
    private static let marks = Array(repeating: "?", count: columns.split(separator: ",").count).joined(separator: ", ")
    private static let states: [ClipFacts.State] = [.recording, .closed, .interrupted]

    /// - Returns: false for a clip that no node can have recorded: whatever somebody signed ends here.
    static func insert(_ facts: ClipFacts, signature: String?, _ database: Database, _ words: CatalogueWords) throws -> Bool {
        guard let id = key(facts.id), let duration = Int64(exactly: (facts.durationSeconds * 1000).rounded()), isPossible(facts) else { return false }
        func word(_ text: String) throws -> Int64 { try words.number(text, database) }
        let values: [(any DatabaseValueConvertible)?] = [
            id, try word(facts.camera), milliseconds(facts.start), milliseconds(facts.end), try word(facts.kind), try word(facts.cameraName),
            milliseconds(facts.triggered), duration, packed(facts.event),
            facts.alsoEvents.isEmpty ? nil : facts.alsoEvents.joined(separator: "\n"), facts.label, try facts.origin.map(word), facts.bytes,
            try word(facts.codec), facts.width, facts.height, facts.framesPerSecond, (facts.hasAudio ? 1 : 0) | (facts.continues ? 2 : 0),
            try word(facts.clock.quality), facts.clock.uncertaintySeconds, facts.clock.offsetSeconds, states.firstIndex(of: facts.state) ?? 0, try facts.reason.map(word), facts.lostPictures,
            try facts.gaps.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }, facts.fragments, facts.head.map(packed), signature.map(packed),
        ]
        try database.cachedStatement(sql: "INSERT INTO clip (\(columns)) VALUES (\(marks))").execute(arguments: StatementArguments(values))
        for event in Set(facts.events) {
            try database.cachedStatement(sql: "INSERT OR IGNORE INTO event (event, clip) VALUES (?, ?)").execute(arguments: [packed(event), id])
        }
        return true
    }

    /// - Parameter row: with exactly ``columns``. Nil where it makes no sense.
    static func entry(_ row: Row, _ database: Database, _ words: CatalogueWords) throws -> CatalogueEntry? {
        var cells = Cells(row: row)
        func word(_ number: Int64?) throws -> String? { try number.flatMap { try words.text($0, database) } }
        guard let id = cells.bytes().flatMap(ClipID.init(key:)), let camera = try word(cells.integer()), let start = cells.integer(), let end = cells.integer(),
            let kind = try word(cells.integer()), let name = try word(cells.integer()), let triggered = cells.integer(), let duration = cells.integer(),
            let event = cells.packed()
        else { return nil }
        let (also, label, origin) = (cells.text(), cells.text(), try word(cells.integer()))
        guard let bytes = cells.integer(), let codec = try word(cells.integer()), let width = cells.integer(), let height = cells.integer(), let rate = cells.number(),
            let flags = cells.integer(), let quality = try word(cells.integer())
        else { return nil }
        let (uncertainty, ahead) = (cells.number(), cells.number())
        guard let state = cells.integer(), states.indices.contains(Int(state)) else { return nil }
        var facts = ClipFacts(
            id: id, camera: camera, cameraName: name, event: event, kind: kind, label: label, origin: origin, start: date(start), triggered: date(triggered), codec: codec,
            width: Int(width), height: Int(height), framesPerSecond: rate, hasAudio: flags & 1 != 0, continues: flags & 2 != 0,
            clock: .init(quality: quality, uncertaintySeconds: uncertainty, offsetSeconds: ahead))
        facts.alsoEvents = also.map { $0.split(separator: "\n").map(String.init) } ?? []
        (facts.end, facts.durationSeconds, facts.bytes, facts.state) = (date(end), Double(duration) / 1000, Int(bytes), states[Int(state)])
        facts.reason = try word(cells.integer())
        facts.lostPictures = Int(cells.integer() ?? 0)
        facts.gaps = cells.text().flatMap { try? JSONDecoder().decode([ClipFacts.Gap].self, from: Data($0.utf8)) }
        facts.fragments = Int(cells.integer() ?? 0)
        facts.head = cells.packed()
        return CatalogueEntry(facts: facts, signature: cells.packed(), isStored: true)
    }

    private static func isPossible(_ facts: ClipFacts) -> Bool {
        (0...longestSeconds).contains(facts.durationSeconds) && facts.framesPerSecond.isFinite
            && [facts.bytes, facts.width, facts.height, facts.fragments, facts.lostPictures].allSatisfy { $0 >= 0 }
    }

    /// No clip is longer; a search by time looks no further back.
    static let longestSeconds = 86_400.0

    static func milliseconds(_ date: Date) -> Int64 { Int64((date.timeIntervalSince1970 * 1000).rounded()) }
    static func date(_ milliseconds: Int64) -> Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    /// In the order of the ids. Nil for one that is no node's.
    static func key(_ id: ClipID) -> Data? {
        guard id.node.utf8.count == 32, let node = [UInt8](hex: id.node.utf8), node.hex == id.node else { return nil }
        let numbers = [id.boot, id.counter].flatMap { number in stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt32($0)) } }
        return Data(node + numbers)
    }

    /// Hexadecimal digits in half the bytes; any other text as it is.
    static func packed(_ text: String) -> DatabaseValue {
        guard let bytes = [UInt8](hex: text.utf8), !bytes.isEmpty, bytes.hex == text else { return text.databaseValue }
        return Data(bytes).databaseValue
    }

    static func unpacked(_ value: DatabaseValue) -> String? {
        switch value.storage {
        case .blob(let bytes): [UInt8](bytes).hex
        case .string(let text): text
        default: nil
        }
    }
}

/// The cells of a row, one after the other. What is of another type than asked for is as good as missing: a damaged file must not end the process.
private struct Cells {
    let row: Row
    private var next = 0

    init(row: Row) { self.row = row }

    private mutating func cell() -> DatabaseValue {
        defer { next += 1 }
        return row[next]
    }

    mutating func integer() -> Int64? { if case .int64(let value) = cell().storage { value } else { nil } }
    mutating func text() -> String? { if case .string(let value) = cell().storage { value } else { nil } }
    mutating func bytes() -> Data? { if case .blob(let value) = cell().storage { value } else { nil } }
    mutating func packed() -> String? { CatalogueRow.unpacked(cell()) }

    mutating func number() -> Double? {
        switch cell().storage {
        case .double(let value): value
        case .int64(let value): Double(value)
        default: nil
        }
    }
}

extension ClipID {
    /// Of ``CatalogueRow/key(_:)``.
    init?(key: Data) {
        guard key.count == 24 else { return nil }
        let bytes = [UInt8](key)
        func number(_ from: Int) -> UInt32 { bytes[from..<from + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        self.init(node: Array(bytes[..<16]).hex, boot: number(16), counter: number(20))
    }
}
