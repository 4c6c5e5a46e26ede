import Synchronization

/// Hands one sequence of values to any number of readers, each with a bounded queue: who is slow loses the oldest, and is told
/// so where there is a value for that.
final class ChangeFeed<Element: Sendable>: Sendable {
    private struct Readers: Sendable {
        var byNumber: [Int: AsyncStream<Element>.Continuation] = [:]
        var next = 0
        var isFinished = false
    }

    private let readers = Mutex(Readers())
    private let limit: Int
    private let lossNotice: Element?

    init(limit: Int, lossNotice: Element?) {
        self.limit = limit
        self.lossNotice = lossNotice
    }

    func stream() -> AsyncStream<Element> {
        let (stream, continuation) = AsyncStream<Element>.makeStream(bufferingPolicy: .bufferingNewest(limit))
        let number = readers.withLock { readers -> Int? in
            if readers.isFinished { return nil }
            readers.next += 1
            readers.byNumber[readers.next] = continuation
            return readers.next
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.readers.withLock { _ = $0.byNumber.removeValue(forKey: number) }
        }
        return stream
    }

    /// - Returns: how many readers lost their oldest element to it.
    @discardableResult
    func yield(_ element: Element) -> Int {
        var losses = 0
        // Outside of the lock: a continuation may call its termination handler.
        for continuation in readers.withLock({ Array($0.byNumber.values) }) {
            guard case .dropped = continuation.yield(element) else { continue }
            losses += 1
            if let lossNotice { continuation.yield(lossNotice) }
        }
        return losses
    }
}
