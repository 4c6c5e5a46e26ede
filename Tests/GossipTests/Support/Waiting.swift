import Testing

@testable import Gossip

/// Waits for a condition on a stream of news, for as long as the bound allows; looks once before the first news.
func waits<News: Sendable>(
    _ bound: Duration = .seconds(20), for news: AsyncStream<News>, until condition: @escaping @Sendable () async -> Bool
) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
        group.addTask {
            if await condition() { return true }
            for await _ in news { if await condition() { return true } }
            return false
        }
        group.addTask {
            try? await ContinuousClock().sleep(for: bound)
            return false
        }
        defer { group.cancelAll() }
        return await group.next() ?? false
    }
}
