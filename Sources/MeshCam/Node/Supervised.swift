import Logging
import ServiceLifecycle

/// Runs a service until the node stops: cancels it then, and, where it may, starts it again when it fails.
struct Supervised: Service {
    let name: String
    let service: any Service
    let restarts: Bool
    let logger: Logger
    /// Pause before the first restart; doubles up to `longestPause`.
    var firstPause: Duration = .milliseconds(500)
    var longestPause: Duration = .seconds(30)

    func run() async throws {
        let outcome = await cancelWhenGracefulShutdown { () -> Result<Void, any Error> in
            var pause = firstPause
            while !Task.isCancelled {
                let began = ContinuousClock.now
                do {
                    try await service.run()
                    if Task.isCancelled { return .success(()) }
                    logger.warning("\(name) ended by itself")
                } catch {
                    if Task.isCancelled { return .success(()) }
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
        try outcome.get()
    }
}
