import Foundation
import Gossip
import Hummingbird
import NIOCore

/// What a request carries through middleware and routes.
struct APIContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The connection it came on; its TLS state tells which peer is calling.
    let channel: any Channel
    /// Who asks; set by ``Authentication``. `nil`: nobody we know.
    var caller: Caller?
    /// What the caller may.
    var rights = Rights.nothing
    /// What the caller proved it with; `nil` for peers and programs on this machine.
    var proof: Proof?
    /// When the caller's session ends; `nil` for callers without one.
    var expires: Date?
    /// The session's own token, for the node that issued it; `nil` for callers without one.
    var sessionToken: String?
    /// For whom a peer asks, proven by the token of a session that this node knows; `nil` where it asks for itself.
    var behalf: Caller?
    /// Where `behalf` is, as that peer says.
    var behalfAddress: String?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// A path parameter.
    func parameter(_ name: String) -> String { parameters.get(name) ?? "" }

    /// Whether to answer for this node alone: a peer asks each node for its own part.
    var isLocal: Bool {
        if case .peer = caller { true } else { false }
    }

    /// Hash of the session's token; `nil` for callers without one.
    var session: [UInt8]? {
        if case .session(let hash) = proof { hash } else { nil }
    }

    /// Who wants this done.
    var author: Caller? { behalf ?? caller }

    /// Where the author is, for the audit log.
    var address: String {
        let address = behalfAddress ?? channel.remoteAddress?.ipAddress ?? "?"
        // The doors take IPv4 on IPv6 sockets (RFC 4291 §2.5.5.2); people know it without that.
        return address.hasPrefix("::ffff:") ? String(address.dropFirst(7)) : address
    }
}

/// Who makes a request.
enum Caller: Sendable, Hashable {
    /// Somebody who signed in, on this node or another.
    case user(name: String, role: Role)
    /// A program that has an API token.
    case token(id: String, name: String, role: Role)
    /// A program on this machine that could read the node's access file.
    case local
    /// Another node of the mesh, known by its certificate.
    case peer(NodeID)

    enum Role: String, Codable, Sendable {
        case admin, viewer
    }

    /// Name and role for the page.
    var user: (name: String, role: Role) {
        switch self {
        case .user(let name, let role): (name, role)
        case .token(_, let name, let role): ("token \(name)", role)
        case .local: ("local", .admin)
        case .peer(let id): (id.short, .admin)
        }
    }
}
