public import struct Foundation.Date

/// Which clips somebody asks for. Every condition is optional; `to` is exclusive.
public struct ClipQuery: Sendable, Equatable {
    public var camera: String?
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
        camera: String? = nil, from: Date? = nil, to: Date? = nil, kind: String? = nil, event: String? = nil,
        after: Cursor? = nil, limit: Int = 100
    ) {
        self.camera = camera
        self.from = from
        self.to = to
        self.kind = kind
        self.event = event
        self.after = after
        self.limit = limit
    }

    /// Whether the clip meets every condition but the cursor. A clip belongs to a span when any part of it lies in it.
    func matches(_ facts: ClipFacts) -> Bool {
        if let camera, facts.camera != camera { return false }
        if let from, facts.end < from { return false }
        if let to, facts.start >= to { return false }
        if let kind, facts.kind != kind { return false }
        if let event, !facts.events.contains(event) { return false }
        return true
    }
}

/// A clip as the catalogue knows it: its facts, and where its bytes are.
public struct CatalogueEntry: Sendable, Equatable {
    public var facts: ClipFacts
    /// Signature of the manifest in hex; `nil` while it has none.
    public var signature: String?
    /// Where each target keeps it, by the target's number; empty while it is in memory only.
    public var places: [Int: ClipPath]
    /// Whether all of it has reached a target.
    public var isStored: Bool
    /// The id of the peer that has a copy of all of it; nil: none has.
    public var holder: String?
    /// Whether all of it is on the camera's own local disk.
    public var isOnDisk = false

    public init(facts: ClipFacts, signature: String? = nil, places: [Int: ClipPath] = [:], isStored: Bool = false) {
        self.facts = facts
        self.signature = signature
        self.places = places
        self.isStored = isStored
    }
}

/// Clips in order of time, in memory; rebuilt from manifests at every start, so losing it costs nothing.
public struct ClipIndex: Sendable {
    private var byID: [ClipID: CatalogueEntry] = [:]
    /// Oldest first, by (start, id).
    private var order: [Key] = []

    private struct Key: Comparable, Sendable {
        let start: Date
        let id: ClipID
        static func < (a: Key, b: Key) -> Bool { a.start != b.start ? a.start < b.start : a.id < b.id }
    }

    public init() {}

    public var count: Int { byID.count }
    public var all: some Collection<CatalogueEntry> { byID.values }

    public subscript(id: ClipID) -> CatalogueEntry? { byID[id] }

    /// Adds the clip or replaces what was known of it.
    public mutating func set(_ entry: CatalogueEntry) {
        let id = entry.facts.id
        if let old = byID[id], old.facts.start != entry.facts.start { remove(id) }
        let isNew = byID.updateValue(entry, forKey: id) == nil
        guard isNew else { return }
        let key = Key(start: entry.facts.start, id: id)
        order.insert(key, at: order.partitioningIndex { $0 > key })
    }

    public mutating func update(_ id: ClipID, _ change: (inout CatalogueEntry) -> Void) {
        guard var entry = byID[id] else { return }
        change(&entry)
        set(entry)
    }

    public mutating func remove(_ id: ClipID) {
        guard let entry = byID.removeValue(forKey: id) else { return }
        let key = Key(start: entry.facts.start, id: id)
        let place = order.partitioningIndex { $0 >= key }
        if place < order.endIndex, order[place] == key { order.remove(at: place) }
    }

    /// Newest first, at most `limit`.
    public func clips(_ query: ClipQuery) -> [CatalogueEntry] {
        var end = order.endIndex
        if let after = query.after {
            end = order.partitioningIndex { key in
                key.start != after.start ? key.start > after.start : key.id.description >= after.id
            }
        } else if let to = query.to {
            end = order.partitioningIndex { $0.start >= to }
        }
        var found: [CatalogueEntry] = []
        for key in order[..<end].reversed() where found.count < query.limit {
            if let entry = byID[key.id], query.matches(entry.facts) { found.append(entry) }
        }
        return found
    }
}

extension Array {
    /// The first index whose element satisfies `predicate`, in an array where all that do stand behind all that do not.
    func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = (low + high) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
