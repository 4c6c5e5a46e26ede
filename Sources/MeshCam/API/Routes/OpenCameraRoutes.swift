import Foundation
import HTTPTypes
import Hummingbird
import Media

/// The OpenCamera API (`/api/v1`) of this node's own camera: so far its live sessions. Whoever asks has a token in the header `x-token`.
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
        let (_, answer) = try await node.beginLive(offer.sdp, camera: node.id, stream: .main, request, context, until: until)
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
