import Foundation
import Gossip
import Hummingbird
import Logging

/// `POST /nodes/{id}/stolen`: a camera is in the wrong hands. It goes, and with it everything that its card could open.
struct StolenRoutes: Sendable {
    let node: NodeServices
    let gate: SignInGate
    let logger: Logger

    func add(to group: RouterGroup<APIContext>) {
        group.post("nodes/:id/stolen") { request, context in try await giveUp(request, context) }
    }

    /// The passphrase in the body is the unlocking: the next root key has to be sealed under it.
    private func giveUp(_ request: Request, _ context: APIContext) async throws -> Response {
        guard let holder = RootKeychain.Holder(context) else { throw ProblemDetails.forbidden("Viewers can look, admins can act.") }
        let body = try await request.wholeBody(upTo: 1 << 14)
        let wanted = try JSONCoding.decoder.decode(StolenRequest.self, from: Data(buffer: body))
        let id = context.parameter("id")
        let view = node.gossip.view
        guard let member = view.members.first(where: { "\($0.id)" == id }) else { throw ProblemDetails.notFound("node", id) }
        guard !member.isSelf else {
            throw ProblemDetails(
                title: "Not by itself", status: 409, detail: "\(node.name) answers this request, and cannot give up itself.",
                cure: "Open the dashboard of a camera that you still have.")
        }
        try node.checkRoot(view.roster)
        switch try await RootUnlock(node: node, gate: gate, logger: logger).open(wanted.passphrase, context) {
        case .later(let wait):
            return .later(wait, "Too many wrong passphrases", "Unlocking from this address is paused.")
        case .opened(_, nil, _):
            throw ProblemDetails(
                title: "Your key does not count", status: 409, detail: "The mesh's root key does not know this admin's own key.",
                cure: "Act as another admin, or use the recovery phrase: 'meshcam recover'.")
        case .opened(let root, let admin?, let user):
            let new: RootKey
            do {
                new = try await node.giveUp(member.id, root: root, admin: admin, user: user, passphrase: wanted.passphrase)
            } catch let error as TrustError {
                throw ProblemDetails(title: "The root key was not replaced", status: 409, detail: "\(error.reason).", cure: error.cure)
            }
            node.rootKeychain.unlock(new, signer: Signer(name: user, key: admin), for: holder)
            node.audit.record(.nodeRevoked, context, subject: member.name, detail: "stolen; the root key was replaced")
            // A new root has a new authority for browsers.
            await node.certifyForBrowsers(logger: logger)
            logger.notice(
                "gave up a stolen node, and replaced the root key",
                metadata: ["node": "\(member.id.short)", "name": "\(member.name)", "by": "\(context.caller?.user.name ?? "?")"])
            return try Response.json(
                StolenResource(
                    node: id, name: member.name, targets: node.store.targets.locations.map { "\($0)" },
                    admins: node.users.filter { $0.role == Caller.Role.admin.rawValue }.map(\.name)))
        }
    }
}
