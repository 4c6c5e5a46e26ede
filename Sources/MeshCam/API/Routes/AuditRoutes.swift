import Foundation
import Gossip
import Hummingbird

/// `/audit`: who did what, on every node.
struct AuditRoutes: Sendable {
    let node: NodeServices

    static let limits = 1...500

    /// For people and for peers: what this node noted, or what all did.
    func add(to group: RouterGroup<APIContext>) {
        group.get("audit") { request, context in try Response.json(await page(request, context)) }
    }

    private func page(_ request: Request, _ context: APIContext) async throws -> AuditPage {
        let query = request.uri.queryParameters
        let limit = try query["limit"].map { text -> Int in
            // A peer that merges asks for one more than people may.
            guard let limit = Int(text), (Self.limits.lowerBound...Self.limits.upperBound + (context.isLocal ? 1 : 0)).contains(limit) else {
                throw ProblemDetails.badRequest("limit must be 1 to \(Self.limits.upperBound).")
            }
            return limit
        } ?? 100
        let cursor = try query["cursor"].map { text -> AuditCursor in
            guard let cursor = AuditCursor(String(text)) else {
                throw ProblemDetails.badRequest("That cursor is not one of this list's.", cure: "Begin again without it.")
            }
            return cursor
        }
        // One more than asked for tells whether there is another page.
        var entries = await node.audit.entries(after: cursor, limit: limit + 1)
        var missing: [MissingNode] = []
        if !context.isLocal {
            let place = cursor.map { "&cursor=\(APIClient.percentEncoded($0.text))" } ?? ""
            let (parts, absent) = await node.gather("/api/mesh/v1/audit?limit=\(limit + 1)\(place)", as: AuditPage.self)
            // A node speaks for itself alone.
            entries += parts.flatMap { member, page in page.entries.prefix(limit + 1).filter { $0.node == "\(member.id)" } }
            missing = absent.map { MissingNode(node: "\($0.0.id)", name: $0.0.name, reason: $0.1) }
        }
        entries.sort { AuditCursor.isBefore(AuditCursor($0), AuditCursor($1)) }
        let shown = Array(entries.prefix(limit))
        return AuditPage(
            entries: shown, cursor: entries.count > shown.count ? shown.last.map { AuditCursor($0).text } : nil, missing: missing)
    }
}
