import Logging
import Synchronization

/// Puts roster and shared configuration on the disk, in order, and knows when that failed: a revocation that was heard while the card was
/// full must not be forgotten with the next restart.
final class TrustWriter: Sendable {
    private struct State {
        var hasFailed = false
        var isWriting = false
        /// What is to be written after that; only the newest counts.
        var next: TrustStore?
    }

    private let writer: StateWriter
    private let logger: Logger
    private let state = Mutex(State())

    init(writer: StateWriter, logger: Logger) {
        self.writer = writer
        self.logger = logger
    }

    /// Whether the last writing failed: try again with what is known then.
    var hasFailed: Bool { state.withLock { $0.hasFailed } }

    /// Returns at once; a slow card makes no queue. One that takes nothing is logged once, however often it is tried.
    func save(_ trust: TrustStore) {
        let begins = state.withLock { state in
            state.next = trust
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if begins { writer.write { [self] in writeAll() } }
    }

    private func writeAll() {
        while let trust = next() {
            do {
                try trust.save()
                state.withLock { $0.hasFailed = false }
            } catch {
                let isNews = state.withLock { state in
                    defer { state.hasFailed = true }
                    return !state.hasFailed
                }
                if isNews { logger.error("\(error)") }
            }
        }
    }

    /// `nil`: all is written.
    private func next() -> TrustStore? {
        state.withLock { state in
            defer { state.next = nil }
            if state.next == nil { state.isWriting = false }
            return state.next
        }
    }
}

/// How the writing of a later boot number ended.
enum BootRaising: Sendable {
    case done(NodeIdentity)
    case failed(boot: UInt32, reason: String)
}
