import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import NIOCore
import NIOSSL

/// Finds out who asks, and what they may: a peer by its certificate, a user by cookie, a program by its token.
struct Authentication: RouterMiddleware {
    /// Which door the request came through.
    enum Door: Sendable {
        /// HTTPS for browsers.
        case web
        /// Plain HTTP on loopback.
        case loopback
        /// Mutual TLS between nodes.
        case peers
    }

    let door: Door
    let node: NodeServices
    let gate: SignInGate

    func handle(_ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response) async throws -> Response {
        var context = context
        // RFC 9112 §3.2; an HTTP/2 request has it as `:authority`.
        guard request.head.authority != nil else { throw ProblemDetails.badRequest("The request names no host.") }
        switch door {
        case .peers:
            guard let certificate = try await context.channel.nioSSL_peerCertificate().get(),
                let peer = PeerTLS.nodeID(of: certificate, roster: node.gossip.view.roster)
            else { throw ProblemDetails.forbidden("This port is for members of the mesh.") }
            context.caller = .peer(peer)
            context.rights = .everything
            // The token comes along, and not just a name: no node can act for a user whose session it has not seen.
            if let token = request.headers[.meshCamSession], let standing = node.standing(of: .session(Sessions.hash(token))) {
                context.behalf = standing.caller
                context.behalfAddress = request.headers[.meshCamFrom].map { String($0.prefix(64)) }
                context.sessionToken = token
            }
        case .loopback where !Self.isLoopback(request.head.authority):
            // Somebody else's name that resolves to this machine: a page out there must not reach in.
            throw ProblemDetails(title: "Wrong host", status: 421, detail: "This address answers for localhost only.")
        case .web, .loopback:
            if request.uri.path.hasPrefix(OpenCameraRoutes.prefix + "/") {
                // Apps come from elsewhere: a browser's cookie means nothing here.
                if let token = request.headers[.xToken], let refusal = admit(token, &context) { return refusal }
            } else if let field = request.headers[.authorization] {
                let token = field.lowercased().hasPrefix("bearer ") ? field.dropFirst(7).trimmingCharacters(in: .whitespaces) : ""
                if let refusal = admit(token, &context) { return refusal }
            } else if let token = try sessionToken(of: request) {
                take(.session(Sessions.hash(token)), &context)
                if context.proof != nil { context.sessionToken = token }
            }
        }
        return try await next(request, context)
    }

    /// A program's token: this machine's own, or one that an admin made. Answers the refusal of one that opens nothing.
    ///
    /// A right token always passes: it cannot be guessed, and one program's stale token must not lock out another at the same address.
    /// Wrong ones are slowed down like wrong passwords, so that they fill no log.
    private func admit(_ token: String, _ context: inout APIContext) -> Response? {
        if node.localAccess.accepts(token: token) {
            context.caller = .local
            context.rights = .everything
            return nil
        }
        take(.token(TokenList.hash(token)), &context)
        if context.caller != nil { return nil }
        if let wait = gate.wrongToken(from: context.address) {
            return .later(wait, "Too many wrong tokens", "Tokens from this address are paused.")
        }
        node.audit.record(.tokenRefused, context, who: AuditEntry.unknown)
        return ProblemDetails.signInFirst.response
    }

    private func take(_ proof: Proof, _ context: inout APIContext) {
        guard let standing = node.standing(of: proof) else { return }
        context.caller = standing.caller
        context.rights = standing.rights
        context.expires = standing.expires
        context.proof = proof
    }

    /// The session's token that came along; `nil` when there is none.
    private func sessionToken(of request: Request) throws -> String? {
        guard let token = SessionCookie.token(in: request.headers[values: .cookie], door: door) else { return nil }
        // A browser sends cookies along with what other sites' pages make it ask. Those pages may not change anything here.
        if !request.method.isSafe, !Self.isSameOrigin(request) {
            throw ProblemDetails.forbidden("This came from another site's page.")
        }
        return token
    }

    static func isLoopback(_ authority: String?) -> Bool {
        guard let authority = authority?.lowercased() else { return false }
        let host = authority.hasPrefix("[") ? String(authority.prefix { $0 != "]" }) + "]" : String(authority.prefix { $0 != ":" })
        return host == "localhost" || host == "[::1]" || host.hasSuffix(".localhost")
            || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
    }

    /// Fetch Metadata where the browser sends it, else `Origin`; a client that sends neither is no browser.
    static func isSameOrigin(_ request: Request) -> Bool {
        if let site = request.headers[.secFetchSite] { return site == "same-origin" || site == "none" }
        guard let origin = request.headers[.origin] else { return true }
        guard let authority = request.head.authority, let separator = origin.range(of: "://") else { return false }
        return origin[separator.upperBound...].lowercased() == authority.lowercased()
    }
}

extension HTTPField.Name {
    static let secFetchSite = HTTPField.Name("Sec-Fetch-Site")!
}

extension HTTPRequest.Method {
    /// RFC 9110 §9.2.1: changes nothing.
    var isSafe: Bool { self == .get || self == .head || self == .options }
}
