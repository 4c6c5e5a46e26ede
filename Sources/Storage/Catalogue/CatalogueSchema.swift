import GRDB
import Synchronization

/// The tables of the ``ClipCatalogue``. They hold one clip in some 500 bytes, so that years of footage are known on a small machine.
enum CatalogueSchema {
    /// A file of another version is not read, but made anew.
    private static let version = 2

    /// Another version's file, or one that is damaged.
    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    /// Makes the tables in an empty database, and looks at those that are there.
    static func prepare(_ database: Database) throws {
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard found != 0 else {
            try database.execute(sql: tables)
            return
        }
        guard found == version else { throw Unusable(description: "it is of version \(found)") }
        guard let verdict = try String.fetchOne(database, sql: "PRAGMA quick_check(1)"), verdict == "ok" else { throw Unusable(description: "it is damaged") }
    }

    /// Times are milliseconds since 1970; `camera`, `name`, `origin`, `kind`, `codec`, `quality`, `reason`, `target`, `directory` and `storage` are words.
    private static let tables = """
        CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
        CREATE TABLE clip (
            id BLOB NOT NULL PRIMARY KEY, camera INTEGER NOT NULL, start INTEGER NOT NULL, finish INTEGER NOT NULL, kind INTEGER NOT NULL,
            name INTEGER NOT NULL, triggered INTEGER NOT NULL, duration INTEGER NOT NULL, event NOT NULL, also TEXT, label TEXT, origin INTEGER,
            bytes INTEGER NOT NULL, codec INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, rate REAL NOT NULL,
            flags INTEGER NOT NULL, quality INTEGER NOT NULL, uncertainty REAL, ahead REAL, state INTEGER NOT NULL, reason INTEGER,
            lost INTEGER NOT NULL, gaps TEXT, fragments INTEGER NOT NULL, head, signature, stale INTEGER NOT NULL DEFAULT 0
        ) WITHOUT ROWID;
        CREATE INDEX clip_by_time ON clip (camera, start, id, kind, finish);
        CREATE TABLE event (event NOT NULL, clip BLOB NOT NULL, PRIMARY KEY (event, clip)) WITHOUT ROWID;
        CREATE TABLE place (
            id INTEGER PRIMARY KEY, target INTEGER NOT NULL, directory INTEGER NOT NULL, stem TEXT, clip BLOB NOT NULL,
            size INTEGER, seconds INTEGER, nanoseconds INTEGER, video INTEGER, storage INTEGER
        );
        CREATE INDEX place_by_directory ON place (target, directory);
        CREATE INDEX place_by_clip ON place (clip);
        CREATE TABLE target (target INTEGER PRIMARY KEY, storage INTEGER NOT NULL);
        PRAGMA user_version = \(version);
        """
}

/// Texts that many rows share, by number. None is ever deleted, so both directions may be remembered.
final class CatalogueWords: Sendable {
    private struct Known {
        var numbers: [String: Int64] = [:]
        var texts: [Int64: String] = [:]
    }

    private let known = Mutex(Known())

    /// The word's number; it gets one where it has none. Only where rows are written.
    func number(_ text: String, _ database: Database) throws -> Int64 {
        if let number = try existing(text, database) { return number }
        try database.cachedStatement(sql: "INSERT INTO word (text) VALUES (?)").execute(arguments: [text])
        let number = database.lastInsertedRowID
        remember(number, text)
        return number
    }

    func existing(_ text: String, _ database: Database) throws -> Int64? {
        if let number = known.withLock({ $0.numbers[text] }) { return number }
        guard let number = try Int64.fetchOne(try database.cachedStatement(sql: "SELECT id FROM word WHERE text = ?"), arguments: [text]) else { return nil }
        remember(number, text)
        return number
    }

    func text(_ number: Int64, _ database: Database) throws -> String? {
        if let text = known.withLock({ $0.texts[number] }) { return text }
        guard let text = try String.fetchOne(try database.cachedStatement(sql: "SELECT text FROM word WHERE id = ?"), arguments: [number]) else { return nil }
        remember(number, text)
        return text
    }

    /// Far more than a mesh has names.
    private static let limit = 4096

    private func remember(_ number: Int64, _ text: String) {
        known.withLock { known in
            // They are all in the database, too.
            if known.texts.count >= Self.limit {
                known.texts.removeAll()
                known.numbers.removeAll()
            }
            known.numbers[text] = number
            known.texts[number] = text
        }
    }
}
