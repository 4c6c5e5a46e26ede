/// What a node wants a group to know.
public struct TriggerDraft: Sendable, Hashable {
    /// Longest group, kind and camera, in bytes; longer ones are cut.
    static let nameLimit = 64
    /// Longest label, in bytes; a longer one is cut.
    static let labelLimit = 200

    public var group: String
    /// As `motion`, `sound`, `manual`.
    public var kind: String
    public var label: String?
    /// The incident that this belongs to; `nil` starts one, named by the trigger's own id.
    public var incident: EventID?
    /// The camera that noticed.
    public var camera: String
    /// How long ago it happened, at the moment of the call.
    public var age: Duration

    public init(group: String, kind: String, label: String? = nil, incident: EventID? = nil, camera: String, age: Duration = .zero) {
        self.group = group
        self.kind = kind
        self.label = label
        self.incident = incident
        self.camera = camera
        self.age = age
    }
}

/// A trigger that another node sent. Each arrives once; again, with a later ``occurred``, only if whoever passed it on to this node first
/// had said that it was far older than another one says.
public struct GroupTrigger: Sendable, Hashable {
    public let id: EventID
    /// The trigger that began the incident; its own id if it is the first.
    public let incident: EventID
    /// Who sent it, proven by signature.
    public let origin: NodeID
    public let camera: String
    public let group: String
    public let kind: String
    public let label: String?
    /// When it happened, on this node's clock: now, less its age when sent. Late by the time on the way.
    public let occurred: ContinuousClock.Instant
}

extension String {
    /// At most that many bytes of UTF-8, cut between Unicode scalars. Takes as long as what is left, however long the rest is and whatever
    /// it is made of: the rules for characters would look at all of it.
    func cut(toUTF8 limit: Int) -> String {
        if utf8.count <= limit { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: limit)
        // 10xxxxxx continues a scalar (RFC 3629 §3).
        while end > utf8.startIndex, utf8[end] & 0xc0 == 0x80 { utf8.formIndex(before: &end) }
        return String(self[..<end])
    }
}
