import Logging
import Synchronization

/// Puts roster and shared configuration on the disk, in order, and knows when that failed: a revocation that was heard while the card was
/// full must not be forgotten with the next restart.
final class TrustWriter: Sendable {
    private struct State {
        /// Why the last writing failed.
        var failure: TrustError?
        var isWriting = false
        var asked = 0
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
    var hasFailed: Bool { state.withLock { $0.failure != nil } }

    /// How often something was to be written. Another number: something changed.
    var asked: Int { state.withLock { $0.asked } }

    /// Returns when all that was to be written until now is on the disk, or why it is not.
    func failure() async -> TrustError? {
        await writer.drain()
        return state.withLock { $0.failure }
    }

    /// Returns at once; a slow card makes no queue. One that takes nothing is logged once, however often it is tried.
    func save(_ trust: TrustStore) {
        let begins = state.withLock { state in
            state.next = trust
            state.asked += 1
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if begins { writer.write { [self] in writeAll() } }
    }

    private func writeAll() {
        while let trust = next() {
            do throws(TrustError) {
                try trust.save()
                state.withLock { $0.failure = nil }
            } catch {
                let isNews = state.withLock { state in
                    defer { state.failure = error }
                    return state.failure == nil
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
