/// Which of a node's records. A node has at most one of each.
public enum RecordKind: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// ``NodeRecord``.
    case node = 1
    /// ``CamerasRecord``.
    case cameras = 2
    /// ``StorageRecord``.
    case storage = 3
    /// Summary of a node's clips.
    case clips = 4
    /// ``SessionsRecord``.
    case sessions = 5
    /// Triggers that were not acknowledged; used by gossip itself.
    case events = 6

    public var description: String {
        switch self {
        case .node: "node"
        case .cameras: "cameras"
        case .storage: "storage"
        case .clips: "clips"
        case .sessions: "sessions"
        case .events: "events"
        }
    }
}
