import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Storage

/// The files of any clip of the mesh, wherever they are: as `/clips` would answer this caller.
struct ClipFiles: Sendable {
    let routes: ClipRoutes
    let context: APIContext

    /// - Throws: ``ProblemDetails`` where it cannot be had.
    func whole(_ clip: String, _ part: ClipRoutes.Part, limit: Int = 8 << 20) async throws -> ByteBuffer {
        try await collect(try await routes.answer(request(clip, part), context), limit: limit)
    }

    func resource(_ clip: String) async throws -> ClipResource {
        guard let id = ClipID(clip) else { throw ProblemDetails.notFound("clip", clip) }
        let found = try JSONCoding.decoder.decode(ClipResource.self, from: Data(buffer: try await whole("\(id)", .resource)))
        guard found.isExportable, found.id == "\(id)" else { throw ProblemDetails.unavailable("Its node told of another clip.") }
        return found
    }

    /// Bytes of its video; fewer at its end.
    func video(_ clip: String, at offset: Int, count: Int) async throws -> ByteBuffer {
        let range: HTTPFields = [.range: "bytes=\(offset)-\(offset + count - 1)"]
        return try await collect(try await routes.answer(request(clip, .video, range), context), limit: count)
    }

    private func request(_ clip: String, _ part: ClipRoutes.Part, _ headers: HTTPFields = [:]) -> Request {
        let head = HTTPRequest(method: .get, scheme: "https", authority: nil, path: "/api/mesh/v1/clips/\(clip)\(part.rawValue)", headerFields: headers)
        return Request(head: head, body: .init(buffer: ByteBuffer()))
    }

    private func collect(_ response: Response, limit: Int) async throws -> ByteBuffer {
        let body = Collector(limit: limit)
        try await response.body.write(CollectingWriter(collector: body))
        guard response.status == .ok || response.status == .partialContent else {
            throw (try? JSONCoding.decoder.decode(ProblemDetails.self, from: Data(buffer: body.bytes)))
                ?? ProblemDetails.unavailable("Its node answered with status \(response.status.code).")
        }
        return body.bytes
    }

    /// One answer's body. Filled by one task, and read when that is done.
    private final class Collector: @unchecked Sendable {
        // Invariant behind @unchecked: used by the task that collects, and by no other.
        let limit: Int
        var bytes = ByteBuffer()
        init(limit: Int) { self.limit = limit }
    }

    private struct CollectingWriter: ResponseBodyWriter {
        let collector: Collector

        mutating func write(_ buffer: ByteBuffer) async throws {
            guard collector.bytes.readableBytes + buffer.readableBytes <= collector.limit else { throw ProblemDetails.unavailable("Its node sent more than was asked for.") }
            collector.bytes.writeImmutableBuffer(buffer)
        }

        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
