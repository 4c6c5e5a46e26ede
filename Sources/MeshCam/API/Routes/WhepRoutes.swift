import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import Media
import NIOCore

/// Live pictures by WebRTC: WHEP (draft-ietf-wish-whep) for any camera, at any node. The node that has the camera answers, so its pictures
/// go straight from there to the viewer; with `?relay=true` they go through the node that was asked, for viewers whom no way leads to the other.
struct WhepRoutes: Sendable {
    let node: NodeServices

    /// Longer descriptions are no browser's.
    static let offerLimit = 128 << 10
    private static let fragmentLimit = 32 << 10

    func add(to group: RouterGroup<APIContext>) {
        group.post("cameras/:id/whep") { request, context in
            try await answer(request, context) { try await offer(request, context) }
        }
        group.patch("cameras/:id/whep/:session") { request, context in
            try await answer(request, context) { try await trickle(request, context) }
        }
        group.delete("cameras/:id/whep/:session") { request, context in
            try await answer(request, context) { try await end(context) }
        }
    }

    private static let relayed = "?relay=true"

    /// A session that goes through this node is its own, whosever the camera is.
    private func isRelayed(_ request: Request) -> Bool { request.uri.queryParameters["relay"] == "true" }

    private func answer(_ request: Request, _ context: APIContext, here: () async throws -> Response) async throws -> Response {
        let id = context.parameter("id")
        // Before it is passed on: a peer asks as a peer, and is told everything.
        guard context.rights.sees(camera: id), let owner = node.owner(ofCamera: id) else { throw ProblemDetails.notFound("camera", id) }
        if case .peer = owner, isRelayed(request), !context.isLocal { return try await here() }
        return try await node.answer(request, context, owner: owner, here: here)
    }

    private func offer(_ request: Request, _ context: APIContext) async throws -> Response {
        guard request.headers[.contentType]?.lowercased().hasPrefix("application/sdp") == true else {
            throw ProblemDetails(
                title: "Not an offer", status: 415, detail: "The body must be an SDP offer.", cure: "Send it with Content-Type: application/sdp.")
        }
        let name = request.uri.queryParameters["stream"].map(String.init) ?? LiveStream.main.rawValue
        guard let stream = LiveStream(rawValue: name) else { throw ProblemDetails.badRequest("stream must be main or small.") }
        let camera = context.parameter("id")
        let body = try await request.wholeBody(upTo: Self.offerLimit)
        let (id, answer, generation) = try await node.beginLive(String(buffer: body), camera: camera, stream: stream, request, context)
        var headers: HTTPFields = [
            .contentType: "application/sdp", .cacheControl: "no-store", .location: "/api/mesh/v1/cameras/\(camera)/whep/\(id)\(camera == node.id ? "" : Self.relayed)",
            .eTag: "\"\(generation)\"",
        ]
        // RFC 9725 §4.6, which WHEP takes over.
        headers[values: .link] = node.iceServers.uris.map { "<\($0)>; rel=\"ice-server\"" }
        return Response(status: .created, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: answer)))
    }

    private func trickle(_ request: Request, _ context: APIContext) async throws -> Response {
        guard let id = ViewerID(context.parameter("session")) else { throw ProblemDetails(WebRTCError.unknownViewer) }
        guard request.headers[.contentType]?.lowercased().hasPrefix("application/trickle-ice-sdpfrag") == true else {
            throw ProblemDetails(
                title: "Not a fragment", status: 415, detail: "The body must be a fragment with ICE candidates (RFC 8840).",
                cure: "Send it with Content-Type: application/trickle-ice-sdpfrag.")
        }
        let body = try await request.wholeBody(upTo: Self.fragmentLimit)
        do {
            // RFC 9725 §4.3: candidates name the ICE generation that they are for, and a restart any. Who names none is believed, too.
            let wanted = request.headers[values: .ifMatch].joined(separator: ",").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            let generations = wanted.isEmpty || wanted.contains("*") ? nil : wanted.filter { $0.hasPrefix("\"") }.map { $0.trimmingCharacters(in: ["\""]) }
            guard let (fragment, generation) = try await node.live.trickle(id, String(buffer: body), generations: generations) else {
                return Response(status: .noContent)
            }
            return Response(
                status: .ok, headers: [.contentType: "application/trickle-ice-sdpfrag", .cacheControl: "no-store", .eTag: "\"\(generation)\""],
                body: ResponseBody(byteBuffer: ByteBuffer(string: fragment)))
        } catch let error as WebRTCError {
            throw ProblemDetails(error)
        }
    }

    /// One that is over already is ended, too: the viewer's own goodbye by UDP is often here first.
    private func end(_ context: APIContext) async throws -> Response {
        guard let id = ViewerID(context.parameter("session")) else { throw ProblemDetails(WebRTCError.unknownViewer) }
        await node.live.end(id)
        return Response(status: .ok)
    }
}

extension HTTPField.Name {
    /// RFC 8288.
    static let link = HTTPField.Name("Link")!
}

extension NodeServices {
    /// Begins a session that this node serves, of its own camera or of another's through it. With the caller's right to see the camera it ends.
    ///
    /// - Parameter until: it ends then in any case. Default: never by itself.
    func beginLive(
        _ offer: String, camera: String, stream: LiveStream, _ request: Request, _ context: APIContext, until: Date? = nil
    ) async throws -> (id: ViewerID, answer: String, generation: String) {
        let source = try liveSource(of: camera)
        var (peer, proof) = (NodeID?.none, context.proof)
        if case .peer(let member) = context.caller {
            peer = member
            proof = request.headers[.meshCamProof].flatMap { Proof($0) }
        }
        // Who has just gone is still counted for a moment, which matters to none but these.
        if let proof, viewers.count(of: proof) >= ViewerWatch.limit { await viewers.forgetEnded { await live.viewers } }
        if let proof, viewers.count(of: proof) >= ViewerWatch.limit {
            throw ProblemDetails(
                title: "Too many viewers", status: 429, detail: "This sign-in has \(ViewerWatch.limit) pictures of \(name) open already.", cure: "Close some of them.")
        }
        do {
            let answer = try await live.answer(offer, source: camera, live: source, stream: stream)
            let isKnown = proof.flatMap { standing(of: $0) }?.rights.sees(camera: camera) ?? false
            viewers.watch(answer.id, camera: camera, peer: peer, proof: proof, wasSeen: isKnown, until: until)
            return answer
        } catch let error as WebRTCError {
            throw ProblemDetails(error)
        }
    }

    private func liveSource(of id: String) throws -> any LiveSource {
        if case .peer(let member) = owner(ofCamera: id) { return relay.source(of: member) }
        switch camera.camera.status.state {
        case .running, .starting: return camera.camera
        case .failed(let problem): throw ProblemDetails.unavailable("\(name) has no picture: \(problem.message).", cure: problem.cure)
        case .none: throw ProblemDetails.notFound("camera on", name)
        }
    }
}

extension ProblemDetails {
    init(_ error: WebRTCError) {
        switch error {
        case .badOffer, .badFragment:
            self.init(type: "/problems/bad-offer", title: "No pictures by that description", status: 400, detail: "\(error).", cure: "Offer to receive H.264 video with BUNDLE and rtcp-mux, as browsers do; or watch the stream as fragmented MP4.")
        case .otherGeneration:
            self.init(title: "Another ICE generation", status: 412, detail: "\(error).", cure: "Send the newest answer's ETag in If-Match, or * to restart ICE.")
        case .tooMany: self.init(title: "Too many viewers", status: 503, detail: "\(error).", cure: "Close a viewer, or open another node's dashboard.")
        case .unknownViewer: self.init(title: "Not found", status: 404, detail: "\(error).", cure: "Send a new offer.")
        case .notRunning, .failed: self = .unavailable("\(error).", cure: "Try again in a second.")
        }
    }
}
