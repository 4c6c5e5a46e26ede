import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

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
        group.delete("session") { request, context in try await signOut(request, context) }
    }

    private func signIn(_ request: Request, _ context: APIContext) async throws -> Response {
        guard Authentication.isSameOrigin(request) else { throw ProblemDetails.forbidden("This came from another site's page.") }
        let body = try await request.body.collect(upTo: 1 << 14)
        let credentials = try JSONCoding.decoder.decode(Credentials.self, from: Data(buffer: body))
        let address = context.channel.remoteAddress?.ipAddress ?? "?"
        if let wait = gate.reserve(address) {
            let seconds = Int((wait / .seconds(1)).rounded(.up))
            var response = ProblemDetails(
                title: "Too many wrong passwords", status: 429, detail: "Sign-in from this address is paused.",
                cure: "Try again in \(seconds) s."
            ).response
            response.headers[.retryAfter] = "\(seconds)"
            return response
        }
        let user = node.users.first { $0.name == credentials.username }
        // A name nobody has costs as much time as a wrong password, so that time does not tell names.
        let hash = user?.passwordHash ?? SignInGate.nobodysHash
        guard await gate.verify(credentials.password, against: hash), let user, let role = Caller.Role(rawValue: user.role) else {
            logger.notice("a sign-in failed", metadata: ["user": "\(credentials.username.prefix(64))", "address": "\(address)"])
            throw ProblemDetails(
                title: "Wrong name or password", status: 401, detail: "No user of this mesh has that name and password.",
                cure: "Check both; a mesh has one set of users, the same at every camera.")
        }
        gate.succeeded(address)
        let (token, session) = await node.sessions.begin(user: user.name, role: role, now: Date())
        var response = try Response.json(node.session(of: .user(name: user.name, role: role), expires: session.expires))
        response.headers[.setCookie] = SessionCookie.set(token, door: door)
        return response
    }

    private func signOut(_ request: Request, _ context: APIContext) async throws -> Response {
        if let token = SessionCookie.token(in: request.headers[values: .cookie], door: door) {
            await node.sessions.end(token, now: Date())
        }
        return Response(status: .noContent, headers: [.setCookie: SessionCookie.clear(door: door)])
    }
}

/// Checks passwords one at a time, on a thread of their own: Argon2id takes 64 MiB and half a second of a Pi.
final class SignInGate: Sendable {
    private let throttle = Mutex(SignInThrottle())
    private let queue = DispatchQueue(label: "meshcam.passwords")

    /// Verifies no password at all.
    static let nobodysHash =
        "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

    /// Counts a try before it is made, as one that failed, so that tries made at once count like tries one after another.
    /// Answers how long to wait instead, when there were too many.
    func reserve(_ address: String) -> Duration? {
        throttle.withLock { throttle in
            if let wait = throttle.wait(for: address, now: .now) { return wait }
            throttle.failed(address, now: .now)
            return nil
        }
    }

    /// The try was none: it is forgotten, and so are the ones before it.
    func succeeded(_ address: String) { throttle.withLock { $0.succeeded(address) } }

    func verify(_ password: String, against hash: String) async -> Bool {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: PasswordHash.verify(password, against: hash)) }
        }
    }
}

extension NodeServices {
    func session(of caller: Caller, expires: Date) -> SessionResource {
        let user = caller.user
        return SessionResource(
            user: .init(name: user.name, role: user.role.rawValue), node: .init(id: id, name: name), expires: expires)
    }

    /// Everybody who may sign in; part of the mesh's shared configuration.
    var users: [UsersConfig.User] {
        guard let bytes = gossip.view.config[SharedConfigKey.users], let config = try? UsersConfig(serializedBytes: bytes) else { return [] }
        return config.users
    }
}
