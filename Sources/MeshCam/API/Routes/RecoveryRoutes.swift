import Foundation
import Gossip
import Hummingbird
import Logging

/// `POST /recovery`: all passwords are lost, and the printed phrase is there. Open to everybody, as sign-in is, and as slow for guessing.
struct RecoveryRoutes: Sendable {
    let node: NodeServices
    let gate: SignInGate
    let logger: Logger

    func addPublic(to group: RouterGroup<APIContext>) {
        group.post("recovery") { request, context in try await recover(request, context) }
    }

    private func recover(_ request: Request, _ context: APIContext) async throws -> Response {
        guard Authentication.isSameOrigin(request) else { throw ProblemDetails.forbidden("This came from another site's page.") }
        guard node.isMember, !node.isAlone else {
            throw ProblemDetails(
                title: "No mesh to recover", status: 409, detail: "\(node.name) belongs to no mesh.", cure: "Ask a camera that does.")
        }
        let body = try await request.wholeBody(upTo: 1 << 14)
        let wanted = try JSONCoding.decoder.decode(RecoveryRequest.self, from: Data(buffer: body))
        let key = try wanted.check()
        let address = context.channel.remoteAddress?.ipAddress ?? "?"
        let host = ConnectionLimits.Host(context.channel.remoteAddress)
        if let wait = gate.reserve(host, address, user: "") { return .later(wait, "Too many wrong phrases", "Recovery from this address is paused.") }
        guard key.rules(node.gossip.view.roster.genesis) else {
            node.audit.record(.recoveryRefused, context)
            logger.notice("a recovery failed", metadata: ["address": "\(address)"])
            throw ProblemDetails(
                type: "/problems/wrong-phrase", title: "Wrong phrase", status: 403, detail: "This is not the recovery phrase of this mesh.",
                cure: "Read it again from the paper that was printed when the mesh was founded.")
        }
        gate.succeeded(host, address, user: "")
        do {
            let viewers = try await node.recover(with: key, admin: wanted.username, password: wanted.password)
            node.audit.record(.meshRecovered, context, who: wanted.username)
            logger.notice("the mesh was recovered with its printed phrase", metadata: ["user": "\(wanted.username)", "address": "\(address)"])
            return try Response.json(RecoveryResource(username: wanted.username, viewers: viewers))
        } catch let error as TrustError {
            throw ProblemDetails(title: "Not recovered", status: 409, detail: "\(error.reason).", cure: error.cure)
        }
    }
}
