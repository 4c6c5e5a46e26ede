import Foundation

/// One camera's recording of one event, as `GET /clips` lists it and the event `clip` carries it.
struct ClipResource: Codable, Hashable, Sendable, Identifiable {
    /// Clip id, unique in the mesh.
    var id: String
    /// Camera id.
    var camera: String
    /// The camera's name when it was recorded.
    var cameraName: String
    /// NodeID of the node that recorded it, lower-case hexadecimal.
    var node: String
    /// Event id; clips of other cameras with the same id are other angles of the same incident.
    var event: String
    /// Every event it shows, `event` first: cameras that notice at once give one happening several ids.
    var events: [String]
    /// Id of the camera that saw it first. Absent when unknown.
    var origin: String?
    /// What set it off.
    var kind: EventKind
    /// A word of the trigger's own. Absent when none was given.
    var label: String?
    /// First picture, pre-roll included.
    var start: Date
    /// Last picture; while recording, the last one so far.
    var end: Date
    /// The moment of the trigger.
    var triggered: Date
    /// `end - start` on the media's own clock.
    var durationSeconds: Double
    /// Size of the MP4 in bytes; while recording, so far.
    var bytes: Int64
    /// `h264` or `h265`.
    var codec: String
    /// Pixels.
    var width: Int
    /// Pixels.
    var height: Int
    /// Where its bytes are.
    var state: ClipState
    /// Names of the nodes and targets that hold a whole copy.
    var holders: [String]
    /// Whether it is kept for good.
    var protected: Bool
    /// Signature of the recording node over its facts, base64. Absent while recording.
    var signature: String?
}

/// Where a clip's bytes are. Open: a newer node may send a word this one does not know.
struct ClipState: RawRepresentable, Codable, Hashable, Sendable {
    let rawValue: String

    /// Still being written.
    static let recording = ClipState(rawValue: "recording")
    /// Whole, but only in the recording node's spool.
    static let spooled = ClipState(rawValue: "spooled")
    /// On a storage target.
    static let stored = ClipState(rawValue: "stored")
    /// On a peer, no target.
    static let replicated = ClipState(rawValue: "replicated")
    /// Its node stopped in the middle; playable up to there.
    static let interrupted = ClipState(rawValue: "interrupted")
}

/// Answer of `GET /clips`, newest first.
struct ClipPage: Codable, Hashable, Sendable {
    /// At most as many as `limit` asked for.
    var clips: [ClipResource]
    /// Pass it as `cursor=` for the next page; `null` on the last.
    var cursor: String?
    /// Nodes whose clips are not in this list.
    var missing: [MissingNode]

    /// Writes `cursor` even when it is `null`: its presence is how a script knows that the list is complete.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(clips, forKey: .clips)
        try container.encode(cursor, forKey: .cursor)
        try container.encode(missing, forKey: .missing)
    }
}

/// The clips of every camera that share one event: one card on the dashboard.
struct IncidentResource: Codable, Hashable, Sendable, Identifiable {
    /// Event id.
    var event: String
    /// What set it off.
    var kind: EventKind
    /// A word of the trigger's own. Absent when none was given.
    var label: String?
    /// Earliest start of its clips.
    var start: Date
    /// Latest end of its clips.
    var end: Date
    /// The moment of the trigger.
    var triggered: Date
    /// Id of the camera that saw it first.
    var origin: String
    /// Whether any of its clips is still being written.
    var recording: Bool
    /// All angles, the origin's first.
    var clips: [ClipResource]

    var id: String { event }
}

/// Answer of `GET /incidents`, newest first.
struct IncidentPage: Codable, Hashable, Sendable {
    /// At most as many as `limit` asked for.
    var incidents: [IncidentResource]
    /// Pass it as `cursor=` for the next page; `null` on the last.
    var cursor: String?
    /// Nodes whose clips are not in this list.
    var missing: [MissingNode]

    /// Writes `cursor` even when it is `null`, as ``ClipPage`` does.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(incidents, forKey: .incidents)
        try container.encode(cursor, forKey: .cursor)
        try container.encode(missing, forKey: .missing)
    }
}
