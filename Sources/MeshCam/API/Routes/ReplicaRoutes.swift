import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import NIOCore
import Storage

/// `/replicas`, between nodes only: a camera's clips, kept here for it until a target has them (``ReplicaShelf``).
struct ReplicaRoutes: Sendable {
    let node: NodeServices
    /// A camera sends one thing after the other.
    private static let gate = ExchangeGate(perMember: 2, perSecond: 500)

    static let prefix = "/api/mesh/v1/replicas"
    static let brought = "\(prefix)/brought"

    func add(to group: RouterGroup<APIContext>) {
        group.put("replicas/:id/manifest") { request, context in
            try await take(request, context) { clip, body throws(ReplicaRefusal) in
                try node.store.replicas.take(manifest: body, of: clip, isHandedOver: request.uri.queryParameters["handed"] == "1")
            }
        }
        group.put("replicas/:id/video") { request, context in
            guard let offset = request.uri.queryParameters["offset"].flatMap({ Int($0) }), offset >= 0 else { throw ProblemDetails.badRequest("offset must be a number.") }
            return try await take(request, context) { clip, body throws(ReplicaRefusal) in
                try node.store.replicas.take(video: body, at: offset, of: clip)
            } answer: { clip in
                try node.store.replicas.witness(of: clip, node: node.id, time: node.clock.now()).map { try Response.json($0) }
            }
        }
        group.put("replicas/:id/poster") { request, context in
            try await take(request, context) { clip, body throws(ReplicaRefusal) in try node.store.replicas.take(poster: body, of: clip) }
        }
        group.delete("replicas/:id") { request, context in
            try await take(request, context) { clip, _ throws(ReplicaRefusal) in node.store.replicas.release(clip) }
        }
        // The other way round: a peer that kept clips for this node has brought some to a storage.
        group.post("replicas/brought") { _, context in
            guard case .peer(let peer) = context.caller else { throw ProblemDetails.forbidden("Members tell this, and nobody else.") }
            return try await Self.gate.admit(peer) {
                node.store.lookAgain()
                return Response(status: .noContent)
            }
        }
        let clips = ClipRoutes(node: node)
        group.get("replicas/:id") { try await clips.replica(try kept($1), .resource, $0) }
        group.get("replicas/:id/video.mp4") { try await clips.replica(try kept($1), .video, $0) }
        group.get("replicas/:id/thumbnail.jpg") { try await clips.replica(try kept($1), .poster, $0) }
        group.get("replicas/:id/facts.json") { try await clips.replica(try kept($1), .facts, $0) }
    }

    private func kept(_ context: APIContext) throws -> CatalogueEntry {
        let text = context.parameter("id")
        guard let id = ClipID(text), let entry = node.store.replicas.clip(id, keeper: node.name) else { throw ProblemDetails.notFound("replica", text) }
        return entry
    }

    /// A camera sends clips of its own only.
    private func take(
        _ request: Request, _ context: APIContext, _ body: @Sendable (ClipID, [UInt8]) throws(ReplicaRefusal) -> Void,
        answer: @Sendable (ClipID) throws -> Response? = { _ in nil }
    ) async throws -> Response {
        guard case .peer(let peer) = context.caller, let clip = ClipID(context.parameter("id")), clip.node == "\(peer)" else {
            throw ProblemDetails.forbidden("A camera has its own clips kept, and no others.")
        }
        return try await Self.gate.admit(peer) {
            let bytes = try await request.wholeBody(upTo: ReplicaShelf.pieceLimit)
            do throws(ReplicaRefusal) {
                try body(clip, Array(buffer: bytes))
            } catch {
                return error.response
            }
            return try answer(clip) ?? Response(status: .noContent)
        }
    }
}

extension ReplicaRefusal {
    /// How it travels: status, and a number where one helps.
    fileprivate var response: Response {
        switch self {
        case .full: .text("full", status: .init(code: 507))
        case .unknown: .text("unknown", status: .notFound)
        case .elsewhere(let bytes): .text("\(bytes)", status: .conflict)
        case .rescued: .text("rescued", status: .gone)
        case .malformed(let why): .text(why, status: .unprocessableContent)
        }
    }

    /// As it arrives; nil: something else is wrong.
    init?(status: Int, text: String) {
        switch (status, Int(text)) {
        case (507, _): self = .full
        case (404, _): self = .unknown
        case (409, let bytes?): self = .elsewhere(bytes: bytes)
        case (410, _): self = .rescued
        case (422, _): self = .malformed("refused")
        default: return nil
        }
    }
}
