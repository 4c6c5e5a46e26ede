import Foundation
import Hummingbird
import NIOCore
import NIOSSL

extension Request {
    /// A small JSON body.
    func decoded<Body: Decodable>(as type: Body.Type) async throws -> Body {
        try JSONCoding.decoder.decode(type, from: Data(buffer: try await wholeBody(upTo: 1 << 16)))
    }

    /// How long a caller may take to send a body, so that nobody holds a request open for ever.
    private static let bodyDeadline = Duration.seconds(10)

    /// The whole body.
    ///
    /// - Parameter limit: most bytes taken.
    /// - Throws: 413 for more than `limit`, 408 for one that has not arrived after 10 s, 400 where the caller hung up before its end.
    func wholeBody(upTo limit: Int) async throws -> ByteBuffer {
        do {
            return try await withDeadline(Self.bodyDeadline) { try await body.collect(upTo: limit) }
        } catch PeerError.deadline {
            throw ProblemDetails(title: "Too slow", status: 408, detail: "The request did not arrive in time.")
        } catch is NIOTooManyBytesError {
            throw ProblemDetails(title: "Too large", status: 413, detail: "The body is longer than \(limit) bytes.", cure: "Send less; nothing that this answers needs more.")
        } catch let error where error is NIOSSLError || error is ChannelError || error is IOError {
            // The caller's doing, and so no error of ours: it must not be able to fill the log.
            throw ProblemDetails.badRequest("The request ended before its body did.")
        }
    }
}
