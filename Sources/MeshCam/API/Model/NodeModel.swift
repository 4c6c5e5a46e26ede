import Foundation

/// A member of the mesh, as `GET /nodes` lists it and the event `node` carries it.
struct NodeResource: Codable, Hashable, Sendable, Identifiable {
    /// NodeID in lower-case hexadecimal.
    var id: String
    /// What people call it.
    var name: String
    /// Whether this is the node that answers. JSON key `self`.
    var isSelf: Bool
    /// Whether it answers.
    var online: Bool
    /// What the membership protocol says of it.
    var status: NodeStatus
    /// Version of its program. Absent until it told.
    var version: String?
    /// When it was last heard. Absent: never by this node.
    var lastSeen: Date?
    /// Addresses it is known at, without ports; newest first.
    var addresses: [String]
    /// Address of its dashboard over HTTPS. Absent until known.
    var url: String?
    /// Address of its dashboard over plain HTTP on its own loopback. Absent where that is off.
    var httpUrl: String?
    /// Seconds since its program started. Absent until it told.
    var uptimeSeconds: Double?
    /// Its wall clock minus the mesh's, in seconds. Absent until measured.
    var clockOffsetSeconds: Double?
    /// How far `clockOffsetSeconds` may be off, in seconds. Absent until measured.
    var clockUncertaintySeconds: Double?
    /// Whether it is at work as a storage coordinator.
    var coordinator: Bool
    /// Ids of the cameras plugged into it.
    var cameras: [String]
    /// What is wrong with it now.
    var problems: [ProblemNote]
    /// Gossip packets that it refused since its start, by reason (`damaged`, `foreign`, `replayed`, …). Absent: it did not tell.
    var refusedPackets: [String: Int]?
    /// How old what is shown here is, in seconds, where the node itself did not answer: since it last said something that
    /// reached anybody. Absent when it answered, and when nothing of it ever came.
    var ageSeconds: Double?
    /// Why its own part of this answer is missing, e.g. `no answer for 4 s`. Absent when it is not.
    var missing: String?

    enum CodingKeys: String, CodingKey {
        case id, name
        case isSelf = "self"
        case online, status, version, lastSeen, addresses, url, httpUrl, uptimeSeconds
        case clockOffsetSeconds, clockUncertaintySeconds, coordinator, cameras, problems, refusedPackets, ageSeconds, missing
    }
}

/// What the membership protocol says of a node. Open: a newer node may send a word this one does not know.
struct NodeStatus: RawRepresentable, Codable, Hashable, Sendable {
    let rawValue: String

    /// It answers.
    static let alive = NodeStatus(rawValue: "alive")
    /// It missed an answer and may still refute that it is gone.
    static let suspect = NodeStatus(rawValue: "suspect")
    /// It is gone.
    static let dead = NodeStatus(rawValue: "dead")
    /// It said good-bye.
    static let left = NodeStatus(rawValue: "left")
    /// It is on the roster and was not heard since this node started.
    static let unknown = NodeStatus(rawValue: "unknown")
}

/// Answer of `GET /node`, which needs no sign-in: who serves this page.
struct NodeIntroduction: Codable, Hashable, Sendable {
    /// NodeID in lower-case hexadecimal.
    var id: String
    /// What people call it.
    var name: String
    /// Version of its program.
    var version: String
    /// MeshID in lower-case hexadecimal. Absent while the node belongs to no mesh.
    var mesh: String?
}
