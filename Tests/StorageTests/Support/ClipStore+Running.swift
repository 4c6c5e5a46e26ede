@testable import Storage

extension ClipStore {
    /// How long a test may hang: all suites run at once, on few cores.
    static let patience = Duration.seconds(120)

    /// Runs while `body` works, then drains.
    func running(_ body: () async throws -> Void) async throws {
        let task = Task { await run() }
        do { try await body() } catch {
            task.cancel()
            await task.value
            throw error
        }
        task.cancel()
        await task.value
    }

    /// Waits for what it tells of, no longer than ``patience``.
    func wait(until condition: @escaping @Sendable () -> Bool) async throws {
        let changes = changes()
        if condition() { return }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in changes where condition() { return } }
            group.addTask {
                try await ContinuousClock().sleep(for: Self.patience)
                throw CancellationError()
            }
            try await group.next()
            group.cancelAll()
        }
    }
}
