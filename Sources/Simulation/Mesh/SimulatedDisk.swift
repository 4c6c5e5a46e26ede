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
    var speed = Speed.quick
    /// Writes are done one after the other.
    private var busyUntil = VirtualTime.zero

    init(_ content: Content) { self.content = content }

    /// When a write that is asked for now will be durable.
    mutating func duration(of write: Write, at time: VirtualTime, _ rng: inout Randomness) -> VirtualTime {
        let milliseconds =
            switch speed {
            case .quick: Int64(5 + rng.next() % 40)
            case .slow: Int64(200 + rng.next() % 1800)
            }
        busyUntil = max(time, busyUntil) + .milliseconds(milliseconds)
        return busyUntil
    }

    mutating func finish(_ write: Write) {
        history.append(content)
        if history.count > 16 { history.remove(at: Int(1 + history.count / 2)) }
        switch write {
        case .boot(let boot): content.boot = boot
        case .trust(let roster, let config): (content.roster, content.config) = (roster, config)
        case .peers(let peers): content.peers = peers
        }
    }

    /// The power fails: what is under way is lost.
    mutating func loseWrites(at time: VirtualTime) { busyUntil = time }

    /// A write went wrong on the card itself. The file with the peers is refused then, which costs nothing but time; the two others
    /// keep their old content, because they are made under another name first.
    mutating func tear() { content.peers = [:] }

    /// An earlier state comes back.
    mutating func rollBack(_ rng: inout Randomness) {
        guard !history.isEmpty else { return }
        content = history[Int(rng.next() % UInt64(history.count))]
    }
}
