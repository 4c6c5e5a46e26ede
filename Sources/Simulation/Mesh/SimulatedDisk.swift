package import Gossip

/// What a node has on its card: a boot counter, what it knows of the mesh, and where it last saw the others. A write replaces a whole
/// file, so a power cut leaves the old content or the new one; until then it is nowhere.
package struct SimulatedDisk: Sendable {
    /// A mount that answers at once, or a worn card.
    package enum Speed: Sendable, Hashable {
        case quick, slow
    }

    package struct Content: Sendable {
        package var boot: UInt32 = 0
        package var roster: Roster
        package var config = SharedConfig()
        package var peers: [NodeID: (addresses: [PeerAddress], boot: UInt32)] = [:]
    }

    /// A write under way.
    enum Write: Sendable {
        case boot(UInt32)
        case trust(Roster, SharedConfig)
        case peers([NodeID: (addresses: [PeerAddress], boot: UInt32)])
    }

    package private(set) var content: Content
    /// Earlier states of the card, oldest first: what a restored backup may bring back.
    private(set) var history: [Content] = []
    /// What each file held before its last write.
    private var before: Content
    /// Asked for and not yet durable, in order.
    private var underWay: [Write] = []
    var speed = Speed.quick
    /// Every write ends in an error, and leaves everything as it was.
    var isFailing = false
    /// Writes are done one after the other.
    private var busyUntil = VirtualTime.zero

    init(_ content: Content) { (self.content, before) = (content, content) }

    /// When a write that is asked for now will be durable.
    mutating func duration(of write: Write, at time: VirtualTime, _ rng: inout Randomness) -> VirtualTime {
        let milliseconds =
            switch speed {
            case .quick: Int64(5 + rng.next() % 40)
            case .slow: Int64(200 + rng.next() % 1800)
            }
        busyUntil = max(time, busyUntil) + .milliseconds(milliseconds)
        underWay.append(write)
        return busyUntil
    }

    /// - Returns: whether it is durable.
    @discardableResult
    mutating func finish(_ write: Write) -> Bool {
        if !underWay.isEmpty { underWay.removeFirst() }
        guard !isFailing else { return false }
        put(write)
        return true
    }

    /// Writes at once.
    mutating func put(_ write: Write) {
        history.append(content)
        if history.count > 16 { history.remove(at: Int(1 + history.count / 2)) }
        switch write {
        case .boot(let boot): (before.boot, content.boot) = (content.boot, boot)
        case .trust(let roster, let config):
            (before.roster, before.config) = (content.roster, content.config)
            (content.roster, content.config) = (roster, config)
        case .peers(let peers): (before.peers, content.peers) = (content.peers, peers)
        }
    }

    /// The power fails. What waits is lost; of the write that is under way nobody was told, and yet it may have come as far as the
    /// new name (``DurableFile``).
    mutating func loseWrites(at time: VirtualTime, _ rng: inout Randomness) {
        busyUntil = time
        if let first = underWay.first, !isFailing, rng.chance(0.5) { put(first) }
        underWay = []
    }

    /// A card that had said too early that all is written. No file is half old and half new, because each is made under another name
    /// first; but some, at least one, are the old ones again, boot counter and roster among them.
    mutating func tear(_ rng: inout Randomness) {
        let files = rng.between(1...7)
        if files & 1 != 0 { content.boot = before.boot }
        if files & 2 != 0 { (content.roster, content.config) = (before.roster, before.config) }
        if files & 4 != 0 { content.peers = before.peers }
    }

    /// An earlier state comes back.
    mutating func rollBack(_ rng: inout Randomness) {
        guard !history.isEmpty else { return }
        content = history[Int(rng.next() % UInt64(history.count))]
    }
}
