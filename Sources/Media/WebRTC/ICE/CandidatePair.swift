/// One of our addresses with one of theirs, and what is known about the way between them (RFC 8445 §6.1.2).
struct CandidatePair: Sendable {
    /// RFC 8445 §6.1.2.6.
    enum State: Sendable, Hashable {
        /// Others of the same foundation are tried first.
        case frozen
        case waiting
        case inProgress
        case succeeded
        case failed
    }

    /// Always a host candidate: a reflexive one is sent from its base.
    let local: IceCandidate
    var remote: IceCandidate
    var state: State
    private(set) var priority: UInt64
    /// The check that is under way.
    var check: StunTransaction?
    /// Whether that check carries USE-CANDIDATE.
    var checkNominates = false
    /// Whether an authentic check of the other side came this way.
    var wasChecked = false
    /// When a check of ours was last answered: whoever is there received what we sent.
    var proven: MonotonicTime?
    var isProven: Bool { proven != nil }
    /// When the controlling side last nominated the pair. On a controlled side it counts once a check of ours has succeeded.
    var nominated: MonotonicTime?

    init(local: IceCandidate, remote: IceCandidate, role: IceRole, state: State = .frozen) {
        self.local = local
        self.remote = remote
        self.state = state
        priority = Self.priority(local: local, remote: remote, role: role)
    }

    var path: IcePath { IcePath(local: local.address, remote: remote.address) }
    var foundation: String { "\(local.foundation) \(remote.foundation)" }

    /// Of a candidate (RFC 8445 §5.1.2); what claims more is no better.
    private static let highestPriority: UInt32 = 0x7fff_ffff

    /// RFC 8445 §6.1.2.3: both sides come to the same order.
    static func priority(local: IceCandidate, remote: IceCandidate, role: IceRole) -> UInt64 {
        let controlling = UInt64(min(role == .controlling ? local.priority : remote.priority, highestPriority))
        let controlled = UInt64(min(role == .controlling ? remote.priority : local.priority, highestPriority))
        return min(controlling, controlled) << 32 + max(controlling, controlled) << 1 + (controlling > controlled ? 1 : 0)
    }

    mutating func rank(as role: IceRole) {
        priority = Self.priority(local: local, remote: remote, role: role)
    }

    /// Whether a datagram can go from the one to the other at all (RFC 8445 §6.1.2.2).
    static func isPossible(_ local: IceCandidate, _ remote: IceCandidate) -> Bool {
        local.address.family == remote.address.family
            && (local.address.family == .ipv4 || local.address.isLinkLocal == remote.address.isLinkLocal)
            && local.address.isLoopback == remote.address.isLoopback
    }
}
