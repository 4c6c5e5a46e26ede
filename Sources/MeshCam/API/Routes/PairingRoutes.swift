import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import Logging

/// `/discovered` and `/pairings`: cameras that wait to be added, and adding one with its setup code.
struct PairingRoutes: Sendable {
    let node: NodeServices
    let logger: Logger

    /// More are not listed, whoever tells of them.
    private static let listLimit = 64

    /// For people and for peers: what this node sees, or what all see.
    func addDiscovered(to group: RouterGroup<APIContext>) {
        group.get("discovered") { _, context in try Response.json(await discovered(context)) }
    }

    func add(to group: RouterGroup<APIContext>) {
        addDiscovered(to: group)
        group.post("pairings") { request, context in try await pair(request, context) }
        group.delete("nodes/:id") { _, context in try await revoke(context) }
    }

    /// Multicast may reach a camera from one node and not from another, so all are asked.
    private func discovered(_ context: APIContext) async -> [DiscoveredResource] {
        let own = node.gossip.unpaired.map { DiscoveredResource($0) }
        if context.isLocal { return own }
        let (parts, _) = await node.gather("/api/mesh/v1/discovered", as: [DiscoveredResource].self)
        var found: [String: DiscoveredResource] = [:]
        for resource in own + parts.flatMap({ $0.1.prefix(Self.listLimit).map(\.bounded) }) {
            if found[resource.id] == nil, found.count < Self.listLimit { found[resource.id] = resource } else { found[resource.id]?.merge(resource) }
        }
        return found.values.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    private func pair(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.wholeBody(upTo: 1 << 14)
        let wanted = try JSONCoding.decoder.decode(PairingRequest.self, from: Data(buffer: body))
        let root = try node.unlockedRoot(context)
        guard let code = SetupCode(typed: wanted.code) else {
            throw ProblemDetails(
                type: "/problems/wrong-code", title: "Not a setup code", status: 422,
                detail: "The nine digits do not belong together: at least one is mistyped.", cure: "Read them again; the camera was not asked.")
        }
        let (addresses, expected) = try await addresses(of: wanted.node, context)
        let client = PairingClient(own: node.identity.public, name: node.name)
        let id: NodeID
        do throws(PairingError) {
            id = try await client.pair(with: addresses, code: code) { [node] newcomer, name in
                if let expected, newcomer.id != expected { throw PairingError.notGenuine }
                try node.gossip.view.roster.checkNewcomer(newcomer)
                return await node.admit(newcomer, name: name, by: root)
            }
            await node.completeDataKeys(context, logger: logger)
        } catch {
            node.audit.record(.cameraRefused, context, detail: error.reason)
            logger.notice("a camera was not added: \(error.reason)", metadata: ["by": "\(context.caller?.user.name ?? "?")"])
            var response = ProblemDetails(error).response
            if let wait = error.retryAfter { response.headers[.retryAfter] = "\(Int((wait / .seconds(1)).rounded(.up)))" }
            return response
        }
        logger.notice("added a camera", metadata: ["node": "\(id.short)", "by": "\(context.caller?.user.name ?? "?")"])
        node.audit.record(.cameraAdded, context, subject: node.memberName(id), detail: "\(id)")
        return try Response.json(PairingResource(node: "\(id)", name: node.memberName(id)), status: .created)
    }

    /// By id or name of a discovered node, or by address.
    private func addresses(of text: String, _ context: APIContext) async throws -> ([PeerAddress], NodeID?) {
        let found = await discovered(context).filter { $0.id == text || $0.name == text }
        if found.count > 1 {
            throw ProblemDetails.badRequest("Several cameras call themselves \(text.prefix(63)).", cure: "Name the camera by its id, from GET /api/mesh/v1/discovered.")
        }
        if let one = found.first {
            return (one.addresses.compactMap { PeerAddress(parsing: $0, defaultPort: 7463) }, NodeID(hex: one.id))
        }
        guard text.contains(".") || text.contains(":"), let address = PeerAddress(parsing: text, defaultPort: 7463) else {
            throw ProblemDetails.notFound("camera waiting to be added called", text)
        }
        return ([address], nil)
    }

    /// For ever: it can come back only as another node, with a new code.
    private func revoke(_ context: APIContext) async throws -> Response {
        let root = try node.unlockedRoot(context)
        let id = context.parameter("id")
        guard let member = node.gossip.view.members.first(where: { "\($0.id)" == id }) else { throw ProblemDetails.notFound("node", id) }
        guard !member.isSelf else {
            throw ProblemDetails(
                title: "Not by itself", status: 409, detail: "\(node.name) answers this request, and cannot revoke itself.",
                cure: "Open the dashboard of another node and revoke it there.")
        }
        await node.confirmNewcomers(by: root)
        await node.revoke(member.id, by: root, context, logger: logger)
        logger.notice("revoked a node", metadata: ["node": "\(member.id.short)", "name": "\(member.name)", "by": "\(context.caller?.user.name ?? "?")"])
        node.audit.record(.nodeRevoked, context, subject: member.name, detail: "\(member.id)")
        return Response(status: .noContent)
    }
}

extension NodeServices {
    /// - Throws: 403 `root-locked` unless the caller typed the passphrase here in the last 10 minutes.
    func unlockedRoot(_ context: APIContext) throws -> RootKey {
        let roster = gossip.view.roster
        try checkRoot(roster)
        guard let holder = RootKeychain.Holder(context), let root = rootKeychain.root(for: holder), root.publicKey == roster.currentRootPublicKey else {
            throw ProblemDetails(
                type: "/problems/root-locked", title: "root-locked", status: 403, detail: "This changes who belongs to the mesh.",
                cure: "Type your passphrase again: POST /api/mesh/v1/session/unlock.")
        }
        return root
    }

    /// Higher than that of any record that this node knows.
    var nextSerial: UInt64 { gossip.view.roster.nextSerial }

    /// Signs a newcomer's admission, keeps it, and answers what the newcomer needs.
    func admit(_ newcomer: NodeIdentity.Public, name: String, by root: RootKey) async -> (Roster, [NodeID: [PeerAddress]]) {
        await gossip.merge([root.admit(newcomer, name: name, serial: nextSerial)])
        return (gossip.view.roster, whereabouts)
    }

    /// Where members are, for a newcomer.
    var whereabouts: [NodeID: [PeerAddress]] {
        let view = gossip.view
        var peers = Dictionary(view.members.filter { !$0.isSelf }.map { ($0.id, $0.addresses) }, uniquingKeysWith: { first, _ in first })
        if let port = gossip.boundPort {
            peers[identity.id] = InterfaceAddresses.current().map { PeerAddress(host: $0, port: port) }
        }
        return peers
    }

    func memberName(_ id: NodeID) -> String { gossip.view.member(id)?.name ?? id.short }
}

extension RootKeychain.Holder {
    /// `nil` for callers who may not administer.
    init?(_ context: APIContext) {
        switch context.caller {
        case .user(_, .admin): if let session = context.session { self = .session(session) } else { return nil }
        case .local: self = .local
        case .user, .token, .peer, nil: return nil
        }
    }
}
