import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// `/session`: signing in, being somebody, signing out.
struct SessionRoutes: Sendable {
    let node: NodeServices
    let door: Authentication.Door
    let gate: SignInGate
    let logger: Logger

    private struct Credentials: Decodable {
        let username: String
        let password: String
    }

    /// Open to everybody.
    func addPublic(to group: RouterGroup<APIContext>) {
        group.post("session") { request, context in try await signIn(request, context) }
        group.get("node") { [node] _, _ in try Response.json(node.introduction) }
    }

    func add(to group: RouterGroup<APIContext>) {
        group.get("session") { [node] _, context in
            guard let caller = context.caller else { throw ProblemDetails.signInFirst }
            return try Response.json(node.session(of: caller, expires: context.expires ?? Date().addingTimeInterval(Sessions.lifetime)))
        }
        group.post("session/unlock") { request, context in try await unlock(request, context) }
        group.delete("session") { request, context in try await signOut(request, context) }
    }

    private func signIn(_ request: Request, _ context: APIContext) async throws -> Response {
        guard Authentication.isSameOrigin(request) else { throw ProblemDetails.forbidden("This came from another site's page.") }
        let body = try await request.wholeBody(upTo: 1 << 14)
        let credentials = try JSONCoding.decoder.decode(Credentials.self, from: Data(buffer: body))
        let address = context.channel.remoteAddress?.ipAddress ?? "?"
        let host = ConnectionLimits.Host(context.channel.remoteAddress)
        if let wait = gate.reserve(host, address, user: credentials.username) {
            return Response.later(wait, "Too many wrong passwords", "Sign-in from this address is paused.")
        }
        let user = node.users.first { $0.name == credentials.username }
        // A name nobody has costs as much time as a wrong password, so that time does not tell names.
        let hash = user?.passwordHash ?? SignInGate.nobodysHash
        guard let isRight = await gate.verify(credentials.password, against: hash) else {
            return Response.later(.seconds(2), "Too many at once", "Others are signing in just now.")
        }
        guard isRight, let user, let role = Caller.Role(rawValue: user.role) else {
            // A name that nobody has may be a password, typed into the wrong field.
            node.audit.record(.signInRefused, context, who: user?.name ?? AuditEntry.unknown)
            logger.notice("a sign-in failed", metadata: ["user": "\(user?.name ?? AuditEntry.unknown)", "address": "\(address)"])
            throw ProblemDetails(
                title: "Wrong name or password", status: 401, detail: "No user of this mesh has that name and password.",
                cure: "Check both; a mesh has one set of users, the same at every camera.")
        }
        gate.succeeded(host, address, user: credentials.username)
        let adminKey = role == .admin ? await gate.open(Array(user.sealedAdminKey), password: credentials.password) : nil
        let (token, session) = await node.sessions.begin(user: user, role: role, adminKey: adminKey, now: Date())
        node.audit.record(.signedIn, context, who: user.name)
        var response = try Response.json(node.session(of: .user(name: user.name, role: role), expires: session.expires))
        response.headers[.setCookie] = SessionCookie.set(token, door: door)
        return response
    }

    /// Root acts ask for the passphrase again, and this node can carry them out for 10 minutes (mesh.md §1).
    private func unlock(_ request: Request, _ context: APIContext) async throws -> Response {
        guard let holder = RootKeychain.Holder(context) else { throw ProblemDetails.forbidden("Viewers can look, admins can act.") }
        let body = try await request.wholeBody(upTo: 1 << 14)
        let wanted = try JSONCoding.decoder.decode(UnlockRequest.self, from: Data(buffer: body))
        switch try await RootUnlock(node: node, gate: gate, logger: logger).open(wanted.passphrase, context) {
        case .later(let wait): return .later(wait, "Too many wrong passphrases", "Unlocking from this address is paused.")
        case .opened(let root, let admin, let user):
            node.rootKeychain.unlock(root, signer: admin.map { Signer(name: user, key: $0) }, for: holder)
            node.audit.record(.unlocked, context, detail: context.author == .local ? "with the passphrase of \(user)" : nil)
            await node.confirmNewcomers(by: root)
            await node.certifyForBrowsers(logger: logger)
            return try Response.json(UnlockResource(expires: Date().addingTimeInterval(RootKeychain.lifetime / .seconds(1))))
        }
    }

    private func signOut(_ request: Request, _ context: APIContext) async throws -> Response {
        if let token = SessionCookie.token(in: request.headers[values: .cookie], door: door) {
            node.rootKeychain.lock(.session(Sessions.hash(token)))
            let failure = await node.sessions.end(token, now: Date())
            if context.session != nil { node.audit.record(.signedOut, context) }
            if let failure {
                var response = KeptOnDisk.notKept(failure).response
                response.headers[.setCookie] = SessionCookie.clear(door: door)
                return response
            }
        }
        return Response(status: .noContent, headers: [.setCookie: SessionCookie.clear(door: door)])
    }
}

extension NodeServices {
    func session(of caller: Caller, expires: Date) -> SessionResource {
        let user = caller.user
        return SessionResource(
            user: .init(name: user.name, role: user.role.rawValue), node: .init(id: id, name: name), expires: expires)
    }
}
