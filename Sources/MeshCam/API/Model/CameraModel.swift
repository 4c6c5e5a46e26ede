import Foundation

/// A camera of the mesh, as `GET /cameras` lists it and the event `camera` carries it.
struct CameraResource: Codable, Hashable, Sendable, Identifiable {
    /// Camera id; unique in the mesh and stable across restarts.
    var id: String
    /// What people call it. Not necessarily unique.
    var name: String
    /// NodeID of the node it is plugged into, lower-case hexadecimal.
    var node: String
    /// That node's name.
    var nodeName: String
    /// Groups whose members record together. Default: `home`.
    var groups: [String]
    /// Whether its node answers.
    var online: Bool
    /// When its node was last heard. Absent: never by this node.
    var lastSeen: Date?
    /// Whether it is recording a clip now.
    var recording: Bool
    /// Picture width in pixels. Absent until the camera delivered a picture.
    var width: Int?
    /// Picture height in pixels. Absent until the camera delivered a picture.
    var height: Int?
    /// Frames per second as delivered. Absent until the camera delivered a picture.
    var fps: Double?
    /// Codec of live view and recording: `h264` or `h265`. Absent until the camera delivered a picture.
    var codec: String?
    /// Whether something moves in the picture now.
    var motion: Bool
    /// How much of the picture moves, 0…1.
    var motionLevel: Double
    /// Whether the camera is in night mode.
    var night: Bool
    /// STUN and TURN servers that help to see it from behind other routers, as URIs. Absent: none, and a LAN needs none.
    var iceServers: [String]?
    /// How the camera is doing.
    var state: CameraState
    /// Why it is not running, with the cure. Absent when all is well.
    var problem: ProblemNote?
}

/// How a camera is doing. Open: a newer node may send a word this one does not know.
struct CameraState: RawRepresentable, Codable, Hashable, Sendable {
    let rawValue: String

    /// Pictures arrive.
    static let running = CameraState(rawValue: "running")
    /// It was opened and has not delivered a picture yet.
    static let starting = CameraState(rawValue: "starting")
    /// It cannot be opened or stopped delivering; `problem` says why. It is tried again.
    static let failed = CameraState(rawValue: "failed")
    /// Its node does not answer.
    static let offline = CameraState(rawValue: "offline")
    /// The node has no camera.
    static let none = CameraState(rawValue: "none")
}

/// Body of `POST /cameras/{id}/trigger`.
struct TriggerRequest: Codable, Hashable, Sendable {
    /// What kind of event this is.
    var kind: EventKind = .manual
    /// A word of the caller's own, shown beside the event. At most 64 characters.
    var label: String?

    init(kind: EventKind = .manual, label: String? = nil) {
        self.kind = kind
        self.label = label
    }

    /// `kind` may be left out: then it is `manual`.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        kind = try container.decodeIfPresent(EventKind.self, forKey: .kind) ?? .manual
        label = try container.decodeIfPresent(String.self, forKey: .label)
    }
}

/// Answer (202) to a trigger.
struct TriggerAccepted: Codable, Hashable, Sendable {
    /// Event id; every clip this trigger causes, on any camera, carries it.
    var event: String
}
