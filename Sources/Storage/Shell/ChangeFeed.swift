import Synchronization

/// Tells any number of listeners what changed. A listener that falls behind by `capacity` loses the oldest changes.
final class ChangeFeed<Change: Sendable>: Sendable {
    private let capacity: Int
    private let listeners = Mutex<(next: Int, streams: [Int: AsyncStream<Change>.Continuation])>((0, [:]))

    init(capacity: Int) {
        self.capacity = capacity
    }

    func publish(_ change: Change) {
        for stream in listeners.withLock({ Array($0.streams.values) }) { stream.yield(change) }
    }

    func subscribe() -> AsyncStream<Change> {
        let (stream, continuation) = AsyncStream.makeStream(of: Change.self, bufferingPolicy: .bufferingNewest(capacity))
        let key = listeners.withLock { listeners in
            listeners.next += 1
            listeners.streams[listeners.next] = continuation
            return listeners.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.listeners.withLock { _ = $0.streams.removeValue(forKey: key) }
        }
        return stream
    }
}
