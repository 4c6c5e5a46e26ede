import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import Media
import NIOCore

/// `/cameras`: what there is to see, now.
struct CameraRoutes: Sendable {
    let node: NodeServices

    /// Wider pictures than this are nobody's screen.
    static let widths = 32...3840
    static let rates = 0.2...30.0

    func add(to group: RouterGroup<APIContext>) {
        group.get("cameras") { _, context in try Response.json(await list(context)) }
        group.get("cameras/:id") { request, context in
            try await answer(request, context) { try Response.json(node.ownCamera) } replica: { member in
                guard let camera = node.absentCamera(of: member) else { throw ProblemDetails.notFound("camera", context.parameter("id")) }
                return try Response.json(camera)
            }
        }
        group.get("cameras/:id/snapshot.jpg") { request, context in
            try await answer(request, context) { try await snapshot(request) }
        }
        group.get("cameras/:id/stream.mjpeg") { request, context in
            try await answer(request, context) { try stream(request) }
        }
        group.get("cameras/:id/live.mp4") { request, context in
            try await answer(request, context) { try await movie(request) }
        }
        group.post("cameras/:id/trigger") { request, context in
            let response = try await answer(request, context) { try await trigger(request) }
            if !context.isLocal, response.status == .accepted { node.audit.record(.triggered, context, subject: node.cameraName(context.parameter("id"))) }
            return response
        }
    }

    private func answer(
        _ request: Request, _ context: APIContext, here: () async throws -> Response, replica: ((Member) async throws -> Response)? = nil
    ) async throws -> Response {
        let id = context.parameter("id")
        // Before it is passed on: a peer asks as a peer, and is told everything.
        guard context.rights.sees(camera: id), let owner = node.owner(ofCamera: id) else { throw ProblemDetails.notFound("camera", id) }
        return try await node.answer(request, context, owner: owner, here: here, replica: replica)
    }

    private func list(_ context: APIContext) async -> [CameraResource] {
        let own = [node.ownCamera].filter { $0.state != .none }
        if context.isLocal { return own }
        let (parts, missing) = await node.gather("/api/mesh/v1/cameras", as: [CameraResource].self)
        let absent = missing.compactMap { node.absentCamera(of: $0.0) }
        return (own + parts.flatMap(\.1) + absent).compactMap(context.rights.cut).sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    private func snapshot(_ request: Request) async throws -> Response {
        let picture: JPEGPicture
        do {
            picture = try await node.camera.camera.snapshot(width: try width(request))
        } catch let error as MediaError {
            throw ProblemDetails.unavailable("\(node.name) has no picture: \(error)", cure: "Its page shows what is wrong with it.")
        }
        let taken = node.clock.date(of: picture.captured)
        let etag = "\"\(Int(taken.timeIntervalSince1970 * 1000))-\(picture.width)\""
        var headers: HTTPFields = [.eTag: etag, .cacheControl: "private, no-cache", .lastModified: HTTPDate.format(taken)]
        if request.headers[.ifNoneMatch] == etag { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = "image/jpeg"
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: picture.bytes)))
    }

    /// Motion JPEG: each picture a part, newest only; a slow viewer sees fewer.
    private func stream(_ request: Request) throws -> Response {
        if case .none = node.camera.camera.status.state { throw ProblemDetails.notFound("camera on", node.name) }
        let rate = request.uri.queryParameters["fps"].flatMap { Double($0) } ?? 10
        guard Self.rates.contains(rate) else { throw ProblemDetails.badRequest("fps must be 0.2 to 30.") }
        let pictures = node.camera.camera.pictures(width: try width(request), framesPerSecond: rate)
        return Response(
            status: .ok,
            headers: [.contentType: "multipart/x-mixed-replace; boundary=picture", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                for await picture in pictures {
                    var part = ByteBuffer(
                        string: "--picture\r\nContent-Type: image/jpeg\r\nContent-Length: \(picture.bytes.count)\r\n\r\n")
                    part.writeBytes(picture.bytes)
                    part.writeStaticString("\r\n")
                    try await writer.write(part)
                }
                try await writer.finish(nil)
            })
    }

    /// An endless fragmented MP4 file, a fragment for each picture; it ends when the camera's source breaks off.
    private func movie(_ request: Request) async throws -> Response {
        let name = request.uri.queryParameters["stream"].map(String.init) ?? LiveStream.main.rawValue
        guard let stream = LiveStream(rawValue: name) else { throw ProblemDetails.badRequest("stream must be main or small.") }
        if case .none = node.camera.camera.status.state { throw ProblemDetails.notFound("camera on", node.name) }
        let noPicture = "\(node.name) has no picture now."
        let movie: LiveMovie
        let type: String?
        do throws(MediaError) {
            movie = try node.camera.camera.movie(stream)
            type = try await movie.begin()
        } catch {
            throw ProblemDetails.unavailable("\(noPicture) \(error.message).", cure: error.cure)
        }
        guard let type else { throw ProblemDetails.unavailable(noPicture, cure: "Try again in a few seconds.") }
        return Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody { writer in
                while let bytes = try await movie.next() { try await writer.write(ByteBuffer(bytes: bytes)) }
                try await writer.finish(nil)
            })
    }

    private func trigger(_ request: Request) async throws -> Response {
        let body = try await request.wholeBody(upTo: 1 << 14)
        let wish = body.readableBytes == 0 ? TriggerRequest() : try JSONCoding.decoder.decode(TriggerRequest.self, from: Data(buffer: body))
        guard ["manual", "motion", "sound"].contains(wish.kind.rawValue) else {
            throw ProblemDetails.badRequest("kind must be manual, motion or sound.")
        }
        guard SettingsText.isLabel(wish.label ?? "") else { throw ProblemDetails.badRequest("label must be at most 64 printable characters.") }
        switch node.camera.camera.status.state {
        case .running: break
        case .failed(let problem): throw ProblemDetails.unavailable("\(node.name) has no picture: \(problem.message).", cure: problem.cure)
        case .starting, .none: throw ProblemDetails.unavailable("\(node.name) has no picture yet.", cure: "Try again in a few seconds.")
        }
        let event = await node.camera.trigger(kind: wish.kind.rawValue, label: wish.label)
        return try Response.json(TriggerAccepted(event: "\(event)"), status: .accepted)
    }

    private func width(_ request: Request) throws -> Int? {
        guard let text = request.uri.queryParameters["width"] else { return nil }
        guard let width = Int(text), Self.widths.contains(width) else { throw ProblemDetails.badRequest("width must be 32 to 3840.") }
        return width
    }
}

extension NodeServices {
    /// What people call a camera; its id where nobody knows. A node has one camera, which has the node's id.
    func cameraName(_ id: String) -> String { gossip.view.members.first { "\($0.id)" == id }?.name ?? id }
}
