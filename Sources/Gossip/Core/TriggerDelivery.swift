/// Carries triggers to every member: to those who are there until each has acknowledged, to the others by the events record; and on the
/// other side lets each through once.
package struct TriggerDelivery: Sendable {
    /// One of ours, on its way.
    struct Outgoing: Sendable {
        let id: EventID
        let incident: EventID
        let draft: TriggerDraft
        /// When it happened: its age is counted from here at every sending.
        let occurred: ContinuousClock.Instant
        let began: ContinuousClock.Instant
        /// Who has not acknowledged it, there or not.
        var waiting: Set<NodeID>
        /// How often it was sent again.
        var resends = 0

        func age(now: ContinuousClock.Instant) -> Duration { max(.zero, now - occurred) }
    }

    /// More at once move the oldest into the events record early.
    static let outgoingLimit = 64
    /// The events record holds no more; then the oldest are given up, and that is said.
    static let lateLimit = 64
    /// The events record changes no more often than this, and refused late triggers are tried again after it.
    static let recordInterval = Duration.seconds(1)

    /// Whoever lacks a late trigger and is there again gets it from us this often: others may bring the record, but nobody has to rely on what
    /// they say of its age.
    static let lateInterval = Duration.seconds(5)

    /// One of ours for the events record.
    struct Late: Sendable {
        var trigger: Outgoing
        /// When it ends.
        let until: ContinuousClock.Instant
        /// When it goes to those again who are there.
        var resendAt: ContinuousClock.Instant
    }

    private let settings: GossipSettings
    private(set) var outgoing: [Outgoing] = []
    /// Not acknowledged by all in time. Of one incident in one group only the newest.
    private(set) var late: [Late] = []
    /// Late triggers that found no room in the record, since the last look.
    private var givenUp = 0
    /// When the events record, which does not say what `late` does, is to be published. `nil`: it says the same.
    private var recordDueAt: ContinuousClock.Instant?
    private var recordedAt: ContinuousClock.Instant?
    /// Members of whose events record the token bucket refused a part, and when to read it again.
    private var rereadAt: [NodeID: ContinuousClock.Instant] = [:]
    private var seen: SeenTriggers

    package init(settings: GossipSettings) {
        self.settings = settings
        seen = SeenTriggers(perSecond: settings.triggersPerSecond)
    }

    // MARK: Ours

    mutating func begin(_ trigger: Outgoing) {
        guard !trigger.waiting.isEmpty else { return }
        outgoing.append(trigger)
        if outgoing.count > Self.outgoingLimit { keepLate(outgoing.removeFirst()) }
    }

    mutating func acknowledge(_ id: EventID, from: NodeID) {
        if let index = outgoing.firstIndex(where: { $0.id == id }) {
            outgoing[index].waiting.remove(from)
            if outgoing[index].waiting.isEmpty { outgoing.remove(at: index) }
        } else if let index = late.firstIndex(where: { $0.trigger.id == id }) {
            // The answer to the last sending.
            late[index].trigger.waiting.remove(from)
            dropUnawaited()
        }
    }

    /// Nobody waits for who is a member no more.
    mutating func retain(_ members: Set<NodeID>) {
        for index in outgoing.indices.reversed() {
            outgoing[index].waiting.formIntersection(members)
            if outgoing[index].waiting.isEmpty { outgoing.remove(at: index) }
        }
        for index in late.indices { late[index].trigger.waiting.formIntersection(members) }
        dropUnawaited()
        seen.retain(members)
        rereadAt = rereadAt.filter { members.contains($0.key) }
    }

    /// A trigger's effect is idempotent, and its incident's newest one reaches furthest: a member that is off for weeks costs one entry
    /// for each incident of the last minute.
    private mutating func keepLate(_ trigger: Outgoing) {
        let twin = late.firstIndex { $0.trigger.incident == trigger.incident && $0.trigger.draft.group == trigger.draft.group }
        if let twin {
            guard late[twin].trigger.began < trigger.began || late[twin].trigger.id < trigger.id else { return }
            late.remove(at: twin)
        }
        let resendAt = trigger.began + (settings.triggerResends.last ?? .zero) + Self.lateInterval
        late.append(Late(trigger: trigger, until: trigger.began + settings.triggerLifetime, resendAt: resendAt))
        late.sort { ($0.trigger.began, $0.trigger.id) < ($1.trigger.began, $1.trigger.id) }
        if late.count > Self.lateLimit {
            givenUp += late.count - Self.lateLimit
            late.removeFirst(late.count - Self.lateLimit)
        }
        recordDueAt = recordDueAt ?? recordedAt.map { $0 + Self.recordInterval } ?? trigger.began
    }

    private mutating func dropUnawaited() {
        let before = late.count
        late.removeAll(where: \.trigger.waiting.isEmpty)
        if late.count != before { recordDueAt = recordDueAt ?? recordedAt.map { $0 + Self.recordInterval } }
    }

    var nextDeadline: ContinuousClock.Instant? {
        let resends = outgoing.map { dueAt($0) }
        return (resends + late.map { min($0.until, $0.resendAt) } + rereadAt.values + [recordDueAt].compactMap { $0 }).min()
    }

    private func dueAt(_ trigger: Outgoing) -> ContinuousClock.Instant {
        let resends = settings.triggerResends
        return trigger.began + (trigger.resends < resends.count ? resends[trigger.resends] : resends.last ?? .zero)
    }

    /// What is to be sent again now, and whether the events record has to say something else.
    ///
    /// - Parameter left: members that said goodbye: the record is not for them.
    mutating func tick(now: ContinuousClock.Instant, left: Set<NodeID> = []) -> (resend: [Outgoing], recordChanged: Bool) {
        var resend: [Outgoing] = []
        for index in outgoing.indices.reversed() where dueAt(outgoing[index]) <= now {
            resend.append(outgoing[index])
            outgoing[index].resends += 1
            if outgoing[index].resends >= settings.triggerResends.count {
                var trigger = outgoing.remove(at: index)
                trigger.waiting.subtract(left)
                if !trigger.waiting.isEmpty { keepLate(trigger) }
            }
        }
        let before = late.count
        late.removeAll { $0.until <= now }
        if late.count != before { recordDueAt = recordDueAt ?? recordedAt.map { $0 + Self.recordInterval } ?? now }
        guard let due = recordDueAt, due <= now else { return (resend.reversed(), false) }
        recordDueAt = nil
        recordedAt = now
        return (resend.reversed(), true)
    }

    /// Late triggers that are to be sent again now, to whoever of those that lack them is there.
    mutating func takeLateResends(now: ContinuousClock.Instant) -> [Outgoing] {
        var due: [Outgoing] = []
        for index in late.indices where late[index].resendAt <= now {
            due.append(late[index].trigger)
            late[index].resendAt = now + Self.lateInterval
        }
        return due
    }

    /// How many late triggers found no room since the last call.
    mutating func takeGivenUp() -> Int {
        defer { givenUp = 0 }
        return givenUp
    }

    // MARK: Others'

    /// Whether a trigger of `origin` is new; see ``SeenTriggers``. Call it for verified ones only.
    ///
    /// - Parameter occurred: when it happened, as this way of it tells. Default: now.
    mutating func admit(
        _ id: EventID, from origin: NodeID, occurred: ContinuousClock.Instant? = nil, now: ContinuousClock.Instant
    ) -> SeenTriggers.Admission { seen.admit(id, from: origin, occurred: occurred ?? now, now: now) }

    /// A part of that member's events record came too often: it is read again, until nothing of it is refused or it is too old.
    mutating func reread(recordOf origin: NodeID, now: ContinuousClock.Instant) { rereadAt[origin] = now + Self.recordInterval }

    /// Whose events record is to be read again now.
    mutating func takeRereads(now: ContinuousClock.Instant) -> [NodeID] {
        let due = rereadAt.filter { $0.value <= now }.keys.sorted()
        for origin in due { rereadAt[origin] = nil }
        return due
    }
}
