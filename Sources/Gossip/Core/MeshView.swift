/// Something in the mesh changed. Streams are bounded: after a loss comes ``resync``.
public enum MeshChange: Sendable, Hashable {
    case member(NodeID, Status)
    case record(NodeID, RecordKind)
    case config(String)
    case roster
    /// Changes were lost, because the reader was too slow: look at everything again.
    case resync
}

/// One consistent look at the mesh.
public struct MeshView: Sendable {
    public let meshID: MeshID
    /// Everybody in the roster, this node included, sorted by id.
    public internal(set) var members: [Member]
    public let roster: Roster
    /// Shared configuration by key.
    public internal(set) var config: [String: [UInt8]]
    /// The configured groups; `nil` while nobody has configured any: then ``CameraGroup/standard`` holds.
    public internal(set) var groups: [CameraGroup]?
    /// Packets that this node refused since its start, by reason. Some are normal after restarts.
    public internal(set) var refusedPackets: [String: Int]
    /// The time of day on which others agree; nil where too few do.
    public internal(set) var peerTime: PeerTime?

    /// Members that are not there, or of which something is missing: who shows this view names them.
    public var incomplete: [Member] { members.filter { !$0.status.isPresent || !$0.missing.isEmpty } }

    /// A member by id.
    public func member(_ id: NodeID) -> Member? { members.first { $0.id == id } }
}
