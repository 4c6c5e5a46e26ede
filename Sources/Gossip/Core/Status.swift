/// What is believed of a member's liveness.
public enum Status: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// It answers, or answered lately.
    case alive
    /// It missed a probe; it is given time to refute.
    case suspect
    /// It did not refute in time, or was never heard of.
    case dead
    /// It said goodbye.
    case left

    public var description: String { rawValue }

    /// Worth talking to: alive, or suspected and not yet given up.
    var isPresent: Bool { self == .alive || self == .suspect }

    /// How strong the statement is within one incarnation.
    var rank: UInt32 {
        switch self {
        case .alive: 1
        case .suspect: 2
        case .dead: 3
        case .left: 4
        }
    }

    init?(rank: UInt32) {
        guard let status = Self.allCases.first(where: { $0.rank == rank }) else { return nil }
        self = status
    }
}

/// Orders a member's statements about itself: a restart beats all that was said before it, so a node can never come back with an
/// incarnation that others hold for old.
package struct Incarnation: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The boot counter.
    package var boot: UInt32
    /// Raised by each refutation.
    package var number: UInt32

    package init(boot: UInt32, number: UInt32) {
        self.boot = boot
        self.number = number
    }

    package static func < (a: Self, b: Self) -> Bool { (a.boot, a.number) < (b.boot, b.number) }
    package var description: String { "\(boot).\(number)" }
}

/// A status in an incarnation. Comparable: alive(N) < suspect(N) < dead(N) < left(N) < alive(N+1).
///
/// SWIM (Das et al. 2002, §4.2) lets dead(N) win over every alive; here a later incarnation revives, because members are known
/// by the roster and come back after restarts and partitions.
package struct Standing: Sendable, Hashable, Comparable {
    package var status: Status
    package var incarnation: Incarnation

    package init(status: Status, incarnation: Incarnation) {
        self.status = status
        self.incarnation = incarnation
    }

    package static func < (a: Self, b: Self) -> Bool { (a.incarnation, a.status.rank) < (b.incarnation, b.status.rank) }

    /// Suspicion passes: for comparisons a suspect is alive.
    var settled: Standing { status == .suspect ? Standing(status: .alive, incarnation: incarnation) : self }

    /// Of a member that was never heard.
    static let unknown = Standing(status: .dead, incarnation: Incarnation(boot: 0, number: 0))
}

/// Somebody states a member's standing.
package struct Claim: Sendable, Hashable {
    let subject: NodeID
    let standing: Standing
    /// Who signed it: for alive and left the subject itself.
    let author: NodeID

    package init(subject: NodeID, standing: Standing, author: NodeID) {
        self.subject = subject
        self.standing = standing
        self.author = author
    }

    /// Somebody else says that it is not there.
    var isAccusation: Bool { standing.status == .suspect || standing.status == .dead }

    /// Whether the author may say this at all: only I can say that I am alive or that I leave.
    var isPermitted: Bool {
        switch standing.status {
        case .alive, .left: author == subject
        case .suspect, .dead: author != subject
        }
    }
}
