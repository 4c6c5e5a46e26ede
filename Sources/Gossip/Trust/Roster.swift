/// What a merge changed.
public enum RosterChange: Sendable, Hashable {
    case admitted(NodeID)
    /// A member has a newer admission, with another name or key.
    case renewed(NodeID)
    case revoked(NodeID)
    case adminKey([UInt8])
    /// An admin has another key, or is none any more.
    case adminKeyRevoked([UInt8])
    /// A key that was ended elsewhere in the moment of the rotation, and that the new root still has as an admin's, of that name.
    case adminKeyReturned(String)
    /// Another key is the root now; what follows in the same list comes from that.
    case newRoot(epoch: UInt64)
    /// A member that the new root does not know: it was admitted elsewhere in the moment of the rotation.
    case dropped(NodeID)
    /// A node that was revoked elsewhere in the moment of the rotation, and that the new root still has as a member.
    case returned(NodeID)
    /// The root signed two successors: it may be stolen.
    case rootConflict
}

/// Who belongs to the mesh: a grow-only set of records signed by its root, and what members signed for newcomers with a ticket.
///
/// Merging is set union, so the order in which records arrive does not matter, and replaying an old roster removes nothing. A
/// revocation wins, finally: its node can only come back as another one. Every record is verified once, when it is merged.
/// Admissions by ticket count, and are part of the set, as ``TicketBook`` says.
///
/// The root may be replaced (``RootRotation``): what the former one signed is void then, but for what the rotation carries. Records of a
/// root that is not known yet wait for its rotation.
public struct Roster: Sendable, Equatable {
    /// A larger set is refused, so that nobody fills our memory.
    static let limit = 4096
    /// A longer record is refused: each must fit a datagram. But for a rotation, which brings a whole roster.
    static let recordLimit = 1000
    /// Records that wait for their root; more have to be told again. And rotations that wait for theirs.
    static let (earlyLimit, earlyRotationLimit) = (256, 4)
    /// Records of a former root in one heap after which the rest is not looked at: whoever knows the rotation has none, and whoever does not
    /// has no others.
    static let voidLimit = 64

    public let genesis: Genesis
    private var lineage: RootLineage
    /// Signed by the present root, one by one.
    private var byDigest: [[UInt8]: SignedRecord] = [:]
    private var effect = RosterEffect()
    /// Signed by nobody known here: forgeries, or the records of a root whose rotation has not come yet.
    private var early: [SignedRecord] = []
    /// How many records of a former root were verified in vain so far.
    private(set) var voids = 0
    /// BLAKE2b-256 over the sorted records: equal for equal sets.
    public private(set) var hash: [UInt8]

    public init(genesis: Genesis) {
        self.genesis = genesis
        lineage = RootLineage(genesis: genesis)
        hash = Self.hash([], genesis)
    }

    public var meshID: MeshID { genesis.meshID }

    /// All records. The rotations come first; whoever takes them in this order comes to the same root, even in a conflict.
    public var records: [SignedRecord] { lineage.records + digests.compactMap { byDigest[$0] ?? book.record($0) } }

    /// Of all records but the rotations, sorted.
    private var digests: [[UInt8]] { (byDigest.keys + book.digests).sorted { $0.lexicographicallyPrecedes($1) } }

    /// Tickets, and whom they brought.
    var book: TicketBook { effect.book }

    // MARK: The root

    /// Ed25519: who may admit, revoke and certify now.
    public var currentRootPublicKey: [UInt8] { lineage.rootPublicKey }

    /// How often the root was replaced.
    public var rootEpoch: UInt64 { lineage.epoch }

    /// The root signed two successors: before the recovery key has made another, nobody should act as root.
    public var isRootInConflict: Bool { lineage.isInConflict }

    /// For the root's next record: higher than that of any that is here.
    public var nextSerial: UInt64 { max(effect.highestSerial, UInt64(byDigest.count)) + 1 }

    // MARK: Who

    /// Everybody who is a member now, sorted by id.
    public var members: [Admission] { effect.members.values.sorted { $0.id < $1.id } }

    /// Members of whom the root knows nothing yet: they came by a ticket. Without those of a ticket that brought more than it may: there a
    /// person has to look first.
    public var unconfirmed: [Admission] {
        let doubtful = Set(tickets.filter(\.isOverrun).flatMap(\.joined))
        return guests.filter { !doubtful.contains($0.id) }.sorted { $0.id < $1.id }
    }

    /// Members by a ticket alone.
    var guests: [Admission] { effect.newcomers.filter { !effect.revoked.contains($0.id) } }

    /// Members by ticket alone whom nobody but one of those nodes let in, or whose ticket brought more than it may: a thief's guests, perhaps.
    func doubtfulGuests(of nodes: Set<NodeID>) -> Set<NodeID> {
        let guests = Set(effect.newcomers.map(\.id))
        let vouched = Dictionary(grouping: book.admissions.values, by: \.newcomer.id)
        let overrun = tickets.filter(\.isOverrun).flatMap(\.joined)
        return guests.filter { guest in overrun.contains(guest) || (vouched[guest] ?? []).allSatisfy { nodes.contains($0.member) } }
    }

    /// The valid admission of a member; `nil` for strangers and for who was revoked.
    public func admission(of node: NodeID) -> Admission? { effect.revoked.contains(node) ? nil : admissionEver(of: node) }

    /// The last admission of a node, be it revoked since: what it signed when it was a member it has signed.
    public func admissionEver(of node: NodeID) -> Admission? { effect.admissions[node] ?? book.newcomers[node] }

    /// Which member has that TLS key. SHA-256 of the SubjectPublicKeyInfo.
    public func node(forTLSKeyHash hash: [UInt8]) -> NodeID? {
        (effect.byTLSKeyHash[hash] ?? book.byTLSKeyHash[hash]).flatMap { effect.revoked.contains($0) ? nil : $0 }
    }

    /// Which member's id begins so.
    func node(forPrefix prefix: UInt64) -> NodeID? {
        (effect.byPrefix[prefix] ?? book.byPrefix[prefix]).flatMap { effect.revoked.contains($0) ? nil : $0 }
    }

    public func isRevoked(_ node: NodeID) -> Bool { effect.revoked.contains(node) }

    /// Everybody who was revoked.
    public var revokedNodes: Set<NodeID> { effect.revoked }

    /// Whether the root certified that key to sign shared configuration.
    public func isAdmin(_ publicKey: [UInt8]) -> Bool { effect.adminKeys[publicKey] != nil }

    /// What the counters of shared settings may be, before somebody's key ends or another root comes (``SharedConfig``).
    ///
    /// With each of these the range moves up, so that what is signed then goes before all that was signed until then; and whoever has an admin's
    /// key can sign nothing that would go before that.
    var configCounters: Range<UInt64> {
        let era = min(rootEpoch, 1 << 14) << 16 | UInt64(min(effect.revokedAdminKeys.count, 0xffff))
        return era << 32..<(era + 1) << 32
    }

    /// The keys that may sign shared configuration: names by public key.
    public var adminKeys: [[UInt8]: String] { effect.adminKeys }

    // MARK: Merging

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
        forgeries = 0
        let (root, wasInConflict) = (lineage.rootPublicKey, lineage.isInConflict)
        var isNew = false
        for record in records where record.kind == .rootRotate && forgeries < forgeryLimit {
            switch lineage.accept(record) {
            case .taken: isNew = true
            case .known: break
            case .early: keep(early: record)
            case .refused: forgeries += 1
            }
        }
        if isNew { takeEarlyRotations() }
        var changes: [RosterChange] = []
        if lineage.isInConflict, !wasInConflict { changes.append(.rootConflict) }
        if lineage.rootPublicKey != root { changes += startOver() }
        var claims: [TicketAdmission] = []
        let bearable = voids + Self.voidLimit
        for record in records where record.kind != .rootRotate && forgeries < forgeryLimit && voids < bearable {
            // However full it is, who goes has to go.
            guard byDigest[record.digest] == nil, byDigest.count < Self.limit || record.kind.isEnd, record.body.count <= Self.recordLimit else { continue }
            if record.kind == .admitByTicket {
                if book.record(record.digest) != nil { continue }
                if let claim = TicketAdmission(record) { claims.append(claim) } else { forgeries += 1 }
                continue
            }
            switch take(record) {
            case .taken(let effect):
                isNew = true
                changes += effect
            case .void: voids += 1
            case .early:
                keep(early: record)
                forgeries += 1
            case .unreadable: forgeries += 1
            }
        }
        if isNew || !claims.isEmpty {
            let (isOther, came) = effect.settle(claims, mesh: meshID, bearing: forgeryLimit, forgeries: &forgeries)
            changes += came
            isNew = isNew || isOther
        }
        if isNew {
            let digests = lineage.rotations.map(\.digest) + digests
            hash = Self.hash(digests.sorted { $0.lexicographicallyPrecedes($1) }, genesis)
        }
        return changes
    }

    private enum Taken {
        case taken([RosterChange])
        /// Signed by a key that was the root once.
        case void
        /// Signed by nobody who is known here.
        case early
        case unreadable
    }

    private mutating func take(_ record: SignedRecord) -> Taken {
        guard record.isSigned(by: lineage.rootPublicKey, mesh: meshID) else {
            return lineage.roots.dropFirst().contains { record.isSigned(by: $0, mesh: meshID) } ? .void : .early
        }
        guard let changes = effect.apply(record) else { return .unreadable }
        byDigest[record.digest] = record
        return .taken(changes)
    }

    private mutating func keep(early record: SignedRecord) {
        let limit = record.kind == .rootRotate ? Self.earlyRotationLimit : Self.earlyLimit
        guard early.count(where: { ($0.kind == .rootRotate) == (record.kind == .rootRotate) }) < limit, !early.contains(record) else { return }
        early.append(record)
    }

    /// What came before the rotation that it follows.
    private mutating func takeEarlyRotations() {
        var found = true
        while found {
            found = false
            let waiting = early.filter { $0.kind == .rootRotate }
            for record in waiting {
                let verdict = lineage.accept(record)
                if case .early = verdict { continue }
                early.removeAll { $0 == record }
                if case .taken = verdict { found = true }
            }
        }
    }

    /// Another root: what the former one signed is void, what the rotation carries counts, and so does what came too early.
    private mutating func startOver() -> [RosterChange] {
        let before = effect
        effect = RosterEffect()
        byDigest = [:]
        for record in lineage.path.last?.carried ?? [] { _ = effect.apply(record) }
        let waiting = early
        early = []
        for record in waiting {
            if record.kind != .rootRotate, byDigest[record.digest] == nil, byDigest.count < Self.limit {
                guard case .early = take(record) else { continue }
            }
            early.append(record)
        }
        return [.newRoot(epoch: lineage.epoch)] + before.changes(to: effect)
    }

    private static func hash(_ digests: [[UInt8]], _ genesis: Genesis) -> [UInt8] {
        blake2b(genesis.meshID.bytes + digests.flatMap { $0 }, length: 32)
    }

    public static func == (a: Roster, b: Roster) -> Bool { a.hash == b.hash }
}

extension RosterEffect {
    /// From what one root said to what the next one says.
    fileprivate func changes(to new: RosterEffect) -> [RosterChange] {
        let (were, are) = (members, new.members)
        var changes: [RosterChange] = new.revoked.subtracting(revoked).sorted().map { .revoked($0) }
        for (id, admission) in are.sorted(by: { $0.key < $1.key }) {
            if revoked.contains(id) {
                changes.append(.returned(id))
            } else if let old = were[id] {
                if old != admission { changes.append(.renewed(id)) }
            } else {
                changes.append(.admitted(id))
            }
        }
        changes += were.keys.filter { are[$0] == nil && !new.revoked.contains($0) }.sorted().map { .dropped($0) }
        for (key, name) in new.adminKeys.filter({ adminKeys[$0.key] == nil }).sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            changes.append(revokedAdminKeys.contains(key) ? .adminKeyReturned(name) : .adminKey(key))
        }
        return changes
    }
}

extension Roster {
    /// Whether the root may admit that node.
    ///
    /// - Throws: ``PairingError/notAdmitted(_:)`` when it was revoked, or shows a key that is another's.
    public func checkNewcomer(_ newcomer: NodeIdentity.Public) throws(PairingError) {
        if isRevoked(newcomer.id) {
            throw .notAdmitted("this camera was revoked; it can come back only as a new one: run 'meshcam reset' on it")
        }
        for member in members {
            let same = [member.signPublicKey == newcomer.signPublicKey, member.dhPublicKey == newcomer.dhPublicKey, member.tlsKeyHash == newcomer.tlsKeyHash]
            guard same.allSatisfy({ $0 == same[0] }) else { throw .notAdmitted("this camera shows a key of '\(member.name)'; it may not be what it says") }
        }
    }
}
