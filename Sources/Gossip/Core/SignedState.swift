import Foundation

/// What is known of all nodes: each one's newest signed records, and the newest signed claims about each one's standing. Holds
/// verified things only.
///
/// Scuttlebutt (van Renesse et al. 2008) orders a node's updates by one number, so that a digest needs only the highest, and
/// must never skip one. A node of ours has at most six records, so digests here name the version of each: there is no gap to
/// fall into, and a relay that leaves one out is found out by the next.
///
/// For the same reason there are no tombstones to collect, and so neither their seven days nor chitchat's pair of last_gc and
/// max_version: a record is never deleted. What a node has no more to say about, it publishes empty, with a higher version; that
/// stays, is a hundred bytes, and beats the full one of whoever was away, however long. Only a revocation removes records, and
/// that is in the roster for ever, so nobody's old copy is taken back.
struct SignedState: Sendable {
    /// A larger record is refused.
    static let recordLimit = 64 << 10
    /// What is signed of a record: its content, and with room for what a later version may add, kind and version.
    static let signedLimit = recordLimit + 128

    struct Key: Sendable, Hashable, Comparable {
        let node: NodeID
        let kind: RecordKind
        static func < (a: Self, b: Self) -> Bool { (a.node, a.kind.rawValue) < (b.node, b.kind.rawValue) }
    }

    /// Reads whose record a frame says it is; nothing is checked here.
    static func key(of frame: WireRecordFrame) -> Key? {
        guard let node = frame.record.node, let content = WireRecordBody(untrusted: frame.record.body),
            let kind = UInt8(exactly: content.kind).flatMap(RecordKind.init(rawValue:))
        else { return nil }
        return Key(node: node, kind: kind)
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
        /// When its node published it, as far as those tell who passed it on: nobody signs that.
        private(set) var receivedAt: ContinuousClock.Instant
        /// When this node first had this version: it cannot have been published later, whoever says so.
        let arrivedAt: ContinuousClock.Instant

        /// - Parameters:
        ///   - held: how long others had it, as the first of them says; at most ``longestHeld`` is believed. Default: it is our own.
        ///   - now: when it came.
        init(version: Version, signed: WireSigned, body: [UInt8], held: Duration = .zero, now: ContinuousClock.Instant) {
            self.version = version
            self.signed = signed
            self.body = body
            receivedAt = now - min(held, Self.longestHeld)
            arrivedAt = now
        }

        private static let longestHeld = Duration.seconds(7 * 24 * 3600)

        /// Somebody else brings the same version, and says how long it was held. Of several the one that makes it youngest counts: whoever
        /// says too much makes nothing old that another one brings, and whoever says too little makes nothing younger than its arrival here.
        ///
        /// - Returns: whether that makes a difference (``RecordAge/corrects(_:told:now:)``).
        mutating func hear(held: Duration, now: ContinuousClock.Instant) -> Bool {
            let published = min(arrivedAt, now - min(held, Self.longestHeld))
            guard RecordAge.corrects(published, told: receivedAt, now: now) else { return false }
            receivedAt = published
            return true
        }

        var published: RecordBody { RecordBody(bytes: body, boot: version.boot, n: version.n, receivedAt: receivedAt) }
    }

    /// The claims that prove a member's standing.
    struct Evidence: Sendable {
        /// The member's own last word: alive or left.
        var own: WireSigned?
        /// Somebody's accusation against it, in that same incarnation: `dead` proves its death to whoever misses it as well.
        var accusation: WireSigned?
        /// What they prove. Suspicion passes; for comparisons a suspect is alive.
        var settled: Standing

        /// In the order in which a receiver can make use of them.
        var all: [WireSigned] { [own, accusation].compactMap { $0 } }
    }

    private(set) var records: [Key: Record] = [:]
    private(set) var evidence: [NodeID: Evidence] = [:]
    /// Over all versions and settled standings: equal where nothing is missing.
    private(set) var sum = SetHash()
    private let hash: @Sendable ([UInt8]) -> [UInt8]

    /// - Parameter hash: makes sixteen bytes.
    init(hash: @escaping @Sendable ([UInt8]) -> [UInt8]) { self.hash = hash }

    func record(_ node: NodeID, _ kind: RecordKind) -> Record? { records[Key(node: node, kind: kind)] }

    func records(of node: NodeID) -> [RecordKind: RecordBody] {
        var found: [RecordKind: RecordBody] = [:]
        for kind in RecordKind.allCases { found[kind] = record(node, kind)?.published }
        return found
    }

    func isNews(_ key: Key, _ version: Version) -> Bool { records[key].map { $0.version < version } ?? true }

    /// Somebody brings what is here already; see ``Record/hear(held:now:)``.
    ///
    /// - Returns: the record, if that corrects its age.
    mutating func hearAgain(_ key: Key, _ version: Version, _ body: Data, held: Duration, now: ContinuousClock.Instant) -> Record? {
        guard let record = records[key], record.version == version, record.signed.body == body else { return nil }
        guard records[key]?.hear(held: held, now: now) == true else { return nil }
        return records[key]
    }

    mutating func set(_ key: Key, _ record: Record) {
        if let old = records.updateValue(record, forKey: key) { sum.remove(summand(key, old.version)) }
        sum.add(summand(key, record.version))
    }

    /// Keeps a claim that membership took for news.
    ///
    /// - Parameter standing: what membership holds of the subject now.
    mutating func keep(_ claim: Claim, _ signed: WireSigned, standing: Standing) {
        let old = evidence[claim.subject]
        let settled = standing.settled
        switch claim.standing.status {
        case .alive, .left: evidence[claim.subject] = Evidence(own: signed, accusation: nil, settled: settled)
        case .suspect, .dead: evidence[claim.subject] = Evidence(own: old?.own, accusation: signed, settled: settled)
        }
        guard old?.settled != settled else { return }
        if let old { sum.remove(summand(claim.subject, old.settled)) }
        sum.add(summand(claim.subject, settled))
    }

    /// Forgets everything of nodes that are members no more.
    mutating func retain(_ members: Set<NodeID>) {
        for (key, record) in records where !members.contains(key.node) {
            sum.remove(summand(key, record.version))
            records[key] = nil
        }
        for (node, proof) in evidence where !members.contains(node) {
            sum.remove(summand(node, proof.settled))
            evidence[node] = nil
        }
    }

    private func summand(_ key: Key, _ version: Version) -> [UInt8] {
        hash([1, key.kind.rawValue] + key.node.bytes + version.boot.bigEndianBytes + version.n.bigEndianBytes)
    }

    private func summand(_ node: NodeID, _ standing: Standing) -> [UInt8] {
        hash([2] + node.bytes + standing.status.rank.bigEndianBytes + standing.incarnation.boot.bigEndianBytes
            + standing.incarnation.number.bigEndianBytes)
    }
}

extension WireSigned {
    /// Who signed, for what nodes say.
    var node: NodeID? { NodeID(bytes: signer) }
}

extension Claim {
    /// A claim is some 30 bytes. A larger one would fit no ping, so the accused would never hear of it.
    private static let signedLimit = 64

    /// Reads a claim; its signature is not checked here.
    init?(_ signed: WireSigned) {
        guard signed.isBare(bodyLimit: Self.signedLimit), let author = signed.node, let body = WireStatusClaim(untrusted: signed.body), let subject = NodeID(bytes: body.subject),
            let status = Status(rank: body.status)
        else { return nil }
        let incarnation = Incarnation(boot: body.boot, number: body.incarnation)
        self.init(subject: subject, standing: Standing(status: status, incarnation: incarnation), author: author)
    }

    /// What its author signs.
    package var body: [UInt8] {
        var body = WireStatusClaim()
        body.subject = Data(subject.bytes)
        body.status = standing.status.rank
        body.boot = standing.incarnation.boot
        body.incarnation = standing.incarnation.number
        return body.wireBytes
    }
}
