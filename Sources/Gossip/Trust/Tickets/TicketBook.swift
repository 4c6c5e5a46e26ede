/// The tickets of a roster, and whom they brought: which admissions by ticket count, as a function of the set of records alone.
///
/// An admission counts if its ticket is there, the member that signed it was itself admitted (by the root, or by an admission that
/// counts), its three signatures are right, and no revocation ends it. A revocation of a ticket or of a member ends every admission made
/// with it or by it that it does not list as kept; of several revocations of one, each must keep it. Revocations are final, so an
/// admission that one ends is forgotten at once and never comes back.
///
/// The order of arrival changes nothing: one that comes before its ticket or its member waits, and counts once these are there. What
/// waits is not part of the set, is not passed on, and is bounded; what was given up for lack of room comes again when states are compared.
struct TicketBook: Sendable {
    /// More admissions by ticket are not taken: the roster's other places are for the root, which must always be able to revoke.
    static let limit = 1024
    /// More do not wait; the oldest go.
    static let waitingLimit = 64

    /// By public key.
    private(set) var tickets: [[UInt8]: Ticket] = [:]
    /// Revoked tickets with the serials of the admissions that stay.
    private(set) var revokedTickets: [[UInt8]: Set<UInt64>] = [:]
    /// The same of revoked members.
    private var revokedMembers: [NodeID: Set<UInt64>] = [:]
    /// What counts, by digest.
    private(set) var admissions: [[UInt8]: TicketAdmission] = [:]
    /// What may count later, oldest first. Nothing of it is verified.
    private(set) var waiting: [TicketAdmission] = []
    /// Who is a member by ticket. Of several admissions of one node the one with the lowest digest.
    private(set) var newcomers: [NodeID: Admission] = [:]
    private(set) var byTLSKeyHash: [[UInt8]: NodeID] = [:]
    private(set) var byPrefix: [UInt64: NodeID] = [:]

    var digests: [[UInt8]] { Array(admissions.keys) }

    func record(_ digest: [UInt8]) -> SignedRecord? { admissions[digest]?.record }

    mutating func add(_ ticket: Ticket) {
        if let known = tickets[ticket.publicKey], !ticket.goesBefore(known) { return }
        tickets[ticket.publicKey] = ticket
    }

    mutating func revoke(ticket: [UInt8], keeping kept: Set<UInt64>) {
        revokedTickets[ticket] = revokedTickets[ticket]?.intersection(kept) ?? kept
    }

    mutating func revoke(member: NodeID, keeping kept: Set<UInt64>) {
        revokedMembers[member] = revokedMembers[member]?.intersection(kept) ?? kept
    }

    /// Whether a revocation ends it.
    func isEnded(_ admission: TicketAdmission) -> Bool {
        [revokedTickets[admission.ticket], revokedMembers[admission.member]].contains { $0.map { !$0.contains(admission.serial) } ?? false }
    }

    /// Looks at everything anew. Answers whether what counts is different from before.
    ///
    /// - Parameters:
    ///   - new: what has come.
    ///   - members: whom the root admitted, also if it revoked them since.
    ///   - forgeryLimit: after so many forgeries no more signatures are looked at.
    mutating func settle(
        _ new: [TicketAdmission], members: [NodeID: Admission], mesh: MeshID, bearing forgeryLimit: Int, forgeries: inout Int
    ) -> Bool {
        let before = Set(admissions.keys)
        // By body and signature: a forged copy must not keep the true one out.
        var seen: Set<SignedRecord> = []
        var open = (Array(admissions.values) + waiting + new).filter { seen.insert($0.record).inserted && !isEnded($0) }
        var valid: [[UInt8]: TicketAdmission] = [:]
        var known = Set(members.keys)
        var isMoving = true
        while isMoving, !open.isEmpty {
            var left: [TicketAdmission] = []
            for admission in open where valid[admission.digest] == nil {
                let isVerified = admissions[admission.digest]?.record == admission.record
                guard tickets[admission.ticket] != nil, known.contains(admission.member), isVerified || forgeries < forgeryLimit else {
                    left.append(admission)
                    continue
                }
                guard isVerified || valid.count < Self.limit else { continue }
                guard isVerified || admission.isSigned(mesh: mesh) else {
                    forgeries += 1
                    continue
                }
                valid[admission.digest] = admission
                known.insert(admission.newcomer.id)
            }
            isMoving = left.count < open.count
            open = left
        }
        waiting = open.suffix(Self.waitingLimit)
        admissions = valid
        describe(members)
        return Set(valid.keys) != before
    }

    /// A node that shows a key of somebody else's has no effect: first come the root's members, then the lowest digest.
    private mutating func describe(_ members: [NodeID: Admission]) {
        (newcomers, byTLSKeyHash, byPrefix) = ([:], [:], [:])
        guard !admissions.isEmpty else { return }
        var keys = Set(members.values.flatMap { [$0.dhPublicKey, $0.tlsKeyHash] })
        var prefixes = Set(members.keys.map(\.prefix))
        for (_, admission) in admissions.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let node = admission.newcomer
            // One that the root confirmed stays, so that nothing changes for others when it is.
            if members[node.id] == nil {
                guard newcomers[node.id] == nil, !keys.contains(node.dhPublicKey), !keys.contains(node.tlsKeyHash), !prefixes.contains(node.id.prefix)
                else { continue }
                keys.formUnion([node.dhPublicKey, node.tlsKeyHash])
                prefixes.insert(node.id.prefix)
                byTLSKeyHash[node.tlsKeyHash] = node.id
                byPrefix[node.id.prefix] = node.id
            }
            newcomers[node.id] = newcomers[node.id] ?? node
        }
    }
}
