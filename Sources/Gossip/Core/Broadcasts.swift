/// News that rides on packets until each was sent often enough to reach everybody (SWIM §4.1, infection style).
struct Broadcasts: Sendable {
    /// What an item is about: newer news about the same thing replaces older.
    enum Topic: Sendable, Hashable {
        case claim(NodeID)
        /// A confirmation of a suspicion is news beside the accusation it confirms.
        case accusation(NodeID, by: NodeID)
        case record(NodeID, RecordKind)
        case config(String)
        case roster([UInt8])
    }

    private struct Item: Sendable {
        let topic: Topic
        let frame: Frame
        let isState: Bool
        let order: UInt64
        var sent = 0
    }

    /// More topics than that drop the most-sent one: anti-entropy brings what was dropped.
    static let limit = 512

    private var items: [Item] = []
    private var order: UInt64 = 0

    var isEmpty: Bool { items.isEmpty }

    mutating func add(_ topic: Topic, _ frame: Frame) {
        let isState =
            switch topic {
            case .claim, .accusation: false
            case .record, .config, .roster: true
            }
        remove(topic)
        order += 1
        items.append(Item(topic: topic, frame: frame, isState: isState, order: order))
        if items.count > Self.limit, let worn = items.indices.max(by: { items[$0].sent < items[$1].sent }) { items.remove(at: worn) }
    }

    mutating func remove(_ topic: Topic) {
        items.removeAll { $0.topic == topic }
        if case .claim(let subject) = topic {
            items.removeAll { if case .accusation(subject, _) = $0.topic { true } else { false } }
        }
    }

    /// How often each item is sent in a mesh of that size: factor · ceil(log10(members + 1)).
    static func transmissions(members: Int, factor: Int) -> Int {
        var digits = 0
        var reach = 1
        while reach < members + 1 {
            reach *= 10
            digits += 1
        }
        return factor * max(1, digits)
    }

    /// Frames for one packet: the least-sent first, of these the newest. Claims leave a third of the space to state while there is any.
    mutating func take(space: Int, transmissions: Int) -> [Frame] {
        guard !items.isEmpty else { return [] }
        var left = space
        var claimSpace = items.contains(where: \.isState) ? space * 2 / 3 : space
        var taken: [Int] = []
        let ranked = items.indices.sorted { (items[$0].sent, items[$1].order) < (items[$1].sent, items[$0].order) }
        for index in ranked {
            let size = items[index].frame.size
            guard size <= left, items[index].isState || size <= claimSpace else { continue }
            left -= size
            if !items[index].isState { claimSpace -= size }
            taken.append(index)
        }
        let frames = taken.map { items[$0].frame }
        for index in taken { items[index].sent += 1 }
        items.removeAll { $0.sent >= transmissions }
        return frames
    }
}
