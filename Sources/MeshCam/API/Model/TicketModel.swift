import Foundation
import Gossip

/// Body of `POST /tickets`.
struct TicketRequest: Codable, Sendable {
    /// For people. Default: none.
    var name: String?
    /// How many cameras may join with it, 1 to 100. Default 1.
    var uses: Int?

    /// - Throws: ``ProblemDetails``.
    func check() throws -> (name: String, uses: Int) {
        let name = (name ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        guard name.isEmpty || SettingsText.isName(name) else {
            throw ProblemDetails.badRequest("The name is too long or not printable.", cure: "Use at most 63 printable characters.")
        }
        let uses = uses ?? 1
        guard (1...Ticket.usesLimit).contains(uses) else {
            throw ProblemDetails.badRequest("A ticket is for 1 to \(Ticket.usesLimit) cameras.", cure: "Make several tickets for more.")
        }
        return (name, uses)
    }
}

/// Answer of `POST /tickets`: the only time that the secret is told. Kept nowhere.
struct NewTicketResource: Codable, Sendable, CustomStringConvertible {
    /// 32 hexadecimal digits.
    var id: String
    var name: String
    var uses: Int
    /// Content of the file `join.bundle`, base64.
    var bundle: String
    /// The same as one line.
    var text: String
    /// The text as a QR code, an SVG picture.
    var qr: String

    /// Without the secret, so that it cannot reach a log by accident.
    var description: String { "NewTicketResource(id: \(id))" }
}

/// A ticket, as `GET /tickets` lists it.
struct TicketResource: Codable, Hashable, Sendable, Identifiable {
    /// 32 hexadecimal digits.
    var id: String
    var name: String
    var uses: Int
    /// How many more cameras may join with it.
    var left: Int
    /// Who joined.
    var joined: [Guest]
    var revoked: Bool

    struct Guest: Codable, Hashable, Sendable {
        /// NodeID in lower-case hexadecimal.
        var node: String
        var name: String
    }
}

extension NodeServices {
    /// Newest first.
    var tickets: [TicketResource] {
        let roster = gossip.view.roster
        return roster.tickets.reversed().map { standing in
            TicketResource(
                id: standing.ticket.id, name: standing.ticket.name, uses: standing.ticket.uses, left: standing.left,
                joined: standing.joined.map { .init(node: "\($0)", name: memberName($0)) }, revoked: standing.isRevoked)
        }
    }

    /// Told by the nodes that let somebody in by them.
    var overrunTickets: [ProblemNote] {
        gossip.view.roster.tickets.filter { $0.isOverrun && $0.vouchers.contains(identity.id) }.map { standing in
            let name = standing.ticket.name.isEmpty ? String(standing.ticket.id.prefix(8)) : standing.ticket.name
            return ProblemNote(
                message: "\(standing.joined.count) cameras joined with the ticket '\(name)', which is for \(standing.ticket.uses)",
                cure: "Revoke the ticket, and every camera that is not yours.")
        }
    }

    /// Members who came by a ticket stand by themselves from now on (mesh.md §2).
    func confirmNewcomers(by root: RootKey) async {
        let roster = gossip.view.roster
        let records = root.confirm(roster.unconfirmed, in: roster)
        if !records.isEmpty { await gossip.merge(records) }
    }

    /// Where a new node finds members' dashboards: this one's first, one address of each, then the others.
    var joinSeeds: [PeerAddress] {
        let members = gossip.view.members.filter { $0.isSelf || $0.isReachable }.sorted { $0.isSelf && !$1.isSelf }
        let places = members.map { member in
            (member.node?.addresses ?? []).filter { !$0.contains("%") }.map { PeerAddress(host: $0, port: Int(member.node?.webPort ?? 0)) }
                .filter { $0.port > 0 }
        }
        let most = places.map(\.count).max() ?? 0
        return Array((0..<most).flatMap { rank in places.compactMap { rank < $0.count ? $0[rank] : nil } }.prefix(JoinBundle.seedLimit))
    }
}
