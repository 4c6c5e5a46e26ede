import Foundation
import GRDB

/// What looks at targets find and remember.
extension ClipCatalogue {
    /// A sidecar as the last look at its directory found it.
    struct KnownFile {
        /// Of its row.
        let number: Int64
        /// Nil where it has to be looked at once more.
        let size: Int?
        let modified: TargetEntry.Modified?
        /// Of the video beside it.
        let videoBytes: Int?
        /// Whether it was found on the storage that the target is now.
        let isHere: Bool
    }

    private static let isHere = "place.storage IS (SELECT storage FROM target WHERE target.target = place.target)"

    /// A sidecar that a look found, new or changed.
    struct FoundFile {
        let path: ClipPath
        /// Nil where the next look is to read it once more.
        let entry: TargetEntry?
        let videoBytes: Int
        let facts: ClipFacts
        let signature: String
    }

    /// What is known of a directory of a target, by the files' names without their endings.
    func files(on number: Int, in directory: String) -> [String: KnownFile] {
        guard let location = location(of: number) else { return [:] }
        return read(otherwise: [:]) { database, words in
            guard let target = try words.existing(location, database), let directory = try words.existing(directory, database) else { return [:] }
            let rows = try Row.fetchAll(
                try database.cachedStatement(
                    sql: """
                        SELECT place.id, stem, size, seconds, nanoseconds, video, clip.start, clip.event, \(Self.isHere) FROM place JOIN clip ON clip.id = place.clip
                        WHERE target = ? AND directory = ?
                        """), arguments: [target, directory])
            var files: [String: KnownFile] = [:]
            for row in rows {
                guard let number = Int64.fromDatabaseValue(row[0]), let start = Int64.fromDatabaseValue(row[6]), let event = CatalogueRow.unpacked(row[7]) else { continue }
                let stem = String.fromDatabaseValue(row[1]) ?? ClipPath(folder: "", start: CatalogueRow.date(start), event: event).stem
                let modified = Int.fromDatabaseValue(row[3]).flatMap { seconds in
                    Int.fromDatabaseValue(row[4]).map { TargetEntry.Modified(seconds: seconds, nanoseconds: $0) }
                }
                files[stem] = KnownFile(number: number, size: Int.fromDatabaseValue(row[2]), modified: modified, videoBytes: Int.fromDatabaseValue(row[5]),
                    isHere: Bool.fromDatabaseValue(row[8]) ?? false)
            }
            return files
        }
    }

    /// What a look at a directory brought, at once.
    ///
    /// - Parameter gone: rows of files that are not there any more, or are others now.
    func take(_ found: [FoundFile], gone: [Int64], on number: Int, in directory: String) {
        guard !found.isEmpty || !gone.isEmpty, let location = location(of: number) else { return }
        write(otherwise: ()) { database, words in
            let (target, directory) = (try words.number(location, database), try words.number(directory, database))
            var left: Set<Data> = [], refound: Set<Data> = []
            for row in gone {
                if let key = try Data.fetchOne(try database.cachedStatement(sql: "DELETE FROM place WHERE id = ? RETURNING clip"), arguments: [row]) { left.insert(key) }
            }
            for file in found {
                let facts = file.facts
                guard let key = CatalogueRow.key(facts.id), try Self.put(facts, signature: file.signature, database, words) else { continue }
                refound.insert(key)
                // It may have been stored, and kept, since the look began.
                try database.cachedStatement(sql: "DELETE FROM place WHERE clip = ? AND +target = ? AND +directory = ? AND stem IS ?").execute(
                    arguments: [key, target, directory, Self.stem(of: file.path, facts)])
                try Self.put(file.path, of: facts, key, target, directory, file.entry.map { ($0, file.videoBytes) }, database)
            }
            // Of the others the file is really gone, or says nothing any more.
            for key in left where !refound.contains(key) { try Self.hasLostAFile(key, database, words) }
        }
    }

    /// A look begins: what it finds, and what is stored from now on, lies on that storage.
    ///
    /// - Parameter identity: of the storage (``TargetIdentity``).
    func reached(_ identity: String, on number: Int) {
        guard let location = location(of: number) else { return }
        write(otherwise: ()) { database, words in
            try database.cachedStatement(sql: "INSERT OR REPLACE INTO target (target, storage) VALUES (?, ?)").execute(
                arguments: [try words.number(location, database), try words.number(identity, database)])
        }
    }

    /// Directories in which something is known of the storage that a target is now.
    func directories(on number: Int) -> [String] {
        guard let location = location(of: number) else { return [] }
        return read(otherwise: []) { database, words in
            guard let target = try words.existing(location, database) else { return [] }
            return try Int64.fetchAll(try database.cachedStatement(sql: "SELECT DISTINCT directory FROM place WHERE target = ? AND \(Self.isHere)"), arguments: [target])
                .compactMap { try words.text($0, database) }
        }
    }

    /// Nothing of that is known any more.
    func forget(_ directories: [String], on number: Int) {
        guard let location = location(of: number) else { return }
        for directory in directories {
            write(otherwise: ()) { database, words in
                guard let target = try words.existing(location, database), let directory = try words.existing(directory, database) else { return }
                try Self.forget("target = ? AND directory = ? AND \(Self.isHere)", [target, directory], database, words)
            }
        }
    }

    /// That target is none of this node's any more.
    func forget(target number: Int) {
        guard let location = leave(number) else { return }
        write(otherwise: ()) { database, words in
            guard let target = try words.existing(location, database) else { return }
            try Self.forget("target = ?", [target], database, words)
        }
    }

    private static func forget(_ condition: String, _ arguments: StatementArguments, _ database: Database, _ words: CatalogueWords) throws {
        let keys = try Data.fetchAll(try database.cachedStatement(sql: "SELECT clip FROM place WHERE \(condition)"), arguments: arguments)
        try database.cachedStatement(sql: "DELETE FROM place WHERE \(condition)").execute(arguments: arguments)
        for key in keys { try hasLostAFile(key, database, words) }
    }
}
