import Logging
import ServiceLifecycle
import Synchronization

/// Runs a service until the node stops: cancels it then, and, where it may, starts it again when it fails.
struct Supervised: Service {
    let name: String
    let service: any Service
    let restarts: Bool
    let logger: Logger
    /// Pause before the first restart; doubles up to `longestPause`.
    var firstPause: Duration = .milliseconds(500)
    var longestPause: Duration = .seconds(30)
    /// How long the service may take to stop before the log names it: a moment more than all of them have.
    var stopTime: Duration = Node.patience + .seconds(1)

    func run() async throws {
        let outcome = await cancelWhenGracefulShutdown { await watched() }
        try outcome.get()
    }

    /// Runs it, and says so when it does not heed its cancellation: the node's end waits for it.
    private func watched() async -> Result<Void, any Error> {
        let hasStopped = Flag()
        // The warning keeps nothing of a service that has stopped.
        let (name, logger, stopTime) = (name, logger, stopTime)
        return await withTaskCancellationHandler {
            defer { hasStopped.value.store(true, ordering: .relaxed) }
            return await runAgainAndAgain()
        } onCancel: {
            // On its own, since this may not wait: it ends by itself.
            Task {
                try? await ContinuousClock().sleep(for: stopTime)
                if !hasStopped.value.load(ordering: .relaxed) { logger.warning("\(name) does not stop: the node's end waits for it") }
            }
        }
    }

    private final class Flag: Sendable { let value = Atomic(false) }

    /// Whether the end is wanted. A service that listens for the shutdown itself, as the web servers do, may be through before its
    /// cancellation reaches it.
    private static var mayEnd: Bool { Task.isCancelled || Task.isShuttingDownGracefully }

    private func runAgainAndAgain() async -> Result<Void, any Error> {
        var pause = firstPause
        while !Self.mayEnd {
            let began = ContinuousClock.now
            do {
                try await service.run()
                if Self.mayEnd { return .success(()) }
                logger.warning("\(name) ended by itself")
            } catch {
                if Self.mayEnd { return .success(()) }
                guard restarts else { return .failure(error) }
                logger.error("\(name) failed and starts again: \(error)")
            }
            guard restarts else { return .failure(NodeError("\(name) ended by itself", cure: "The log says why.")) }
            // A service that ran well for a while begins with short pauses again.
            if .now - began > longestPause { pause = firstPause }
            try? await ContinuousClock().sleep(for: pause * Double.random(in: 0.75...1.25))
            pause = min(pause * 2, longestPause)
        }
        return .success(())
    }
}
