import Foundation

/// What set off a recording. Open: a newer node may send a word this one does not know.
struct EventKind: RawRepresentable, Codable, Hashable, Sendable {
    let rawValue: String

    /// Something moved.
    static let motion = EventKind(rawValue: "motion")
    /// Somebody asked for it: dashboard, command line, API.
    static let manual = EventKind(rawValue: "manual")
    /// Something was heard.
    static let sound = EventKind(rawValue: "sound")
}

/// Data of the event `event` of `GET /events`: a trigger, the moment it is known.
struct EventNotice: Codable, Hashable, Sendable {
    /// Event id.
    var event: String
    /// Camera that saw it first.
    var camera: String
    /// What it was.
    var kind: EventKind
    /// A word of the trigger's own. Absent when none was given.
    var label: String?
    /// When it happened.
    var at: Date
}

/// Names of the Server-Sent Events of `GET /events`.
struct EventStreamName: RawRepresentable, Codable, Hashable, Sendable {
    let rawValue: String

    /// Data: a whole ``CameraResource`` that changed.
    static let camera = EventStreamName(rawValue: "camera")
    /// Data: a whole ``ClipResource`` that is new or changed.
    static let clip = EventStreamName(rawValue: "clip")
    /// Data: a whole ``NodeResource`` that changed.
    static let node = EventStreamName(rawValue: "node")
    /// Data: an ``EventNotice``.
    static let event = EventStreamName(rawValue: "event")
    /// Data: a ``LossResource``: something that was recorded is lost.
    static let storage = EventStreamName(rawValue: "storage")
    /// Events were lost between `Last-Event-ID` and now: fetch everything again. Data: `{}`.
    static let resync = EventStreamName(rawValue: "resync")
}
