/// What is to happen, soonest first; of things at the same moment, the one that was planned first. A binary heap: planning and taking
/// cost O(log n), so that a mesh of a thousand runs too.
struct EventQueue<Event: Sendable>: Sendable {
    struct Entry: Sendable {
        let at: VirtualTime
        let order: UInt64
        let event: Event

        func isBefore(_ other: Entry) -> Bool { at != other.at ? at < other.at : order < other.order }
    }

    private var heap: [Entry] = []
    private var order: UInt64 = 0

    var next: VirtualTime? { heap.first?.at }
    var count: Int { heap.count }

    mutating func plan(_ event: Event, at time: VirtualTime) {
        order += 1
        heap.append(Entry(at: time, order: order, event: event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func takeNext() -> Entry? {
        guard !heap.isEmpty else { return nil }
        heap.swapAt(0, heap.count - 1)
        let first = heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].isBefore(heap[least]) { least = child }
            guard least != parent else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
