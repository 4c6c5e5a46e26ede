import Hummingbird
import NIOCore

extension Request {
    /// How long a caller may take to send a body, so that nobody holds a request open for ever.
    private static let bodyDeadline = Duration.seconds(10)

    /// The whole body.
    ///
    /// - Parameter limit: most bytes taken.
    /// - Throws: 413 for more than `limit`, 408 for one that has not arrived after 10 s.
    func wholeBody(upTo limit: Int) async throws -> ByteBuffer {
        do {
            return try await withDeadline(Self.bodyDeadline) { try await body.collect(upTo: limit) }
        } catch PeerError.deadline {
            throw ProblemDetails(title: "Too slow", status: 408, detail: "The request did not arrive in time.")
        }
    }
}
