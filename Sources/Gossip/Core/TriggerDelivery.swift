/// Carries triggers to everybody who is there: sends until each has acknowledged, and on the other side lets each through once.
package struct TriggerDelivery: Sendable {
    /// One of ours, on its way.
    struct Outgoing: Sendable {
        let id: EventID
        let incident: EventID
        let draft: TriggerDraft
        /// When it happened: its age is counted from here at every sending.
        let occurred: ContinuousClock.Instant
        let began: ContinuousClock.Instant
        var waiting: Set<NodeID>
        /// How often it was sent again.
        var resends = 0

        func age(now: ContinuousClock.Instant) -> Duration { max(.zero, now - occurred) }
    }

    enum Admission: Sendable, Equatable {
        case new
        /// Seen before: acknowledge it again, and nothing else.
        case duplicate
        /// Its origin sends too many: do not acknowledge, so that it comes again.
        case tooMany
    }

    private struct Seen: Sendable {
        /// Newest first; two, because a trigger of the last boot may still be under way.
        var boots: [(boot: UInt32, window: ReplayWindow)] = []
        var bucket: TokenBucket
    }

    /// More at once move the oldest into the events record early.
    static let outgoingLimit = 64

    private let settings: GossipSettings
    private(set) var outgoing: [Outgoing] = []
    /// Not acknowledged by all in time: for the events record, with the time when each ends.
    private(set) var late: [(trigger: Outgoing, until: ContinuousClock.Instant)] = []
    private var seen: [NodeID: Seen] = [:]

    package init(settings: GossipSettings) { self.settings = settings }

    // MARK: Ours

    mutating func begin(_ trigger: Outgoing) {
        guard !trigger.waiting.isEmpty else { return }
        outgoing.append(trigger)
        if outgoing.count > Self.outgoingLimit {
            let oldest = outgoing.removeFirst()
            late.append((oldest, oldest.began + settings.triggerLifetime))
        }
    }

    mutating func acknowledge(_ id: EventID, from: NodeID) {
        guard let index = outgoing.firstIndex(where: { $0.id == id }) else { return }
        outgoing[index].waiting.remove(from)
        if outgoing[index].waiting.isEmpty { outgoing.remove(at: index) }
    }

    /// Nobody waits for who is a member no more.
    mutating func retain(_ members: Set<NodeID>) {
        for index in outgoing.indices.reversed() {
            outgoing[index].waiting.formIntersection(members)
            if outgoing[index].waiting.isEmpty { outgoing.remove(at: index) }
        }
        seen = seen.filter { members.contains($0.key) }
    }

    var nextDeadline: ContinuousClock.Instant? {
        let resends = outgoing.map { dueAt($0) }
        return (resends + late.map(\.until)).min()
    }

    private func dueAt(_ trigger: Outgoing) -> ContinuousClock.Instant {
        let resends = settings.triggerResends
        return trigger.began + (trigger.resends < resends.count ? resends[trigger.resends] : resends.last ?? .zero)
    }

    /// What is to be sent again now, and whether the events record changed.
    mutating func tick(now: ContinuousClock.Instant) -> (resend: [Outgoing], recordChanged: Bool) {
        var resend: [Outgoing] = []
        var changed = false
        for index in outgoing.indices.reversed() where dueAt(outgoing[index]) <= now {
            resend.append(outgoing[index])
            outgoing[index].resends += 1
            if outgoing[index].resends >= settings.triggerResends.count {
                let trigger = outgoing.remove(at: index)
                late.append((trigger, trigger.began + settings.triggerLifetime))
                changed = true
            }
        }
        let before = late.count
        late.removeAll { $0.until <= now }
        return (resend.reversed(), changed || late.count != before)
    }

    // MARK: Others'

    /// Whether a trigger of `origin` is new. Call it for verified ones only.
    mutating func admit(_ id: EventID, from origin: NodeID, now: ContinuousClock.Instant) -> Admission {
        var state = seen[origin] ?? Seen(bucket: TokenBucket(perSecond: settings.triggersPerSecond, now: now))
        defer { seen[origin] = state }
        let counter = UInt64(id.counter)
        if let index = state.boots.firstIndex(where: { $0.boot == id.boot }) {
            guard state.boots[index].window.isNew(counter) else { return .duplicate }
            guard state.bucket.take(now: now) else { return .tooMany }
            _ = state.boots[index].window.insert(counter)
            return .new
        }
        if state.boots.count >= 2, let oldest = state.boots.map(\.boot).min(), id.boot < oldest { return .duplicate }
        guard state.bucket.take(now: now) else { return .tooMany }
        var window = ReplayWindow()
        _ = window.insert(counter)
        state.boots.append((id.boot, window))
        state.boots.sort { $0.boot > $1.boot }
        state.boots = Array(state.boots.prefix(2))
        return .new
    }
}
