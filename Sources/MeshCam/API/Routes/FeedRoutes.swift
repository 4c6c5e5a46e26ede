import Hummingbird
import Media
import NIOCore

/// Between nodes: this node's camera for a node that passes it on to its own viewers.
struct FeedRoutes: Sendable {
    let node: NodeServices

    /// Pictures that may wait for a peer: two seconds. One that is slower loses up to the next key frame.
    private static let capacity = 60

    func add(to group: RouterGroup<APIContext>) {
        group.get("cameras/:id/feed") { request, context in
            let stream = try stream(request, context)
            let subscription = node.camera.camera.subscribe(to: stream, name: "peer", capacity: Self.capacity)
            return Response(
                status: .ok, headers: [.contentType: "application/octet-stream", .cacheControl: "no-store"],
                body: ResponseBody { writer in
                    while let element = await subscription.next() {
                        // The peer's own viewers hear of gaps by the key frame that follows.
                        guard case .unit(let unit) = element, unit.codec.isVideo else { continue }
                        try await writer.write(ByteBuffer(bytes: AccessUnitWire.encode(unit)))
                    }
                    try await writer.finish(nil)
                })
        }
        group.post("cameras/:id/key-frame") { request, context in
            node.camera.camera.requestKeyFrame(of: try stream(request, context))
            return Response(status: .noContent)
        }
    }

    private func stream(_ request: Request, _ context: APIContext) throws -> LiveStream {
        guard context.parameter("id") == node.id else { throw ProblemDetails.notFound("camera of this node", context.parameter("id")) }
        guard let stream = request.uri.queryParameters["stream"].flatMap({ LiveStream(rawValue: String($0)) }) else {
            throw ProblemDetails.badRequest("stream must be main or small.")
        }
        return stream
    }
}
