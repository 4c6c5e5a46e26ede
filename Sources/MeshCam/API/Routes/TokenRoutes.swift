import Foundation
import Gossip
import HTTPTypes
import Hummingbird

/// `/tokens`: what programs sign in with, at any node. A token never opens the root key, and signs nothing.
struct TokenRoutes: Sendable {
    let node: NodeServices

    func add(to group: RouterGroup<APIContext>) {
        group.get("tokens") { [node] _, _ in try Response.json(node.tokens.compactMap { TokenResource($0) }) }
        addChanges(to: group)
    }

    /// For people, and for a peer that passes a person's wish on.
    func addChanges(to group: RouterGroup<APIContext>) {
        group.post("tokens") { request, context in try await node.signing(request, context) { try await create(request, context, by: $0) } }
        group.delete("tokens/:id") { request, context in try await node.signing(request, context) { try await remove(context, by: $0) } }
    }

    private func create(_ request: Request, _ context: APIContext, by signer: Signer) async throws -> Response {
        let wanted = try await request.decoded(as: NewToken.self)
        let now = Date()
        guard SettingsText.isName(wanted.name) else {
            throw ProblemDetails.badRequest("The token's name is not usable.", cure: "Use 1 to 63 printable characters that say what it is for.")
        }
        try CameraRule.check(wanted.cameras ?? [], role: wanted.role, known: node.knownCameras)
        if let expires = wanted.expires, expires <= now { throw ProblemDetails.badRequest("The token would be over at once.", cure: "Give a time to come, or none.") }
        let secret = TokenList.generate()
        var token = TokensConfig.Token()
        token.id = secureRandomBytes(8).hexText
        token.name = wanted.name
        token.hash = Data(TokenList.hash(secret))
        token.role = wanted.role.rawValue
        token.cameras = wanted.cameras ?? []
        token.scopes = Set(wanted.scopes ?? []).map(\.rawValue).sorted()
        token.expiresUnix = wanted.expires.map { Int64(min($0.timeIntervalSince1970, 253_402_300_799)) } ?? 0
        token.madeBy = signer.name
        token.madeUnix = Int64(now.timeIntervalSince1970)
        try await set(by: signer) { [token] list throws(ProblemDetails) in try list.add(token, now: now) }
        node.audit.record(.tokenMade, context, subject: token.name, detail: "\(token.id), \(token.role)")
        guard var resource = TokenResource(token) else { throw ProblemDetails.notFound("token", token.id) }
        resource.token = secret
        var response = try Response.json(resource, status: .created)
        response.headers[.location] = "/api/mesh/v1/tokens/\(token.id)"
        return response
    }

    private func remove(_ context: APIContext, by signer: Signer) async throws -> Response {
        let id = context.parameter("id")
        let name = node.tokens.first { $0.id == id }?.name ?? id
        try await set(by: signer) { list throws(ProblemDetails) in try list.remove(id) }
        node.audit.record(.tokenRemoved, context, subject: name, detail: id)
        return Response(status: .noContent)
    }

    private func set(by signer: Signer, _ change: @escaping @Sendable (inout TokenList) throws(ProblemDetails) -> Void) async throws {
        do {
            try await node.gossip.changeConfig(SharedConfigKey.tokens, by: signer.key) { bytes in
                var list = TokenList(bytes)
                try change(&list)
                return try list.bytes()
            }
        } catch let error as TrustError {
            throw ProblemDetails.badRequest("The tokens cannot be changed: \(error).")
        }
    }
}
