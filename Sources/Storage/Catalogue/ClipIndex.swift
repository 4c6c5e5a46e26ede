private import struct Foundation.Date

/// A few clips in order of time: those of which this node holds something itself. ``ClipCatalogue`` knows the rest.
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
