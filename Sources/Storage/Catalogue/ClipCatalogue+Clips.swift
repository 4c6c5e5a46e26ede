import Foundation
import GRDB

/// Finding clips, and keeping them.
extension ClipCatalogue {
    /// Clips of these cameras on targets that are known, newest first, at most `limit`.
    public func clips(_ query: ClipQuery, of cameras: Set<String>) -> [CatalogueEntry] {
        let targets = numbers
        return read(otherwise: []) { database, words in
            let places = try Places(targets, database, words)
            guard !places.isEmpty else { return [] }
            var found: [CatalogueEntry] = []
            for camera in query.cameras.map(cameras.intersection) ?? cameras {
                guard let number = try words.existing(camera, database), let search = try Search(query, camera: number, places, database, words) else { continue }
                let rows = try Row.fetchAll(try database.cachedStatement(sql: search.sql), arguments: search.arguments)
                for row in rows {
                    if var entry = try CatalogueRow.entry(row, database, words) {
                        try places.fill(&entry, database, words)
                        found.append(entry)
                    }
                }
            }
            if cameras.count > 1 { found.sort { ($0.facts.start, $0.facts.id) > ($1.facts.start, $1.facts.id) } }
            return Array(found.prefix(query.limit))
        }
    }

    /// How many clips it knows.
    public var count: Int { read(otherwise: 0) { database, _ in try Int.fetchOne(database, sql: "SELECT count(*) FROM clip") ?? 0 } }

    public func clip(_ id: ClipID) -> CatalogueEntry? {
        guard let key = CatalogueRow.key(id) else { return nil }
        let targets = numbers
        return read(otherwise: nil) { database, words in
            guard var entry = try Self.known(key, database, words) else { return nil }
            try Places(targets, database, words).fill(&entry, database, words)
            return entry.places.isEmpty ? nil : entry
        }
    }

    /// Takes over clips that this node brought to targets. Where a look found more of one, that stays.
    ///
    /// - Returns: those that are kept now.
    func keep(_ entries: [CatalogueEntry]) -> [ClipID] {
        let locations = Dictionary(uniqueKeysWithValues: Set(entries.flatMap(\.places.keys)).compactMap { number in location(of: number).map { (number, $0) } })
        return write(otherwise: []) { database, words in
            try entries.filter { entry in
                let places = entry.places.compactMap { number, path in locations[number].map { ($0, path) } }
                guard let key = CatalogueRow.key(entry.facts.id), !places.isEmpty, try Self.put(entry.facts, signature: entry.signature, database, words) else { return false }
                for (location, path) in places {
                    let (target, directory) = (try words.number(location, database), try words.number(path.directory, database))
                    let isKnown = try Bool.fetchOne(
                        try database.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM place WHERE clip = ? AND +target = ? AND +directory = ?)"), arguments: [key, target, directory])
                    if isKnown != true { try Self.put(path, of: entry.facts, key, target, directory, nil, database) }
                }
                return true
            }.map(\.facts.id)
        }
    }

    /// That target does not hold it any more.
    func remove(_ id: ClipID, from number: Int) {
        guard let key = CatalogueRow.key(id), let location = location(of: number) else { return }
        write(otherwise: ()) { database, words in
            guard let target = try words.existing(location, database) else { return }
            try database.cachedStatement(sql: "DELETE FROM place WHERE clip = ? AND +target = ?").execute(arguments: [key, target])
            try Self.hasLostAFile(key, database, words)
        }
    }

    // MARK: Within a transaction

    private static func known(_ key: Data, _ database: Database, _ words: CatalogueWords) throws -> CatalogueEntry? {
        try Row.fetchOne(try database.cachedStatement(sql: "SELECT \(CatalogueRow.columns) FROM clip WHERE id = ?"), arguments: [key])
            .flatMap { try CatalogueRow.entry($0, database, words) }
    }

    /// Keeps what is known of the clip already where that is more. Answers false for a clip that no node can have recorded.
    static func put(_ facts: ClipFacts, signature: String?, _ database: Database, _ words: CatalogueWords) throws -> Bool {
        guard let key = CatalogueRow.key(facts.id) else { return false }
        if let old = try known(key, database, words) {
            let isLess = facts.bytes < old.facts.bytes || facts.state == .recording && old.facts.state != .recording
            // What told more may be gone.
            let isStale = try Bool.fetchOne(
                try database.cachedStatement(sql: "SELECT stale OR NOT EXISTS (SELECT 1 FROM place WHERE place.clip = clip.id) FROM clip WHERE id = ?"), arguments: [key]) ?? true
            if isLess, !isStale { return true }
            try remove(key, old.facts, database)
        }
        return try CatalogueRow.insert(facts, signature: signature, database, words)
    }

    /// - Parameter file: of its sidecar, and how long its video was; nil: it is looked at once more.
    static func put(
        _ path: ClipPath, of facts: ClipFacts, _ key: Data, _ target: Int64, _ directory: Int64, _ file: (entry: TargetEntry, videoBytes: Int)?, _ database: Database
    ) throws {
        try database.cachedStatement(sql: """
                INSERT INTO place (target, directory, stem, clip, size, seconds, nanoseconds, video, storage) VALUES (?, ?, ?, ?, ?, ?, ?, ?,
                (SELECT storage FROM target WHERE target.target = ?))
                """).execute(
            arguments: [
                target, directory, stem(of: path, facts), key, file?.entry.size,
                file?.entry.modified.seconds, file?.entry.modified.nanoseconds, file?.videoBytes, target,
            ])
    }

    /// Nil for the name that the clip's time and event give.
    static func stem(of path: ClipPath, _ facts: ClipFacts) -> String? { path.stem == ClipPath(folder: "", start: facts.start, event: facts.event).stem ? nil : path.stem }

    /// After one of its files is gone: the clip goes with its last one; what is known of it may have stood in that file, so the others are read once more.
    static func hasLostAFile(_ key: Data, _ database: Database, _ words: CatalogueWords) throws {
        let isSomewhere = try Bool.fetchOne(try database.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM place WHERE clip = ?)"), arguments: [key])
        guard isSomewhere != true else {
            try database.cachedStatement(sql: "UPDATE place SET size = NULL WHERE clip = ?").execute(arguments: [key])
            try database.cachedStatement(sql: "UPDATE clip SET stale = 1 WHERE id = ?").execute(arguments: [key])
            return
        }
        guard let old = try known(key, database, words) else { return }
        try remove(key, old.facts, database)
    }

    private static func remove(_ key: Data, _ facts: ClipFacts, _ database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM clip WHERE id = ?").execute(arguments: [key])
        for event in Set(facts.events) {
            try database.cachedStatement(sql: "DELETE FROM event WHERE event = ? AND clip = ?").execute(arguments: [CatalogueRow.packed(event), key])
        }
    }

    // MARK: Where they are

    /// The targets that there are, by the word that names each.
    private struct Places {
        private let numbers: [Int64: Int]

        init(_ targets: [String: Int], _ database: Database, _ words: CatalogueWords) throws {
            numbers = Dictionary(try targets.compactMap { location, number in try words.existing(location, database).map { ($0, number) } }, uniquingKeysWith: max)
        }

        var isEmpty: Bool { numbers.isEmpty }
        var list: String { numbers.keys.sorted().map(String.init).joined(separator: ", ") }

        func fill(_ entry: inout CatalogueEntry, _ database: Database, _ words: CatalogueWords) throws {
            guard let key = CatalogueRow.key(entry.facts.id) else { return }
            let rows = try Row.fetchAll(try database.cachedStatement(sql: "SELECT target, directory, stem FROM place WHERE clip = ?"), arguments: [key])
            for row in rows {
                guard let target = Int64.fromDatabaseValue(row[0]), let number = numbers[target], let word = Int64.fromDatabaseValue(row[1]),
                    let directory = try words.text(word, database)
                else { continue }
                let stem = String.fromDatabaseValue(row[2]) ?? ClipPath(folder: "", start: entry.facts.start, event: entry.facts.event).stem
                guard let path = ClipPath(manifest: "\(directory)/\(stem).\(ClipPath.Kind.manifest.rawValue)") else { continue }
                // What is protected stays longest.
                if entry.places[number]?.isProtected != true { entry.places[number] = path }
            }
        }
    }

    /// One camera's clips that a query asks for.
    private struct Search {
        let sql: String
        let arguments: StatementArguments

        /// Nil where nothing can match.
        init?(_ query: ClipQuery, camera: Int64, _ places: Places, _ database: Database, _ words: CatalogueWords) throws {
            var conditions = [query.event == nil ? "camera = ?" : "+camera = ?"]
            var values: [(any DatabaseValueConvertible)?] = [camera]
            func require(_ condition: String, _ value: any DatabaseValueConvertible...) {
                conditions.append(condition)
                values += value
            }
            // Of the rows' columns only those that are to lead the search stand without a plus: without statistics SQLite takes the index with most equalities.
            if let to = query.to { require("start < ?", CatalogueRow.milliseconds(to)) }
            if let from = query.from {
                let from = CatalogueRow.milliseconds(from)
                require("finish >= ?", from)
                require("start >= ?", from - Int64(CatalogueRow.longestSeconds * 1000))
            }
            if let kind = query.kind {
                guard let number = try words.existing(kind, database) else { return nil }
                require("kind = ?", number)
            }
            if let event = query.event { require("id IN (SELECT clip FROM event WHERE event = ?)", CatalogueRow.packed(event)) }
            if let after = query.after {
                guard let id = ClipID(after.id).flatMap(CatalogueRow.key) else { return nil }
                require("(start, id) < (?, ?)", CatalogueRow.milliseconds(after.start), id)
            }
            conditions.append("EXISTS (SELECT 1 FROM place WHERE place.clip = clip.id AND +target IN (\(places.list)))")
            values.append(query.limit)
            // An incident's few clips are found first; all others come in the order of the index, until there are enough.
            let order = query.event == nil ? "INDEXED BY clip_by_time" : ""
            sql = "SELECT \(CatalogueRow.columns) FROM clip \(order) WHERE \(conditions.joined(separator: " AND ")) ORDER BY start DESC, id DESC LIMIT ?"
            arguments = StatementArguments(values)
        }
    }
}
