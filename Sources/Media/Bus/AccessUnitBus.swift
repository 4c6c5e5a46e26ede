import Synchronization

/// Hands every access unit of one camera to all who want it. The publisher never waits: a consumer whose queue is full loses
/// everything up to the next key frame that finds room, and is told how many units that were.
///
/// Bound: each subscription holds at most its `capacity` units (shared bytes, so a unit in ten queues is in memory once).
public final class AccessUnitBus: Sendable {
    fileprivate struct State {
        var subscriptions: [WeakSubscription] = []
        var sequence: UInt64 = 0
    }

    fileprivate struct WeakSubscription {
        weak var subscription: AccessUnitSubscription?
    }

    private let state = Mutex(State())
    /// The camera's pre-roll; filled before the subscribers hear of a unit, so that ring and queues overlap and never leave a gap.
    private let preRoll: PreRollRing?

    public init() {
        preRoll = nil
    }

    init(preRoll: PreRollRing) {
        self.preRoll = preRoll
    }

    /// Numbers `unit` and hands it to every subscription. Called by one thread at a time; returns at once.
    public func publish(_ unit: AccessUnit) {
        let (stamped, subscriptions) = state.withLock { state in
            state.sequence += 1
            var stamped = unit
            stamped.sequence = state.sequence
            return (stamped, state.live())
        }
        preRoll?.append(stamped)
        for subscription in subscriptions { subscription.offer(stamped) }
    }

    /// How many listen.
    var subscribers: Int { state.withLock { $0.live().count } }

    /// Whether anybody listens.
    var hasSubscribers: Bool { subscribers > 0 }

    /// Tells every subscription that the source broke off: what follows may have another size, and begins with a key frame.
    func interrupt(reason: String) {
        for subscription in state.withLock({ $0.live() }) { subscription.interrupt(reason: reason) }
    }

    /// Begins a subscription; it ends when its last reference goes or by `cancel()`.
    /// - Parameters:
    ///   - name: Who listens, for logs.
    ///   - capacity: How many units may wait, at least 1. At 30 pictures and 50 audio packets a second, 80 are one second.
    ///   - gathering: How long units may gather before a reader that waits is woken, by the time between their captures. Default: not at all.
    public func subscribe(name: String, capacity: Int, gathering: Duration = .zero) -> AccessUnitSubscription {
        let subscription = AccessUnitSubscription(name: name, capacity: capacity, gathering: gathering)
        state.withLock { $0.subscriptions.append(WeakSubscription(subscription: subscription)) }
        return subscription
    }
}

extension AccessUnitBus.State {
    /// The subscriptions still referenced by somebody; forgets the others.
    fileprivate mutating func live() -> [AccessUnitSubscription] {
        var live: [AccessUnitSubscription] = []
        live.reserveCapacity(subscriptions.count)
        subscriptions.removeAll { entry in
            guard let subscription = entry.subscription, !subscription.isCancelled else { return true }
            live.append(subscription)
            return false
        }
        return live
    }
}
