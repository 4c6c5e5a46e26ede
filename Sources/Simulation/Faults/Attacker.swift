import Gossip

/// Where somebody sits who means harm, and when it speaks to whom: what liars and intruders have in common.
struct Attacker: Sendable {
    /// What it does in one turn, it does to these.
    struct Turn: Sendable {
        /// All but the attacker.
        let others: [Int]
        /// Whom it speaks to.
        let target: Int
        /// Of whom it speaks.
        let victim: Int
    }

    let node: Int
    let members: Int
    var rng: Randomness
    private(set) var nextAt: VirtualTime

    init(_ node: Int, at time: VirtualTime, members: Int, rng: Randomness) {
        self.node = node
        self.members = members
        self.rng = rng
        nextAt = time
    }

    /// Its turn, if that has come; the next one is after a pause from `shortest` to `longest`.
    mutating func turn(at time: VirtualTime, pause shortest: Duration, to longest: Duration) -> Turn? {
        guard nextAt <= time else { return nil }
        nextAt = time + rng.duration(shortest, longest)
        let others = (0..<members).filter { $0 != node }
        let target = rng.pick(others)
        return Turn(others: others, target: target, victim: rng.pick(others))
    }
}
