import Synchronization

/// Sends values to any number of asynchronous streams, each with its own bounded buffer; the sender never waits.
final class Broadcast<Value: Sendable>: Sendable {
    private struct State {
        var nextID: UInt64 = 0
        var continuations: [UInt64: AsyncStream<Value>.Continuation] = [:]
    }

    private let state = Mutex(State())
    private let buffer: Int

    /// - Parameter buffer: How many values wait per stream; the oldest goes first.
    init(buffer: Int) {
        self.buffer = buffer
    }

    /// A stream of what is sent from now on, after `first`. It ends when its reader does.
    func stream(first: Value? = nil) -> AsyncStream<Value> {
        let (stream, continuation) = AsyncStream.makeStream(of: Value.self, bufferingPolicy: .bufferingNewest(buffer))
        let id = state.withLock { state in
            state.nextID += 1
            state.continuations[state.nextID] = continuation
            return state.nextID
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.continuations.removeValue(forKey: id) }
        }
        if let first { continuation.yield(first) }
        return stream
    }

    func send(_ value: Value) {
        // Yield outside the lock: a terminating stream calls back into this object.
        let continuations = state.withLock { Array($0.continuations.values) }
        for continuation in continuations { continuation.yield(value) }
    }

    deinit {
        let continuations = state.withLock { Array($0.continuations.values) }
        for continuation in continuations { continuation.finish() }
    }
}
