/// What a merge changed.
public enum RosterChange: Sendable, Hashable {
    case admitted(NodeID)
    /// A member has a newer admission, with another name or key.
    case renewed(NodeID)
    case revoked(NodeID)
    case adminKey([UInt8])
}

/// Who belongs to the mesh: a grow-only set of records signed by the root, and what members signed for newcomers with a ticket.
///
/// Merging is set union, so the order in which records arrive does not matter, and replaying an old roster removes nothing. A
/// revocation wins, finally: its node can only come back as another one. Every record is verified once, when it is merged.
/// Admissions by ticket count, and are part of the set, as ``TicketBook`` says.
public struct Roster: Sendable, Equatable {
    /// A larger set is refused, so that nobody fills our memory.
    static let limit = 4096
    /// A longer record is refused: each must fit a datagram.
    static let recordLimit = 1000

    public let genesis: Genesis
    private var byDigest: [[UInt8]: SignedRecord] = [:]
    private var admissions: [NodeID: Admission] = [:]
    private var revoked: Set<NodeID> = []
    private var adminKeys: [[UInt8]: String] = [:]
    private var byTLSKeyHash: [[UInt8]: NodeID] = [:]
    private var byPrefix: [UInt64: NodeID] = [:]
    /// Tickets, and whom they brought.
    private(set) var book = TicketBook()
    /// BLAKE2b-256 over the sorted records: equal for equal sets.
    public private(set) var hash: [UInt8]

    public init(genesis: Genesis) {
        self.genesis = genesis
        hash = Self.hash([], genesis)
    }

    public var meshID: MeshID { genesis.meshID }

    /// All records, in an order that depends on nothing but the set.
    public var records: [SignedRecord] { digests.compactMap { byDigest[$0] ?? book.record($0) } }

    private var digests: [[UInt8]] { (byDigest.keys + book.digests).sorted { $0.lexicographicallyPrecedes($1) } }

    /// For a new record of the root: higher than that of any this node knows. (The root's records never become fewer.)
    public var nextSerial: UInt64 { UInt64(byDigest.count + 1) }

    /// Everybody who is a member now, sorted by id.
    public var members: [Admission] { (Array(admissions.values) + newcomers).filter { !revoked.contains($0.id) }.sorted { $0.id < $1.id } }

    /// Who came by a ticket, and whom the root has not confirmed yet.
    private var newcomers: [Admission] { book.newcomers.values.filter { admissions[$0.id] == nil } }

    /// Members of whom the root knows nothing yet: they came by a ticket. Without those of a ticket that brought more than it may: there a
    /// person has to look first.
    public var unconfirmed: [Admission] {
        let doubtful = Set(tickets.filter(\.isOverrun).flatMap(\.joined))
        return newcomers.filter { !revoked.contains($0.id) && !doubtful.contains($0.id) }.sorted { $0.id < $1.id }
    }

    /// The valid admission of a member; `nil` for strangers and for who was revoked.
    public func admission(of node: NodeID) -> Admission? { revoked.contains(node) ? nil : admissions[node] ?? book.newcomers[node] }

    /// Which member has that TLS key. SHA-256 of the SubjectPublicKeyInfo.
    public func node(forTLSKeyHash hash: [UInt8]) -> NodeID? {
        (byTLSKeyHash[hash] ?? book.byTLSKeyHash[hash]).flatMap { revoked.contains($0) ? nil : $0 }
    }

    /// Which member's id begins so.
    func node(forPrefix prefix: UInt64) -> NodeID? { (byPrefix[prefix] ?? book.byPrefix[prefix]).flatMap { revoked.contains($0) ? nil : $0 } }

    public func isRevoked(_ node: NodeID) -> Bool { revoked.contains(node) }

    /// Whether the root certified that key to sign shared configuration.
    public func isAdmin(_ publicKey: [UInt8]) -> Bool { adminKeys[publicKey] != nil }

    /// Takes what is new and truly signed by the root; drops all the rest without a word.
    @discardableResult
    public mutating func merge(_ records: [SignedRecord]) -> [RosterChange] {
        var forgeries = 0
        return merge(records, bearing: .max, forgeries: &forgeries)
    }

    /// The same.
    ///
    /// - Parameters:
    ///   - forgeryLimit: after so many that are not signed by the root, the rest is not looked at.
    ///   - forgeries: how many there were.
    mutating func merge(_ records: [SignedRecord], bearing forgeryLimit: Int, forgeries: inout Int) -> [RosterChange] {
        var changes: [RosterChange] = []
        var taken = false
        var claims: [TicketAdmission] = []
        forgeries = 0
        for record in records where forgeries < forgeryLimit {
            let digest = record.digest
            guard byDigest[digest] == nil, byDigest.count < Self.limit, record.body.count <= Self.recordLimit else { continue }
            if record.kind == .admitByTicket {
                if book.record(digest) != nil { continue }
                if let claim = TicketAdmission(record) { claims.append(claim) } else { forgeries += 1 }
                continue
            }
            guard
                SigningKey.verify(
                    record.signature, of: record.body, domain: record.kind.domain, mesh: meshID, publicKey: genesis.rootPublicKey),
                let effect = apply(record)
            else {
                forgeries += 1
                continue
            }
            byDigest[digest] = record
            taken = true
            changes += effect
        }
        if taken || !claims.isEmpty {
            let (isOther, came) = settle(claims, bearing: forgeryLimit, forgeries: &forgeries)
            changes += came
            if taken || isOther { hash = Self.hash(digests, genesis) }
        }
        return changes
    }

    /// Looks anew at who is a member by a ticket. Answers whether the set of records is another than before.
    private mutating func settle(_ claims: [TicketAdmission], bearing limit: Int, forgeries: inout Int) -> (Bool, [RosterChange]) {
        let old = book.newcomers
        let isOther = book.settle(claims, members: admissions, mesh: meshID, bearing: limit, forgeries: &forgeries)
        let new = book.newcomers
        var changes: [RosterChange] = []
        for id in Set(old.keys).union(new.keys).sorted() where admissions[id] == nil && !revoked.contains(id) {
            if old[id] == nil { changes.append(.admitted(id)) } else if new[id] == nil { changes.append(.revoked(id)) }
        }
        return (isOther, changes)
    }

    /// `nil` for a body that does not read: such a record is not kept.
    private mutating func apply(_ record: SignedRecord) -> [RosterChange]? {
        switch record.kind {
        case .admit:
            guard let admission = Admission(body: record.body) else { return nil }
            // Two ids with the same first half: packets could not tell them apart. 2^-64 by chance; the first one stays.
            if let other = byPrefix[admission.id.prefix], other != admission.id { return nil }
            let old = admissions[admission.id]
            if let old, old.serial >= admission.serial { return [] }
            admissions[admission.id] = admission
            byPrefix[admission.id.prefix] = admission.id
            if let old { byTLSKeyHash[old.tlsKeyHash] = nil }
            byTLSKeyHash[admission.tlsKeyHash] = admission.id
            if revoked.contains(admission.id) { return [] }
            return [old == nil && book.newcomers[admission.id] == nil ? .admitted(admission.id) : .renewed(admission.id)]
        case .revoke:
            guard let body = WireRevokeBody(untrusted: record.body), let node = NodeID(bytes: body.node) else { return nil }
            book.revoke(member: node, keeping: Set(body.keptSerials))
            return revoked.insert(node).inserted ? [.revoked(node)] : []
        case .ticket:
            guard let ticket = Ticket(body: record.body) else { return nil }
            book.add(ticket)
            return []
        case .revokeTicket:
            guard let body = WireRevokeTicketBody(untrusted: record.body), body.ticket.count == 32 else { return nil }
            book.revoke(ticket: Array(body.ticket), keeping: Set(body.keptSerials))
            return []
        case .admitByTicket:
            return nil
        case .adminKey:
            guard let body = WireAdminKeyBody(untrusted: record.body), body.key.count == 32 else { return nil }
            return adminKeys.updateValue(body.name, forKey: Array(body.key)) == nil ? [.adminKey(Array(body.key))] : []
        }
    }

    private static func hash(_ digests: [[UInt8]], _ genesis: Genesis) -> [UInt8] {
        blake2b(genesis.meshID.bytes + digests.flatMap { $0 }, length: 32)
    }

    public static func == (a: Roster, b: Roster) -> Bool { a.hash == b.hash }
}

extension Roster {
    /// Whether the root may admit that node: it has shown that it knows its code, and none of its keys.
    ///
    /// - Throws: ``PairingError/notAdmitted(_:)`` when it was revoked, or shows a key that is another's.
    public func checkNewcomer(_ newcomer: NodeIdentity.Public) throws(PairingError) {
        if isRevoked(newcomer.id) {
            throw .notAdmitted("this camera was revoked; it can come back only as a new one, with an empty state directory")
        }
        for member in members {
            let same = [member.signPublicKey == newcomer.signPublicKey, member.dhPublicKey == newcomer.dhPublicKey, member.tlsKeyHash == newcomer.tlsKeyHash]
            guard same.allSatisfy({ $0 == same[0] }) else { throw .notAdmitted("this camera shows a key of '\(member.name)'; it may not be what it says") }
        }
    }
}
