import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import NIOCore
import NIOSSL

/// Finds out who asks: a peer by its certificate, a user by cookie, a program on this machine by its token.
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
        case .loopback where !Self.isLoopback(request.head.authority):
            // Somebody else's name that resolves to this machine: a page out there must not reach in.
            throw ProblemDetails(title: "Wrong host", status: 421, detail: "This address answers for localhost only.")
        case .web, .loopback:
            if let token = try token(of: request) {
                let hash = Sessions.hash(token)
                if let session = node.sessions.find(hash: hash, now: Date()) {
                    context.caller = .user(name: session.user, role: session.role)
                    context.expires = session.expires
                    context.session = hash
                }
            } else if request.headers[.authorization] != nil {
                context.caller = .local
            }
        }
        return try await next(request, context)
    }

    /// The session's token that came along; `nil` when there is none, or a program on this machine proved itself instead.
    private func token(of request: Request) throws -> String? {
        if let authorization = request.headers[.authorization] {
            guard authorization.lowercased().hasPrefix("bearer "),
                node.localAccess.accepts(token: authorization.dropFirst(7).trimmingCharacters(in: .whitespaces))
            else { throw ProblemDetails.signInFirst }
            return nil
        }
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
