/// What a set of roster records says, taken together: who is a member, who was one, whose keys administer.
///
/// The order of records does not matter: the highest serial of a node's admissions counts, and a revocation wins.
struct RosterEffect: Sendable {
    private(set) var admissions: [NodeID: Admission] = [:]
    private(set) var revoked: Set<NodeID> = []
    /// Names by public key: certified, and not revoked.
    private(set) var adminKeys: [[UInt8]: String] = [:]
    private(set) var revokedAdminKeys: Set<[UInt8]> = []
    private(set) var byTLSKeyHash: [[UInt8]: NodeID] = [:]
    private(set) var byPrefix: [UInt64: NodeID] = [:]
    private(set) var highestSerial: UInt64 = 0
    /// Tickets, and whom they brought.
    private(set) var book = TicketBook()

    /// By the root, or by a ticket.
    var members: [NodeID: Admission] {
        admissions.merging(book.newcomers) { byRoot, _ in byRoot }.filter { !revoked.contains($0.key) }
    }

    /// Who came by a ticket, and whom the root has not confirmed yet.
    var newcomers: [Admission] { book.newcomers.values.filter { admissions[$0.id] == nil } }

    /// Looks anew at who is a member by a ticket. Answers whether the set of records is another than before.
    mutating func settle(
        _ claims: [TicketAdmission], mesh: MeshID, bearing limit: Int, forgeries: inout Int
    ) -> (Bool, [RosterChange]) {
        let old = book.newcomers
        let isOther = book.settle(claims, members: admissions, mesh: mesh, bearing: limit, forgeries: &forgeries)
        let new = book.newcomers
        var changes: [RosterChange] = []
        for id in Set(old.keys).union(new.keys).sorted() where admissions[id] == nil && !revoked.contains(id) {
            if old[id] == nil { changes.append(.admitted(id)) } else if new[id] == nil { changes.append(.revoked(id)) }
        }
        return (isOther, changes)
    }

    /// `nil` for a body that does not read: such a record is not kept.
    mutating func apply(_ record: SignedRecord) -> [RosterChange]? {
        switch record.kind {
        case .admit:
            guard let admission = Admission(body: record.body) else { return nil }
            // Two ids with the same first half: packets could not tell them apart. 2^-64 by chance; the first one stays.
            if let other = byPrefix[admission.id.prefix], other != admission.id { return nil }
            note(serial: admission.serial)
            let old = admissions[admission.id]
            // Two of one serial: the bytes decide, everywhere alike.
            if let old, old.serial != admission.serial ? old.serial > admission.serial : !old.body.lexicographicallyPrecedes(admission.body) { return [] }
            admissions[admission.id] = admission
            byPrefix[admission.id.prefix] = admission.id
            if let old { byTLSKeyHash[old.tlsKeyHash] = nil }
            byTLSKeyHash[admission.tlsKeyHash] = admission.id
            if revoked.contains(admission.id) { return [] }
            return [old == nil && book.newcomers[admission.id] == nil ? .admitted(admission.id) : .renewed(admission.id)]
        case .revoke:
            guard let body = WireRevokeBody(untrusted: record.body), let node = NodeID(bytes: body.node) else { return nil }
            note(serial: body.serial)
            book.revoke(member: node, keeping: Set(body.keptSerials))
            return revoked.insert(node).inserted ? [.revoked(node)] : []
        case .adminKey:
            guard let body = WireAdminKeyBody(untrusted: record.body), body.key.count == 32 else { return nil }
            note(serial: body.serial)
            let key = Array(body.key)
            guard !revokedAdminKeys.contains(key) else { return [] }
            return adminKeys.updateValue(body.name, forKey: key) == nil ? [.adminKey(key)] : []
        case .revokeAdminKey:
            guard let body = WireAdminKeyBody(untrusted: record.body), body.key.count == 32 else { return nil }
            note(serial: body.serial)
            let key = Array(body.key)
            revokedAdminKeys.insert(key)
            return adminKeys.removeValue(forKey: key) == nil ? [] : [.adminKeyRevoked(key)]
        case .ticket:
            guard let ticket = Ticket(body: record.body) else { return nil }
            note(serial: ticket.serial)
            book.add(ticket)
            return []
        case .revokeTicket:
            guard let body = WireRevokeTicketBody(untrusted: record.body), body.ticket.count == 32 else { return nil }
            note(serial: body.serial)
            book.revoke(ticket: Array(body.ticket), keeping: Set(body.keptSerials))
            return []
        case .rootRotate, .admitByTicket:
            return nil
        }
    }

    /// One that no honest root reaches is not believed: it would leave no number for the next record.
    private mutating func note(serial: UInt64) {
        if serial < 1 << 62 { highestSerial = max(highestSerial, serial) }
    }
}
