/// One thing that goes wrong, and when.
package struct Fault: Sendable, Hashable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        // The network's (mesh.md §7: loss, duplicate, reorder, one-way partitions, blocked UDP or multicast, address change).
        case loss(percent: Int)
        case duplicates(percent: Int)
        case reordering(percent: Int, Duration)
        /// Everything takes so many times as long.
        case slowness(Int)
        case oneWay(from: Int, to: Int)
        /// These on one side, all others on the other.
        case partition([Int])
        case noUDP(Int)
        case noTLS(Int)
        case noMulticast
        /// DHCP gives another address; another's former one, if `former` names it.
        case newAddress(Int, former: Int?, noticed: Duration)
        /// One of a node's two links fails.
        case linkDown(Int, link: Int, noticed: Duration)

        // The process's, at any moment.
        /// Until the end of the fault it is off.
        case crash(Int)
        /// It stops answering, and goes on later as if nothing had been.
        case pause(Int)

        // The card's.
        /// Writes take up to two seconds, so that a crash often hits one.
        case slowDisk(Int)
        /// Off; the last write of one or more files is not there at the next start, although the card had said that it was.
        case tornDisk(Int)
        /// Writes end in an error.
        case failingDisk(Int)
        /// Off; an earlier state of the card is there at the next start.
        case rollback(Int)
        /// Another box has the same keys, as long as the fault lasts.
        case clone(of: Int)

        // The clocks'.
        case drift(Int, perMille: Int64)
        case wallClock(Int, year: Int)

        // People's.
        /// The root revokes it; it goes on as if it had not heard of that.
        case revoked(Int)
        /// Somebody who was never admitted knows everything that members know, and talks to them.
        case stranger
        /// Its keys are valid, and what it says is a lie.
        case liar(Int)
    }

    package let kind: Kind
    package let from: VirtualTime
    package let until: VirtualTime

    package init(_ kind: Kind, from: VirtualTime, until: VirtualTime) {
        self.kind = kind
        self.from = from
        self.until = until
    }

    /// The node that it happens to, if it is one; with ``newAddress`` there may be another.
    package var node: Int? {
        switch kind {
        case .noUDP(let node), .noTLS(let node), .newAddress(let node, _, _), .linkDown(let node, _, _), .crash(let node), .pause(let node),
            .slowDisk(let node), .tornDisk(let node), .failingDisk(let node), .rollback(let node), .clone(let node), .drift(let node, _),
            .wallClock(let node, _), .revoked(let node), .liar(let node):
            node
        case .loss, .duplicates, .reordering, .slowness, .oneWay, .partition, .noMulticast, .stranger: nil
        }
    }

    /// Whether it happens to that node.
    func concerns(_ node: Int) -> Bool {
        if case .newAddress(_, let former, _) = kind, former == node { return true }
        return self.node == node
    }

    /// Whether its node is off while it lasts.
    var isOutage: Bool {
        switch kind {
        case .crash, .tornDisk, .rollback: true
        default: false
        }
    }

    /// Whether mesh.md §7's invariant 8 promises that nobody is held for dead by mistake while it lasts: at most 5 % loss and
    /// stalls of 2 s, and all that should do no harm at all, a single liar among it. An address that changes is among them only if its node notices.
    var isGentle: Bool {
        switch kind {
        case .loss(let percent): percent <= 5
        case .pause: until - from <= .seconds(2)
        case .reordering(_, let lateness): lateness <= .milliseconds(100)
        case .duplicates, .noTLS, .noMulticast, .slowDisk, .failingDisk, .drift, .wallClock, .stranger, .liar: true
        case .newAddress(_, _, let noticed), .linkDown(_, _, let noticed): noticed <= .milliseconds(100)
        case .slowness, .oneWay, .partition, .noUDP, .crash, .tornDisk, .rollback, .clone, .revoked: false
        }
    }

    /// Whether it may keep what one of them says from the other.
    func parts(_ a: Int, _ b: Int) -> Bool {
        switch kind {
        case .loss(let percent): percent > 20
        case .oneWay(let from, let to): [from, to].contains(a) && [from, to].contains(b)
        case .partition(let side): side.contains(a) != side.contains(b)
        default: !isGentle && (node == nil || concerns(a) || concerns(b))
        }
    }

    package var description: String { "\(from)-\(until) \(kind)" }
}
