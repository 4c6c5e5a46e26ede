import Gossip

/// All that goes wrong in one run, drawn from its seed before it begins, so that it can be printed and looked at.
package struct FaultSchedule: Sendable, CustomStringConvertible {
    package let faults: [Fault]
    /// Nothing but ``loss`` is wrong from then on.
    package let end: VirtualTime
    /// Percent of packets that are lost from ``end`` on: what invariants 7 to 9 still have to hold with.
    package let loss: Int
    /// Only what must do no harm.
    package let isGentle: Bool

    /// The first seconds, in which members meet.
    package static let meeting = Duration.seconds(12)

    package init(faults: [Fault], end: VirtualTime, loss: Int, isGentle: Bool) {
        self.faults = faults.sorted { $0.from < $1.from }
        self.end = end
        self.loss = loss
        self.isGentle = isGentle
    }

    package var description: String {
        let lines = faults.map { "  \($0)" }
        return (["faults until \(end), then \(loss) % loss:"] + lines).joined(separator: "\n")
    }

    package static func drawn(from seed: UInt64, nodes: Int) -> FaultSchedule {
        var draw = ScheduleDraw(rng: .of("faults", seed: seed), nodes: nodes)
        return draw.schedule()
    }

    // MARK: Asking

    /// Whether nothing worse than gentle happened from `from` to `until`, to anybody. Two liars are worse than one: together they
    /// confirm each other.
    package func isCalm(from: VirtualTime, until: VirtualTime) -> Bool {
        let there = faults.filter { $0.until >= from && $0.from <= until }
        let liars = there.compactMap { if case .liar(let node) = $0.kind { node } else { nil } }
        return there.allSatisfy(\.isGentle) && Set(liars).count <= 1
    }

    /// Whether nothing from `from` to `until` could keep what `a` says from `b`: what happens to others, or parts others, is none of it, nor
    /// is loss up to 20 %.
    func isCalm(between a: Int, and b: Int, from: VirtualTime, until: VirtualTime) -> Bool {
        let there = faults.filter { $0.until >= from && $0.from <= until }
        let liars = there.compactMap { if case .liar(let node) = $0.kind { node } else { nil } }
        return Set(liars).count <= 1 && !there.contains { $0.parts(a, b) }
    }

    /// Whether members may not know each other at the end of the faults: something worse than gentle happened shortly before, so shortly
    /// that mesh.md §7's 60 s for finding each other again are not over.
    package var hasSeparation: Bool { !isCalm(from: end - EverybodyAgrees.afterPartition, until: end) }
    /// Whether somebody may lack a record at the end of the faults that fits no packet, because TLS was blocked.
    package var withholdsRecords: Bool {
        faults.contains { fault in
            guard case .noTLS = fault.kind else { return false }
            return fault.until >= end - EverybodyAgrees.afterPartition
        }
    }
    /// Nodes that are members no more at the end.
    package var revoked: [Int] { faults.compactMap { if case .revoked(let node) = $0.kind { node } else { nil } } }
    /// Nodes of which there are two at some time, or whose cards are not what they were: what they sent and had is not for sure.
    func isDoubtful(_ node: Int) -> Bool {
        faults.contains { fault in
            switch fault.kind {
            case .clone(let other), .rollback(let other), .revoked(let other), .liar(let other): other == node
            default: false
            }
        }
    }
    package var liars: [Int] { faults.compactMap { if case .liar(let node) = $0.kind { node } else { nil } } }
}

/// Draws a schedule.
private struct ScheduleDraw {
    var rng: Randomness
    let nodes: Int
    private var faults: [Fault] = []
    private var end = VirtualTime.zero
    /// A node has one trouble of its own at a time.
    private var busyUntil: [VirtualTime] = []

    init(rng: Randomness, nodes: Int) {
        self.rng = rng
        self.nodes = nodes
        busyUntil = [VirtualTime](repeating: .zero, count: nodes)
    }

    mutating func schedule() -> FaultSchedule {
        let isGentle = rng.chance(0.35)
        let start = VirtualTime.zero + FaultSchedule.meeting
        end = start + rng.duration(.seconds(30), .seconds(90))
        if isGentle {
            for _ in 0..<rng.between(2...6) { addGentle(start) }
        } else {
            if nodes <= 30, rng.chance(0.06) { end = start + rng.duration(.seconds(600), .seconds(nodes <= 3 ? 7200 : 1800)) }
            for _ in 0..<rng.between(1...5) { addHarsh(start) }
            for _ in 0..<rng.between(0...2) { addGentle(start) }
            if rng.chance(0.15) { addRevocation(start) }
        }
        return FaultSchedule(faults: faults, end: end, loss: rng.pick([0, 0, 1, 5]), isGentle: isGentle)
    }

    /// An interval within the run, for a node if one is named: `nil` if that node is busy.
    private mutating func interval(
        _ start: VirtualTime, _ least: Duration, _ most: Duration, of node: Int? = nil
    ) -> (VirtualTime, VirtualTime)? {
        let most = min(most, end - start - .seconds(1))
        let length = most > least ? rng.duration(least, most) : least
        // Often it lasts to the very end: how a mesh comes out of it is what matters.
        let atEnd = rng.chance(0.3)
        let from = atEnd ? end - length : start + rng.duration(.zero, max(.milliseconds(1), end - start - length))
        let until = min(end, from + length)
        if let node {
            // The one before must be over for a while: two stalls of two seconds in a row are one of four.
            guard from > busyUntil[node] else { return nil }
            busyUntil[node] = until + .seconds(10)
        }
        return (from, until)
    }

    private mutating func add(_ kind: Fault.Kind, _ interval: (VirtualTime, VirtualTime)?) {
        if let (from, until) = interval { faults.append(Fault(kind, from: from, until: until)) }
    }

    private mutating func addGentle(_ start: VirtualTime) {
        let node = rng.below(nodes)
        switch rng.below(14) {
        case 0: add(.loss(percent: rng.between(1...5)), interval(start, .seconds(20), .seconds(90)))
        case 1: add(.duplicates(percent: rng.between(1...20)), interval(start, .seconds(10), .seconds(60)))
        case 2: add(.reordering(percent: rng.between(1...30), .milliseconds(100)), interval(start, .seconds(10), .seconds(60)))
        case 3, 4, 5: add(.pause(node), interval(start, .milliseconds(500), .seconds(2), of: node))
        case 6: add(.drift(node, perMille: Int64(rng.between(900...1100))), (start, end))
        case 7: add(.wallClock(node, year: rng.pick([1970, 2036])), interval(start, .seconds(10), .seconds(60)))
        case 8: add(.noTLS(node), interval(start, .seconds(10), .seconds(60)))
        case 9: addNewAddress(of: node, noticed: rng.duration(.zero, .milliseconds(100)), start)
        case 10: add(.failingDisk(node), interval(start, .seconds(5), .seconds(40), of: node))
        case 11: add(.stranger, interval(start, .seconds(5), .seconds(40)))
        case 12: addStalls(start)
        default:
            let kind = Fault.Kind.linkDown(node, link: rng.below(2), noticed: rng.duration(.zero, .milliseconds(100)))
            add(kind, interval(start, .seconds(5), .seconds(40), of: node))
        }
    }

    /// The worst that is still promised to harm nobody (invariant 8): many stand still for two seconds at the same moment, time and
    /// again, with 5 % loss.
    private mutating func addStalls(_ start: VirtualTime) {
        var at = start + rng.duration(.zero, .seconds(5))
        faults.append(Fault(.loss(percent: 5), from: at, until: end))
        while at + .seconds(2) < end {
            let free = (0..<nodes).filter { busyUntil[$0] < at }.shuffled(using: &rng)
            for node in free.prefix(rng.between(1...max(1, nodes / 2))) {
                faults.append(Fault(.pause(node), from: at, until: at + .seconds(2)))
                busyUntil[node] = at + .seconds(12)
            }
            at += rng.duration(.seconds(2), .seconds(8))
        }
    }

    /// Half of them get what another node had until then.
    private mutating func addNewAddress(of node: Int, noticed: Duration, _ start: VirtualTime) {
        let former = rng.chance(0.5) ? (node + 1 + rng.below(nodes - 1)) % nodes : nil
        guard let (from, until) = interval(start, .milliseconds(1), .milliseconds(2), of: node) else { return }
        if let former {
            guard from > busyUntil[former] else { return }
            busyUntil[former] = until + .seconds(10)
        }
        faults.append(Fault(.newAddress(node, former: former, noticed: noticed), from: from, until: until))
    }

    private mutating func addHarsh(_ start: VirtualTime) {
        let node = rng.below(nodes)
        switch rng.below(18) {
        case 0, 1: add(.loss(percent: rng.between(6...30)), interval(start, .seconds(10), .seconds(60)))
        case 2: add(.slowness(rng.between(2...10)), interval(start, .seconds(5), .seconds(40)))
        case 3:
            let other = (node + 1 + rng.below(nodes - 1)) % nodes
            add(.oneWay(from: node, to: other), interval(start, .seconds(5), .seconds(60)))
        case 4, 5:
            let side = (0..<nodes).shuffled(using: &rng).prefix(rng.between(1...max(1, nodes / 2))).sorted()
            add(.partition(side), interval(start, .seconds(5), .seconds(7200)))
        case 6: add(.noUDP(node), interval(start, .seconds(5), .seconds(60), of: node))
        case 7: add(.noMulticast, interval(start, .seconds(10), .seconds(60)))
        case 8, 9: add(.crash(node), interval(start, .milliseconds(200), .seconds(40), of: node))
        case 10: add(.tornDisk(node), interval(start, .milliseconds(200), .seconds(20), of: node))
        case 11: add(.rollback(node), interval(start, .milliseconds(200), .seconds(20), of: node))
        case 12: add(.clone(of: node), interval(start, .seconds(5), .seconds(40), of: node))
        case 13: add(.pause(node), interval(start, .seconds(2), .seconds(60), of: node))
        case 14: addNewAddress(of: node, noticed: rng.duration(.zero, .seconds(2)), start)
        case 15: add(.slowDisk(node), (start, end))
        case 16:
            // What it was told meanwhile is on no card when the power fails.
            guard let (from, until) = interval(start, .seconds(5), .seconds(40), of: node) else { return }
            let middle = from + rng.duration(.zero, until - from)
            faults += [Fault(.failingDisk(node), from: from, until: middle), Fault(.crash(node), from: middle, until: until)]
        default: add(.liar(node), interval(start, .seconds(5), .seconds(30), of: node))
        }
    }

    private mutating func addRevocation(_ start: VirtualTime) {
        let node = rng.below(nodes)
        // It stays off the stage for all other troubles.
        faults.removeAll { $0.concerns(node) }
        let from = start + rng.duration(.zero, end - start - .seconds(5))
        busyUntil[node] = .never
        faults.append(Fault(.revoked(node), from: from, until: end))
        // Who restarts afterwards must know it still.
        let other = (node + 1 + rng.below(nodes - 1)) % nodes
        let crash = from + .seconds(12) + rng.duration(.zero, .seconds(10))
        guard rng.chance(0.7), crash > busyUntil[other], crash + .seconds(3) <= end else { return }
        busyUntil[other] = .never
        faults.append(Fault(.crash(other), from: crash, until: crash + .seconds(3)))
    }
}
