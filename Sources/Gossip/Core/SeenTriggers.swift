/// Which triggers of others came already, so that each counts once, however often and by whatever way it comes (mesh.md §5).
///
/// Bounded: of each origin a bitmap for each of its last boots, and the moments of its last ``toldLimit`` old ones.
struct SeenTriggers: Sendable {
    enum Admission: Sendable, Equatable {
        case new
        /// Seen before: acknowledge it again, and nothing else.
        case duplicate
        /// Seen before, but whoever brought it said that it was far older than it is: what was done about it may have been nothing.
        case corrected
        /// Its origin sends too many: do not acknowledge, so that it comes again.
        case tooMany
        /// Of a boot that its origin has left so long ago that nobody knows whether it was seen.
        case outdated
    }

    private struct Boot: Sendable {
        let number: UInt32
        var window = ReplayWindow()
        var usedAt: ContinuousClock.Instant
    }

    private struct Origin: Sendable {
        /// Newest first.
        var boots: [Boot] = []
        /// The highest boot whose bitmap was given up.
        var forgotten: UInt32?
        var bucket: TokenBucket
    }

    /// A late one that was delivered: it may have been told too old.
    private struct Told: Sendable {
        let id: EventID
        let origin: NodeID
        var occurred: ContinuousClock.Instant
    }

    /// An earlier boot's bitmap is kept so long after its last trigger. mesh.md §5; no trigger is under way for longer than two minutes.
    static let memory = Duration.seconds(600)
    /// Boots of one origin, for one that crashes again and again. A node counts a boot at every start, but here only those in which it sent
    /// something.
    static let bootLimit = 8
    /// What is younger is on film whenever it is heard (with the pre-roll and clips of the defaults), so its moment needs no correction.
    static let correctable = Duration.seconds(10)
    /// Late triggers whose moments are remembered, of each origin: one that makes up old ones pushes out only its own.
    static let toldLimit = 16

    private let perSecond: Int
    private var origins: [NodeID: Origin] = [:]
    /// Oldest first.
    private var told: [Told] = []

    /// - Parameter perSecond: triggers that one origin may cause.
    init(perSecond: Int) { self.perSecond = perSecond }

    /// Forgets who is a member no more.
    mutating func retain(_ members: Set<NodeID>) {
        origins = origins.filter { members.contains($0.key) }
        told.removeAll { !members.contains($0.origin) }
    }

    /// - Parameter occurred: when it happened, as this way of it tells.
    mutating func admit(_ id: EventID, from origin: NodeID, occurred: ContinuousClock.Instant, now: ContinuousClock.Instant) -> Admission {
        var state = origins[origin] ?? Origin(bucket: TokenBucket(perSecond: perSecond, now: now))
        defer { origins[origin] = state }
        let counter = UInt64(id.counter)
        if let index = state.boots.firstIndex(where: { $0.number == id.boot }) {
            guard state.boots[index].window.isNew(counter) else { return correct(id, occurred: occurred, now: now) ? .corrected : .duplicate }
            guard state.bucket.take(now: now) else { return .tooMany }
            _ = state.boots[index].window.insert(counter)
            state.boots[index].usedAt = now
        } else {
            if let forgotten = state.forgotten, id.boot <= forgotten { return .outdated }
            guard state.bucket.take(now: now) else { return .tooMany }
            var boot = Boot(number: id.boot, usedAt: now)
            _ = boot.window.insert(counter)
            // The boot that this one follows is left now, however long it said nothing: some of its triggers may still be under way.
            if let newest = state.boots.first, newest.number < id.boot { state.boots[0].usedAt = now }
            state.boots.append(boot)
            state.boots.sort { $0.number > $1.number }
            Self.forget(&state, now: now)
        }
        remember(id, from: origin, occurred: occurred, now: now)
        return .new
    }

    /// The newest boot stays, however long its node says nothing: it may go on in it.
    private static func forget(_ state: inout Origin, now: ContinuousClock.Instant) {
        while state.boots.count > 1, let last = state.boots.last, state.boots.count > bootLimit || now - last.usedAt >= memory {
            state.boots.removeLast()
            state.forgotten = max(state.forgotten ?? 0, last.number)
        }
    }

    private mutating func remember(_ id: EventID, from origin: NodeID, occurred: ContinuousClock.Instant, now: ContinuousClock.Instant) {
        guard now - occurred >= Self.correctable else { return }
        let ofOrigin = told.indices.filter { told[$0].origin == origin }
        if ofOrigin.count >= Self.toldLimit { told.remove(at: ofOrigin[0]) }
        told.append(Told(id: id, origin: origin, occurred: occurred))
    }

    private mutating func correct(_ id: EventID, occurred: ContinuousClock.Instant, now: ContinuousClock.Instant) -> Bool {
        guard let index = told.firstIndex(where: { $0.id == id }),
            RecordAge.corrects(occurred, told: told[index].occurred, now: now)
        else { return false }
        if now - occurred < Self.correctable { told.remove(at: index) } else { told[index].occurred = occurred }
        return true
    }
}
