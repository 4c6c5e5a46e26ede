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
        let isUrgent: Bool
        let order: UInt64
        var sent = 0
        /// The round that sent it last.
        var round: UInt64 = 0

        /// The least-sent first, of these the urgent, of these the newest.
        func goesBefore(_ other: Item) -> Bool {
            if sent != other.sent { return sent < other.sent }
            return isUrgent != other.isUrgent ? isUrgent : order > other.order
        }
    }

    /// More topics than that drop the most-sent one: anti-entropy brings what was dropped.
    static let limit = 512

    /// No frame is smaller than a claim's signature.
    private static let smallest = 64

    /// Sorted as they go: packets are filled from the front.
    private var items: [Item] = []
    private var states = 0
    private var order: UInt64 = 0
    private var round: UInt64 = 0

    var isEmpty: Bool { items.isEmpty }
    /// Whether there is news about that to be sent.
    func has(_ topic: Topic) -> Bool { items.contains { $0.topic == topic } }

    /// News about something takes the place of what was said of it before: SWIM §4.2 sends only what overrides.
    ///
    /// - Parameter isUrgent: *ours*: what a member says of itself goes before what others say of it: it may be a refutation.
    mutating func add(_ topic: Topic, _ frame: Frame, isUrgent: Bool = false) {
        let isState =
            switch topic {
            case .claim, .accusation: false
            case .record, .config, .roster: true
            }
        remove(topic)
        order += 1
        insert(Item(topic: topic, frame: frame, isState: isState, isUrgent: isUrgent, order: order))
        if items.count > Self.limit { states -= items.removeLast().isState ? 1 : 0 }
    }

    /// Sends nothing more about it. With a claim go the accusations that it answers or repeats.
    mutating func remove(_ topic: Topic) {
        items.removeAll { item in
            let goes =
                switch (topic, item.topic) {
                case (.claim(let subject), .accusation(let accused, _)): subject == accused
                default: item.topic == topic
                }
            if goes, item.isState { states -= 1 }
            return goes
        }
    }

    /// SWIM §4.1 prefers what was sent least; the order of equals is *ours* (``Item/goesBefore(_:)``).
    private mutating func insert(_ item: Item) {
        var range = 0..<items.count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range = items[middle].goesBefore(item) ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        items.insert(item, at: range.lowerBound)
        states += item.isState ? 1 : 0
    }

    /// How often each item is sent in a mesh of that size: factor · ceil(log10(members + 1)). SWIM §4.1 has λ · log N; base and factor are
    /// memberlist's.
    static func transmissions(members: Int, factor: Int) -> Int {
        var digits = 0
        var reach = 1
        while reach < members + 1 {
            reach *= 10
            digits += 1
        }
        return factor * max(1, digits)
    }

    /// Frames for one packet: the least-sent first, of these the urgent, then the newest (SWIM §4.1). *Ours*: claims leave a third of the space to state while there is
    /// any: a mesh in turmoil must not starve what its members have to say (memberlist#299).
    ///
    /// - Parameters:
    ///   - space: bytes.
    ///   - count: frames.
    ///   - transmissions: how often each is sent in all.
    ///   - copies: to how many members the packet goes.
    mutating func take(space: Int, count: Int = .max, transmissions: Int, copies: Int = 1) -> [Frame] {
        take(choose(space: space, count: count), transmissions: transmissions, copies: copies)
    }

    /// *Ours*. Frames for the packets of one round, in which no news is sent twice; see ``take(space:count:transmissions:copies:)``.
    mutating func takeRound(packets: Int, space: Int, count: Int, transmissions: Int, copies: Int) -> [[Frame]] {
        round += 1
        var round: [[Frame]] = []
        while round.count < packets {
            let frames = take(choose(space: space, count: count, isRound: true), transmissions: transmissions, copies: copies)
            guard !frames.isEmpty else { break }
            round.append(frames)
        }
        return round
    }

    /// Counts what was chosen as sent; what was sent often enough goes (SWIM §4.1).
    private mutating func take(_ taken: [Int], transmissions: Int, copies: Int) -> [Frame] {
        var sent: [Item] = []
        for index in taken.reversed() { sent.append(items.remove(at: index)) }
        sent.reverse()
        for var item in sent {
            states -= item.isState ? 1 : 0
            item.sent += copies
            item.round = round
            if item.sent < transmissions { insert(item) }
        }
        return sent.map(\.frame)
    }

    /// *Ours*, for answers. The same frames, which stay as often to be sent as before.
    func peek(space: Int, count: Int = .max) -> [Frame] { choose(space: space, count: count).map { items[$0].frame } }

    /// Their places, rising.
    ///
    /// - Parameter isRound: leaves out what this round has sent.
    private func choose(space: Int, count: Int, isRound: Bool = false) -> [Int] {
        var left = space
        var claimSpace = states > 0 ? space * 2 / 3 : space
        var taken: [Int] = []
        for index in items.indices {
            if left < Self.smallest || taken.count >= count { break }
            if isRound, items[index].round == round { continue }
            let size = items[index].frame.size
            guard size <= left, items[index].isState || size <= claimSpace else { continue }
            left -= size
            if !items[index].isState { claimSpace -= size }
            taken.append(index)
        }
        return taken
    }
}
