import Foundation

/// What is known of all nodes: each one's newest signed records, and the newest signed claims about each one's standing. Holds
/// verified things only.
///
/// Scuttlebutt (van Renesse et al. 2008) orders a node's updates by one number, so that a digest needs only the highest, and
/// must never skip one. A node of ours has at most six records, so digests here name the version of each: there is no gap to
/// fall into, and a relay that leaves one out is found out by the next.
struct SignedState: Sendable {
    /// A larger record is refused.
    static let recordLimit = 64 << 10

    struct Key: Sendable, Hashable, Comparable {
        let node: NodeID
        let kind: RecordKind
        static func < (a: Self, b: Self) -> Bool { (a.node, a.kind.rawValue) < (b.node, b.kind.rawValue) }
    }

    struct Version: Sendable, Hashable, Comparable {
        let boot: UInt32
        let n: UInt64
        static func < (a: Self, b: Self) -> Bool { (a.boot, a.n) < (b.boot, b.n) }
    }

    struct Record: Sendable {
        let version: Version
        let signed: WireSigned
        let body: [UInt8]
        let receivedAt: ContinuousClock.Instant

        var published: RecordBody { RecordBody(bytes: body, boot: version.boot, n: version.n, receivedAt: receivedAt) }
    }

    /// The claims that prove a member's standing.
    struct Evidence: Sendable {
        /// The member's own last word: alive or left.
        var own: WireSigned?
        /// Somebody's accusation against it, in that same incarnation.
        var accusation: WireSigned?

        /// In the order in which a receiver can make use of them.
        var all: [WireSigned] { [own, accusation].compactMap { $0 } }
    }

    private(set) var records: [Key: Record] = [:]
    private(set) var evidence: [NodeID: Evidence] = [:]

    func record(_ node: NodeID, _ kind: RecordKind) -> Record? { records[Key(node: node, kind: kind)] }

    func records(of node: NodeID) -> [RecordKind: RecordBody] {
        var found: [RecordKind: RecordBody] = [:]
        for kind in RecordKind.allCases { found[kind] = record(node, kind)?.published }
        return found
    }

    func isNews(_ key: Key, _ version: Version) -> Bool { records[key].map { $0.version < version } ?? true }

    mutating func set(_ key: Key, _ record: Record) { records[key] = record }

    /// Keeps a claim that membership took for news.
    mutating func keep(_ claim: Claim, _ signed: WireSigned) {
        switch claim.standing.status {
        case .alive, .left: evidence[claim.subject] = Evidence(own: signed, accusation: nil)
        case .suspect, .dead: evidence[claim.subject, default: Evidence()].accusation = signed
        }
    }

    /// Forgets everything of nodes that are members no more.
    mutating func retain(_ members: Set<NodeID>) {
        records = records.filter { members.contains($0.key.node) }
        evidence = evidence.filter { members.contains($0.key) }
    }
}

extension WireSigned {
    /// Who signed, for what nodes say.
    var node: NodeID? { NodeID(bytes: signer) }
}

extension Claim {
    /// Reads a claim; its signature is not checked here.
    init?(_ signed: WireSigned) {
        guard let author = signed.node, let body = WireStatusClaim(untrusted: signed.body), let subject = NodeID(bytes: body.subject),
            let status = Status(rank: body.status)
        else { return nil }
        let incarnation = Incarnation(boot: body.boot, number: body.incarnation)
        self.init(subject: subject, standing: Standing(status: status, incarnation: incarnation), author: author)
    }

    /// What its author signs.
    var body: [UInt8] {
        var body = WireStatusClaim()
        body.subject = Data(subject.bytes)
        body.status = standing.status.rank
        body.boot = standing.incarnation.boot
        body.incarnation = standing.incarnation.number
        return body.wireBytes
    }
}
