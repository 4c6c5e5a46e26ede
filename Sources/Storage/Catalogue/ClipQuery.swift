public import struct Foundation.Date

/// Which clips somebody asks for. Every condition is optional; `to` is exclusive.
public struct ClipQuery: Sendable, Equatable {
    /// Ids of the cameras whose clips count; nil: all.
    public var cameras: Set<String>?
    public var from: Date?
    public var to: Date?
    public var kind: String?
    public var event: String?
    /// Continue behind this clip, in the order newest first.
    public var after: Cursor?
    public var limit: Int

    /// A place in the list that stays right while clips come and go.
    public struct Cursor: Sendable, Equatable {
        public let start: Date
        public let id: String

        public init(start: Date, id: String) {
            self.start = start
            self.id = id
        }
    }

    public init(
        cameras: Set<String>? = nil, from: Date? = nil, to: Date? = nil, kind: String? = nil, event: String? = nil,
        after: Cursor? = nil, limit: Int = 100
    ) {
        self.cameras = cameras
        self.from = from
        self.to = to
        self.kind = kind
        self.event = event
        self.after = after
        self.limit = limit
    }

    /// Whether the clip meets every condition but the cursor. A clip belongs to a span when any part of it lies in it.
    func matches(_ facts: ClipFacts) -> Bool {
        if let cameras, !cameras.contains(facts.camera) { return false }
        if let from, facts.end < from { return false }
        if let to, facts.start >= to { return false }
        if let kind, facts.kind != kind { return false }
        if let event, !facts.events.contains(event) { return false }
        return true
    }
}
