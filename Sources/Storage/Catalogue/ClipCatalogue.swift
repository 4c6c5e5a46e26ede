import Foundation
import GRDB
public import Logging
import Synchronization

/// Every clip that this node found on the targets, in SQLite; made anew from the clips' sidecars whenever it is lost.
///
/// It lies in memory, never on a card: in a file on a tmpfs, so that a node that starts again knows at once what it knew, or, where there is
/// none, in the process. Nothing waits for it that records: what a node holds itself stands in a ``ClipIndex`` until it is stored.
public final class ClipCatalogue: Sendable {
    /// One state of it, from its making until it is found broken.
    struct Open {
        let database: any DatabaseWriter
        let words: CatalogueWords
        /// How many there were before it.
        let generation: Int
    }

    private struct State {
        var open: Open?
        /// How many there were.
        var generation = 0
        /// Since then a minute has not passed: whatever fails within it is left alone until then.
        var retryAt: ContinuousClock.Instant?
        var problem: String?
        var isWithinProcess = false
        /// What targets are called here, by their number; those that are gone keep theirs until they are forgotten.
        var locations: [Int: String] = [:]
    }

    let targets: TargetSet
    /// Nil: within the process.
    private let file: String?
    private let logger: Logger
    private let state = Mutex(State())

    /// Between two of which the first could not even be written to.
    private static let pause = Duration.seconds(60)

    /// - Parameters:
    ///   - targets: those whose clips it knows.
    ///   - directory: for its file, made where it is missing. It is used only on a tmpfs, and only where it is this user's alone.
    ///   - name: of the file; each node has its own.
    public init(targets: TargetSet, directory: String? = nil, name: String = "catalogue", logger: Logger = Logger(label: "catalogue") { _ in SwiftLogNoOpLogHandler() }) {
        self.targets = targets
        self.logger = logger
        file = directory.flatMap { VolatileDirectory.make($0) ? "\($0)/\(name).sqlite" : nil }
        if let file, let directory { Self.removeEarlier(in: directory, than: file) }
        state.withLock { state in
            do { state.open = try Self.open(file, generation: 0) } catch { renew(&state, after: error) }
        }
    }

    /// Changes whenever it has forgotten everything: then it is time to look again.
    var generation: Int { state.withLock { $0.open?.generation ?? -1 } }

    /// Why it knows nothing; nil while it works.
    public var problem: String? { state.withLock { $0.problem } }

    /// What a target is called here; from now on what is known of it is found. Nil for one that is gone.
    @discardableResult
    func location(of number: Int) -> String? {
        let present = targets[number].map { "\($0.location)" }
        return state.withLock { state in
            if let present { state.locations[number] = present }
            return state.locations[number]
        }
    }

    /// Targets that are known, by what they are called here.
    var numbers: [String: Int] { state.withLock { Dictionary($0.locations.map { ($0.value, $0.key) }, uniquingKeysWith: max) } }

    /// - Returns: its name, unless it has come back under another number.
    func leave(_ number: Int) -> String? {
        state.withLock { state in
            guard let location = state.locations.removeValue(forKey: number), !state.locations.values.contains(location) else { return nil }
            return location
        }
    }

    // MARK: Reading and writing

    /// - Parameter otherwise: the answer while it cannot be used.
    func read<Result>(otherwise: Result, _ work: (Database, CatalogueWords) throws -> Result) -> Result {
        use(otherwise) { open in try open.database.read { try work($0, open.words) } }
    }

    /// All of it or nothing.
    func write<Result>(otherwise: Result, _ work: (Database, CatalogueWords) throws -> Result) -> Result {
        use(otherwise) { open in try open.database.write { try work($0, open.words) } }
    }

    private func use<Result>(_ otherwise: Result, _ work: (Open) throws -> Result) -> Result {
        guard let open = current() else { return otherwise }
        do {
            return try work(open)
        } catch {
            state.withLock { state in
                // Somebody else may have seen it, too.
                if state.open?.generation == open.generation { renew(&state, after: error) }
            }
            return otherwise
        }
    }

    private func current() -> Open? {
        state.withLock { state in
            if state.open == nil, let retryAt = state.retryAt, .now >= retryAt { renew(&state, after: nil) }
            return state.open
        }
    }

    // MARK: Making it

    /// Begins an empty one in place of one that failed.
    private func renew(_ state: inout State, after error: (any Error)?) {
        let now = ContinuousClock.now
        state.generation += 1
        try? state.open?.database.close()
        state.open = nil
        // The tmpfs is full: where the process is there may be room.
        if (error as? DatabaseError)?.resultCode == .SQLITE_FULL { state.isWithinProcess = true }
        if let error { logger.warning("the catalogue of clips is made anew: \(error)") }
        // The one before did not live long: what ails it ails the next one, too.
        if error != nil, let retryAt = state.retryAt, now < retryAt {
            state.problem = "the catalogue of clips cannot be kept: \(error.map { "\($0)" } ?? "")"
            state.retryAt = now + Self.pause
            return
        }
        state.retryAt = now + Self.pause
        if let file { for ending in ["", "-wal", "-shm"] { unlink(file + ending) } }
        do {
            state.open = try Self.open(place(state), generation: state.generation)
            state.problem = nil
        } catch {
            state.problem = "the catalogue of clips cannot be made: \(error)"
            logger.error("the catalogue of clips cannot be made: \(error)")
        }
    }

    /// Of the same node, from before it came to its mesh: a tmpfs is memory.
    private static func removeEarlier(in directory: String, than file: String) {
        guard let mark = file.split(separator: "/").last?.prefix(while: { $0 != "-" && $0 != "." }) else { return }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] where name.hasPrefix("\(mark)-") && name.contains(".sqlite") {
            if !"\(directory)/\(name)".hasPrefix(file) { unlink("\(directory)/\(name)") }
        }
    }

    private func place(_ state: State) -> String? { state.isWithinProcess ? nil : file }

    private static func open(_ file: String?, generation: Int) throws -> Open {
        var configuration = Configuration()
        configuration.label = "catalogue"
        configuration.maximumReaderCount = 2
        configuration.prepareDatabase { database in
            // What is here need not outlive the machine's next start, and no temporary file belongs on a card.
            try database.execute(sql: "PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -1024; PRAGMA trusted_schema = OFF")
        }
        let database: any DatabaseWriter
        if let file {
            database = try DatabasePool(path: file, configuration: configuration)
            chmod(file, 0o600)
        } else {
            database = try DatabaseQueue(configuration: configuration)
        }
        try database.write { try CatalogueSchema.prepare($0) }
        return Open(database: database, words: CatalogueWords(), generation: generation)
    }
}
