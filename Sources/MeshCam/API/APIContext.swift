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
    /// When the caller's session ends; `nil` for callers without one.
    var expires: Date?
    /// Hash of the session's token; `nil` for callers without one.
    var session: [UInt8]?

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
}

/// Who makes a request.
enum Caller: Sendable {
    /// Somebody who signed in, on this node or another.
    case user(name: String, role: Role)
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
        case .local: ("local", .admin)
        case .peer(let id): (id.short, .admin)
        }
    }
}
