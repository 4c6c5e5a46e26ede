import Logging

extension Discovery {
    /// Runs until cancelled, again after each failure: with a pause that grows from a second to half a minute.
    func keepRunning(
        publishing announcement: ServiceAnnouncement, logger: Logger, onChange: @escaping @Sendable (DiscoveryEvent) -> Void
    ) async {
        var pause = Duration.seconds(1)
        while !Task.isCancelled {
            do {
                try await run(publishing: announcement, onChange: onChange)
            } catch {
                logger.warning("discovery stopped: \(error)")
            }
            try? await ContinuousClock().sleep(for: pause)
            pause = min(pause * 2, .seconds(30))
        }
    }
}
