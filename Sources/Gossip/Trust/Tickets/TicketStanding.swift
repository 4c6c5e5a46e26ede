/// A ticket and what has become of it, for people.
public struct TicketStanding: Sendable, Hashable {
    public let ticket: Ticket
    /// Who came with it, sorted by id.
    public let joined: [NodeID]
    /// Who let somebody in by it, sorted by id.
    public let vouchers: [NodeID]
    public let isRevoked: Bool

    /// How many more may come.
    public var left: Int { isRevoked ? 0 : max(0, ticket.uses - joined.count) }
    /// More came than may: members that had not heard of each other let somebody in at the same time, or one of them does not count.
    public var isOverrun: Bool { !isRevoked && joined.count > ticket.uses }
}

extension Roster {
    /// All tickets, oldest first.
    public var tickets: [TicketStanding] {
        let byTicket = Dictionary(grouping: book.admissions.values, by: \.ticket)
        return book.tickets.values.sorted { ($0.serial, $0.id) < ($1.serial, $1.id) }.map { ticket in
            let admissions = byTicket[ticket.publicKey] ?? []
            return TicketStanding(
                ticket: ticket, joined: Set(admissions.map(\.newcomer.id)).sorted(), vouchers: Set(admissions.map(\.member)).sorted(),
                isRevoked: book.revokedTickets[ticket.publicKey] != nil)
        }
    }

    /// By its public key.
    func ticket(_ publicKey: [UInt8]) -> TicketStanding? { tickets.first { $0.ticket.publicKey == publicKey } }

    /// Whether that key is this mesh's root now, as far as this roster tells.
    func isRoot(_ publicKey: [UInt8]) -> Bool { currentRootPublicKey == publicKey }
}
