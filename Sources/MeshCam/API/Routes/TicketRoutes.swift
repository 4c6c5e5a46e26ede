import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import Logging

/// `/tickets`: cards that join by themselves. Making and ending one needs the root.
struct TicketRoutes: Sendable {
    let node: NodeServices
    let logger: Logger

    func add(to group: RouterGroup<APIContext>) {
        group.get("tickets") { [node] _, _ in try Response.json(node.tickets) }
        group.post("tickets") { request, context in try await make(request, context) }
        group.delete("tickets/:id") { _, context in try await revoke(context) }
    }

    private func make(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.wholeBody(upTo: 1 << 14)
        let (name, uses) = try (body.readableBytes == 0 ? TicketRequest() : JSONCoding.decoder.decode(TicketRequest.self, from: Data(buffer: body))).check()
        let root = try node.unlockedRoot(context)
        let key = TicketKey()
        let roster = node.gossip.view.roster
        let record = root.ticket(key, uses: uses, name: name, serial: roster.nextSerial)
        guard let bundle = JoinBundle(record: record, key: key, root: root, genesis: roster.genesis, seeds: node.joinSeeds),
            let code = QRCode(bundle.text)
        else { throw ProblemDetails(title: "The node failed", status: 500, detail: "The ticket could not be made.") }
        await node.gossip.merge([record])
        node.audit.record(.ticketMade, context, subject: name, detail: "\(uses) uses")
        logger.notice("made a ticket", metadata: ["ticket": "\(bundle.ticket.id.prefix(8))", "uses": "\(uses)", "by": "\(context.caller?.user.name ?? "?")"])
        return try Response.json(
            NewTicketResource(
                id: bundle.ticket.id, name: name, uses: uses, bundle: Data(bundle.bytes).base64EncodedString(), text: bundle.text, qr: code.svg),
            status: .created)
    }

    /// Who came by it stays; nobody else comes.
    private func revoke(_ context: APIContext) async throws -> Response {
        let root = try node.unlockedRoot(context)
        let id = context.parameter("id")
        await node.confirmNewcomers(by: root)
        let roster = node.gossip.view.roster
        guard let standing = roster.tickets.first(where: { $0.ticket.id == id }) else { throw ProblemDetails.notFound("ticket", id) }
        if !standing.isRevoked {
            await node.gossip.merge(root.revoke(ticket: standing.ticket, in: roster))
            node.audit.record(.ticketRevoked, context, subject: standing.ticket.name)
            logger.notice("revoked a ticket", metadata: ["ticket": "\(id.prefix(8))", "by": "\(context.caller?.user.name ?? "?")"])
        }
        return Response(status: .noContent)
    }
}
