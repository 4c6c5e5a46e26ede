import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import Media

/// The OpenCamera API (`/api/v1`) of this node's own camera: so far its live view. Whoever asks has a token in the header `x-token`.
struct OpenCameraRoutes: Sendable {
    let node: NodeServices

    /// Where it begins.
    static let prefix = "/api/v1"

    /// A session lasts so long where the token has no end.
    private static let lifetime: TimeInterval = 24 * 3600

    /// What an app sends: a complete offer, with all of its candidates.
    struct LiveOffer: Decodable {
        var type: String
        var sdp: String
    }

    struct LiveAnswer: Encodable {
        var type = "answer"
        var sdp: String
        /// The session ends then.
        var validUntil: Date

        private enum CodingKeys: String, CodingKey {
            case type, sdp
            case validUntil = "valid_until"
        }
    }

    func add(to camera: RouterGroup<APIContext>) {
        camera.post("media/live/session") { request, context in try await begin(request, context) }
        camera.put("media/live/config") { request, context in try await configure(request, context) }
    }

    /// Servers that help apps behind other routers. They are this camera's, so its admins' tokens set them.
    private func configure(_ request: Request, _ context: APIContext) async throws -> Response {
        guard context.caller != nil else { throw ProblemDetails.noToken }
        guard context.rights.mayAdminister else { throw ProblemDetails.forbidden("This needs an admin's token.") }
        let body = try await request.wholeBody(upTo: 1 << 14)
        guard let wanted = try? JSONCoding.decoder.decode(LiveConfig.self, from: Data(buffer: body)) else {
            throw ProblemDetails.badRequest("The body is no configuration.", cure: #"Send {"ice_servers":["stun.example.net:3478"]}; [] for none."#)
        }
        guard wanted.iceServers.count <= IceServer.limit else { throw ProblemDetails.badRequest("There may be \(IceServer.limit) servers at most.") }
        var servers: [IceServer] = []
        for (index, text) in wanted.iceServers.enumerated() {
            guard let server = IceServer(text) else {
                throw ProblemDetails.badRequest("Server \(index + 1) is none.", cure: "Write HOST:PORT, stun:HOST:PORT or turn:HOST:PORT; IPv6 addresses in brackets.")
            }
            if !servers.contains(server) { servers.append(server) }
        }
        do { try node.iceServers.set(servers) } catch let error as TrustError { throw Self.notKept(error) }
        node.audit.record(.iceServersChanged, context, detail: servers.map(\.uri).joined(separator: ", "))
        node.events.publish(.camera, node.ownCamera)
        return Response(status: .ok)
    }

    private static func notKept(_ error: TrustError) -> ProblemDetails {
        ProblemDetails(
            type: "/problems/not-kept", title: "Not kept", status: 507, detail: "Nothing was changed: \(error)",
            cure: "Make room on this camera's disk and send it again.")
    }

    struct LiveConfig: Decodable {
        var iceServers: [String]

        private enum CodingKeys: String, CodingKey { case iceServers = "ice_servers" }
    }

    private func begin(_ request: Request, _ context: APIContext) async throws -> Response {
        guard context.caller != nil else { throw ProblemDetails.noToken }
        guard context.rights.sees(camera: node.id) else { throw ProblemDetails.forbidden("This token is not for this camera.") }
        let body = try await request.wholeBody(upTo: WhepRoutes.offerLimit)
        guard let offer = try? JSONCoding.decoder.decode(LiveOffer.self, from: Data(buffer: body)), offer.type == "offer" else {
            throw ProblemDetails.badRequest("The body is no offer.", cure: #"Send {"type":"offer","sdp":"…"} with all candidates in it."#)
        }
        let latest = Date().addingTimeInterval(Self.lifetime)
        let until = min(context.expires ?? latest, latest)
        let (_, answer, _) = try await node.beginLive(offer.sdp, camera: node.id, stream: .main, request, context, until: until)
        return try Response.json(LiveAnswer(sdp: answer, validUntil: until))
    }
}

extension ProblemDetails {
    static let noToken = ProblemDetails(
        title: "Unauthorized", status: 401, detail: "There is no x-token, or it opens nothing any more.",
        cure: "Make a token on the dashboard (Settings, tokens) or with 'meshcam tokens add', and send it as the header x-token.")
}

extension HTTPField.Name {
    static let xToken = HTTPField.Name("x-token")!
}
