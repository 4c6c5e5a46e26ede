import Gossip

/// Which motion belongs to which incident, when the group is told, and how long each camera records.
///
/// Pure: moments come in, decisions come out. One incident lasts as long as something happens on any camera of the group, and
/// `longest` at the most; what happens later is a new one, so that a busy street does not become one endless card.
struct IncidentPolicy: Sendable {
    /// Recording reaches back this far before a trigger. Default 10 s.
    var preRoll: Duration = .seconds(10)
    /// Recording goes on this long after the last activity. Default 5 s.
    var postMotion: Duration = .seconds(5)
    /// A recording lasts at least this long from its trigger. Default 10 s.
    var minimum: Duration = .seconds(10)
    /// Activity this long after an incident's begin starts another one. Default 10 min.
    var longest: Duration = .seconds(600)
    /// While motion lasts, the group hears of it this often. Shorter than `postMotion`, so that one lost message ends nothing.
    var renewal: Duration = .seconds(2)

    struct Incident: Sendable, Equatable {
        var id: EventID
        var kind: String
        var label: String?
        /// The camera that noticed first.
        var origin: String
        var began: ContinuousClock.Instant
        /// All cameras record until then.
        var until: ContinuousClock.Instant
        var announced: ContinuousClock.Instant
    }

    /// What this node does next.
    enum Action: Sendable, Equatable {
        /// Record here, from `from` to `until`.
        case record(Incident, triggered: ContinuousClock.Instant, from: ContinuousClock.Instant, until: ContinuousClock.Instant)
        /// Tell the group; `incident` is `nil` for a new one, whose id comes back through ``began(_:origin:kind:label:at:)``.
        case announce(incident: EventID?, kind: String, label: String?, at: ContinuousClock.Instant)
        /// The open recording shows that incident too.
        case join(EventID, with: EventID)
    }

    private(set) var current: Incident?

    /// Something happens on this node's own camera.
    ///
    /// - Parameter coolDown: so long after the last incident's end it starts no new one.
    mutating func noticed(kind: String, label: String?, at: ContinuousClock.Instant, coolDown: Duration = .zero) -> [Action] {
        guard var incident = current, isOpen(incident, at: at) else {
            if isCoolingDown(kind, at: at, coolDown) { return [] }
            return [.announce(incident: nil, kind: kind, label: label, at: at)]
        }
        incident.until = max(incident.until, at + postMotion)
        var actions: [Action] = [record(incident, at: at)]
        if at - incident.announced >= renewal {
            incident.announced = at
            actions.append(.announce(incident: incident.id, kind: kind, label: label, at: at))
        }
        current = incident
        return actions
    }

    /// The incident that this node announced has an id.
    mutating func began(_ id: EventID, origin: String, kind: String, label: String?, at: ContinuousClock.Instant) -> [Action] {
        adopt(id, origin: origin, kind: kind, label: label, at: at)
    }

    /// Another camera of the group tells what happens there.
    ///
    /// - Parameters:
    ///   - at: when it happened there; long ago, if the news was long on its way.
    ///   - coolDown: so long after the last incident's end it starts no new one.
    mutating func heard(
        _ id: EventID, origin: String, kind: String, label: String?, at: ContinuousClock.Instant, now: ContinuousClock.Instant,
        coolDown: Duration = .zero
    ) -> [Action] {
        // News of the incident that was the last one here belongs to it, however long this node heard nothing of it.
        if isOver(at, now: now) || current?.id != id && isCoolingDown(kind, at: at, coolDown) { return [] }
        return adopt(id, origin: origin, kind: kind, label: label, at: at)
    }

    /// Whether a recording of what happened at that moment would have ended before the pre-roll's beginning: a clip of it would show
    /// something else.
    func isOver(_ at: ContinuousClock.Instant, now: ContinuousClock.Instant) -> Bool { end(of: at) + preRoll <= now }

    private func end(of moment: ContinuousClock.Instant) -> ContinuousClock.Instant { moment + max(postMotion, minimum) }

    private mutating func adopt(_ id: EventID, origin: String, kind: String, label: String?, at: ContinuousClock.Instant) -> [Action] {
        if var incident = current, incident.id == id {
            incident.until = max(incident.until, at + postMotion)
            current = incident
            return [record(incident, at: at)]
        }
        let fresh = Incident(
            id: id, kind: kind, label: label, origin: origin, began: at, until: end(of: at), announced: at)
        // Late news of what had ended before the present incident began: recorded as far as the pre-roll or the open clip still shows it. The
        // present one keeps its name, its end and so its cool-down.
        if let incident = current, fresh.until < incident.began { return [record(fresh, at: at)] }
        guard var incident = current, isOpen(incident, at: at) else {
            current = fresh
            return [record(fresh, at: at)]
        }
        // Two cameras noticed before they heard of each other: one happening, two names. The clip shows both, and everybody
        // goes on with the name that sorts first.
        let joined = incident.id
        incident.until = max(incident.until, fresh.until)
        let actions: [Action] = [record(incident, at: at), .join(id, with: joined)]
        if "\(id)" < "\(joined)" { (incident.id, incident.origin) = (id, origin) }
        current = incident
        return actions
    }

    /// Whether the last incident is over, and not for long enough. A person who asks is never refused.
    private func isCoolingDown(_ kind: String, at: ContinuousClock.Instant, _ coolDown: Duration) -> Bool {
        guard let last = current, !isOpen(last, at: at), kind != "manual" else { return false }
        return at - min(last.until, last.began + longest) < coolDown
    }

    private func isOpen(_ incident: Incident, at: ContinuousClock.Instant) -> Bool {
        at <= incident.until && at - incident.began < longest
    }

    private func record(_ incident: Incident, at: ContinuousClock.Instant) -> Action {
        .record(incident, triggered: at, from: at - preRoll, until: incident.until)
    }
}
