/// The newest version of a record that a node signed about itself.
public struct RecordBody: Sendable, Hashable {
    /// The content, usually a protobuf.
    public let bytes: [UInt8]
    /// The boot in which it was published.
    public let boot: UInt32
    /// Counts all records of that boot.
    public let n: UInt64
    /// When it reached this node, less the time that other nodes held it.
    public let receivedAt: ContinuousClock.Instant
}

/// A node of the mesh, as this node sees it.
public struct Member: Sendable, Identifiable {
    public let id: NodeID
    /// Its own name for itself, else the one it was admitted with.
    public let name: String
    public let status: Status
    public let isSelf: Bool
    /// Boot counter and refutations, as "boot.number".
    public let incarnation: String
    /// Where its gossip is heard from or expected, best first. Empty while nothing is known.
    public let addresses: [PeerAddress]
    /// What it says about itself; `nil` until its record has arrived.
    public let node: NodeRecord?
    /// Its TLS certificate, if the key in it is the one that the roster names.
    public let certificateDER: [UInt8]?
    /// When this node last had a packet from it. For this node itself: now.
    public let lastHeard: ContinuousClock.Instant?
    /// Its signed records.
    public let records: [RecordKind: RecordBody]

    /// When it certainly was there: its last packet to this node, or the newest record of it that anybody had. `nil`: nothing is
    /// known of it but that it was admitted.
    public var lastSeen: ContinuousClock.Instant? { ([lastHeard] + records.values.map(\.receivedAt)).compactMap { $0 }.max() }

    /// How old a record of it is: the time since the node said it, as far as those know who passed it on. `nil`: there is none.
    public func age(of kind: RecordKind, now: ContinuousClock.Instant) -> Duration? { records[kind].map { max(.zero, now - $0.receivedAt) } }

    /// What every node says about itself and this one has not: until that arrives, what is shown of it is incomplete.
    public var missing: [RecordKind] { [.node, .cameras].filter { records[$0] == nil } }
}
