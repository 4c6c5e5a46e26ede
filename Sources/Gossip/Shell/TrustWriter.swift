import Logging
import Synchronization

/// Puts roster and shared configuration on the disk, in order, and knows when that failed: a revocation that was heard while the card was
/// full must not be forgotten with the next restart.
final class TrustWriter: Sendable {
    private let writer: StateWriter
    private let logger: Logger
    private let failed = Mutex(false)

    init(writer: StateWriter, logger: Logger) {
        self.writer = writer
        self.logger = logger
    }

    /// Whether the last writing failed: try again with what is known then.
    var hasFailed: Bool { failed.withLock { $0 } }

    /// Returns at once. A card that takes nothing is logged once, however often it is tried.
    func save(_ trust: TrustStore) {
        writer.write { [self] in
            do {
                try trust.save()
                failed.withLock { $0 = false }
            } catch {
                let isNews = failed.withLock { failed in
                    defer { failed = true }
                    return !failed
                }
                if isNews { logger.error("\(error)") }
            }
        }
    }
}

/// How the writing of a later boot number ended.
enum BootRaising: Sendable {
    case done(NodeIdentity)
    case failed(boot: UInt32, reason: String)
}
