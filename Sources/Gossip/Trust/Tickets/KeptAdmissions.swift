/// What stays of the admissions by ticket that a revocation would end. A record has room for ``RootKey/keptLimit`` of them.
public struct KeptAdmissions: Sendable, Equatable {
    /// For the revocation: all of them, or where they do not fit, one for each node that is a member by nothing else.
    public var serials: [UInt64] = []
    /// Members for whom there is no room: the root has to confirm them before it revokes (``RootKey/confirm(_:serial:)``).
    public var crowd: [Admission] = []
}

extension Roster {
    /// So that who came by a ticket stays when it is revoked.
    public func kept(ofTicket publicKey: [UInt8]) -> KeptAdmissions { kept(book.admissions.values.filter { $0.ticket == publicKey }) }

    /// So that who was let in by a member stays when that is revoked.
    public func kept(vouchedBy member: NodeID) -> KeptAdmissions { kept(book.admissions.values.filter { $0.member == member }) }

    private func kept(_ admissions: [TicketAdmission]) -> KeptAdmissions {
        guard admissions.count > RootKey.keptLimit else { return KeptAdmissions(serials: admissions.map(\.serial).sorted()) }
        var kept = KeptAdmissions()
        let byGuest = Dictionary(grouping: admissions, by: \.newcomer.id)
        for guest in guests.sorted(by: { $0.id < $1.id }) {
            guard let serial = byGuest[guest.id]?.map(\.serial).min() else { continue }
            if kept.serials.count < RootKey.keptLimit { kept.serials.append(serial) } else { kept.crowd.append(guest) }
        }
        kept.serials.sort()
        return kept
    }
}

extension RootKey {
    /// Ends a ticket for ever. Who came by it stays; nobody else comes.
    ///
    /// - Returns: what the roster is to merge, in one step.
    public func revoke(ticket: Ticket, in roster: Roster) -> [SignedRecord] {
        let kept = roster.kept(ofTicket: ticket.publicKey)
        let confirmed = confirm(kept.crowd, in: roster)
        return confirmed + [revoke(ticket: ticket.publicKey, serial: roster.nextSerial + UInt64(confirmed.count), keeping: kept.serials)]
    }

    /// Ends a membership for ever. Who was let in by that node stays.
    ///
    /// - Returns: what the roster is to merge, in one step.
    public func revoke(_ member: NodeID, in roster: Roster) -> [SignedRecord] {
        let kept = roster.kept(vouchedBy: member)
        let confirmed = confirm(kept.crowd, in: roster)
        return confirmed + [revoke(member, serial: roster.nextSerial + UInt64(confirmed.count), keeping: kept.serials)]
    }

    /// Makes these memberships stand by themselves.
    public func confirm(_ admissions: [Admission], in roster: Roster) -> [SignedRecord] {
        admissions.enumerated().map { confirm($1, serial: roster.nextSerial + UInt64($0)) }
    }
}
