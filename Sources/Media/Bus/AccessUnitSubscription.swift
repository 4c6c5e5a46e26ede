import Synchronization

/// One consumer's view of the bus: an asynchronous sequence for exactly one reader, or a queue that a thread empties when it is told
/// (``notify(_:)``).
///
/// A reader may let units gather: it wakes once for many. What is no unit wakes it at once, and so does a queue that is half full.
///
/// Drop rule: when the queue is full, what comes is dropped until a video key frame finds room; then `.lost(count)` precedes that key frame.
public final class AccessUnitSubscription: AsyncSequence, Sendable {
    /// What the reader receives.
    public enum Element: Sendable {
        case unit(AccessUnit)
        /// So many units (video and audio) were dropped here because the reader was slow; a video key frame follows.
        case lost(Int)
        /// The source broke off, with the reason; the next unit is a key frame and may have another size.
        case interrupted(String)

        fileprivate var isUnit: Bool { if case .unit = self { true } else { false } }
    }

    fileprivate struct State {
        var queue: [Element] = []
        var lost = 0
        var skipping = false
        var cancelled = false
        var waiter: CheckedContinuation<Element?, Never>?
        /// Capture time of the oldest unit that a waiting reader has not been told of.
        var gatheringSince: ContinuousClock.Instant?
        var notify: (@Sendable () -> Void)?
        /// That there is something; until it is taken.
        var isTold = false
    }

    /// Who listens, for logs.
    public let name: String
    private let capacity: Int
    private let gathering: Duration
    private let state = Mutex(State())

    init(name: String, capacity: Int, gathering: Duration = .zero) {
        self.name = name
        self.capacity = Swift.max(1, capacity)
        self.gathering = gathering
    }

    deinit {
        // A waiter holds a reference to this object, so none can be left here; the queue goes with it.
    }

    /// Ends the sequence; queued units are dropped.
    public func cancel() {
        let waiter = state.withLock { state in
            state.cancelled = true
            state.queue = []
            state.notify = nil
            return state.takeWaiter()
        }
        waiter?.resume(returning: nil)
    }

    /// Whether a reader waits.
    var isAwaited: Bool { state.withLock { $0.waiter != nil } }

    var isCancelled: Bool { state.withLock { $0.cancelled } }

    // MARK: For a thread of its own

    /// Calls `ready` when something comes, once until it is taken, on the publisher's thread: it returns at once.
    func notify(_ ready: @escaping @Sendable () -> Void) {
        let isReady = state.withLock { state in
            guard !state.cancelled else { return false }
            state.notify = ready
            state.isTold = !state.queue.isEmpty
            return state.isTold
        }
        if isReady { ready() }
    }

    /// All that is there; does not wait.
    func takeAll() -> [Element] {
        state.withLock { state in
            defer { (state.queue, state.isTold) = ([], false) }
            return state.queue
        }
    }

    // MARK: The publisher's side

    func offer(_ unit: AccessUnit) {
        let delivery = state.withLock { state -> Delivery? in
            guard !state.cancelled else { return nil }
            if state.skipping {
                // Two places: the notice and the key frame.
                guard unit.isVideoKeyFrame, state.queue.count + 2 <= Swift.max(2, capacity) else {
                    state.lost += 1
                    return nil
                }
                state.skipping = false
                state.queue.append(.lost(state.lost))
                state.lost = 0
            } else if state.queue.count >= capacity {
                state.skipping = true
                state.lost += 1
                return nil
            }
            state.queue.append(.unit(unit))
            if state.waiter != nil, state.queue.count * 2 < capacity, isGathering(unit, &state) { return nil }
            return state.takeDelivery()
        }
        delivery?.carryOut()
    }

    /// Whether the reader is not told yet, by the time that passed between captures: nothing here has a clock.
    private func isGathering(_ unit: AccessUnit, _ state: inout State) -> Bool {
        guard gathering > .zero, state.queue.allSatisfy(\.isUnit) else { return false }
        let since = state.gatheringSince ?? unit.captured
        state.gatheringSince = since
        return unit.captured - since < gathering
    }

    func interrupt(reason: String) {
        let delivery = state.withLock { state -> Delivery? in
            guard !state.cancelled else { return nil }
            // Interruptions do not count towards the capacity, so two in a row become one: the queue stays bounded.
            if case .interrupted = state.queue.last { state.queue.removeLast() }
            state.queue.append(.interrupted(reason))
            return state.takeDelivery()
        }
        delivery?.carryOut()
    }

    // MARK: The reader's side

    /// The next delivery; nil when cancelled (the subscription or the reading task).
    public func next() async -> Element? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Element?, Never>) in
                let immediate = state.withLock { state -> Element?? in
                    if state.cancelled || Task.isCancelled { return .some(nil) }
                    if !state.queue.isEmpty { return .some(state.queue.removeFirst()) }
                    // A second reader at the same time is a mistake in our program, not input.
                    precondition(state.waiter == nil, "subscription \(name) has two readers")
                    state.waiter = continuation
                    return .none
                }
                if let immediate { continuation.resume(returning: immediate) }
            }
        } onCancel: {
            state.withLock { $0.takeWaiter() }?.resume(returning: nil)
        }
    }

    public func makeAsyncIterator() -> Iterator { Iterator(subscription: self) }

    public struct Iterator: AsyncIteratorProtocol {
        let subscription: AccessUnitSubscription

        public mutating func next() async -> Element? { await subscription.next() }

        public mutating func next(isolation actor: isolated (any Actor)?) async -> Element? {
            await subscription.next()
        }
    }
}

extension AccessUnitSubscription.State {
    fileprivate mutating func takeWaiter() -> CheckedContinuation<AccessUnitSubscription.Element?, Never>? {
        defer { (waiter, gatheringSince) = (nil, nil) }
        return waiter
    }

    /// Whom to tell of what was just queued, outside of the lock.
    fileprivate mutating func takeDelivery() -> AccessUnitSubscription.Delivery? {
        guard !queue.isEmpty else { return nil }
        if let waiter = takeWaiter() { return .resume(waiter, queue.removeFirst()) }
        guard !isTold, let notify else { return nil }
        isTold = true
        return .notify(notify)
    }
}

extension AccessUnitSubscription {
    fileprivate enum Delivery {
        case resume(CheckedContinuation<Element?, Never>, Element)
        case notify(@Sendable () -> Void)

        func carryOut() {
            switch self {
            case .resume(let waiter, let element): waiter.resume(returning: element)
            case .notify(let ready): ready()
            }
        }
    }
}
