import Foundation
import Hummingbird
import NIOCore
import Synchronization

/// Cuts an answer that outlives its session: live pictures and event streams last for hours, and sign-out or expiry must end
/// them. Looks at each part that is sent, at most once a second; a silent event stream sends a beat
/// every ``EventHub/beatInterval``.
struct EndWithSession: RouterMiddleware {
    let sessions: Sessions

    func handle(_ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response) async throws -> Response {
        var response = try await next(request, context)
        guard let hash = context.session else { return response }
        let body = response.body
        response.body = ResponseBody(contentLength: body.contentLength) { [sessions] writer in
            let look = SessionLook(sessions: sessions, hash: hash)
            try await body.write(writer.map { part in
                try look.check()
                return part
            })
        }
        return response
    }
}

/// Remembers when the session was last seen to be good. One answer's writer asks it, one part after the other.
private final class SessionLook: Sendable {
    private static let interval = Duration.seconds(1)
    private let sessions: Sessions
    private let hash: [UInt8]
    private let next = Mutex(ContinuousClock.now + interval)

    init(sessions: Sessions, hash: [UInt8]) {
        self.sessions = sessions
        self.hash = hash
    }

    func check() throws {
        let now = ContinuousClock.now
        let isDue = next.withLock { next in
            guard next <= now else { return false }
            next = now + Self.interval
            return true
        }
        if isDue, sessions.find(hash: hash, now: Date()) == nil { throw SessionIsOver() }
    }
}

/// Ends a connection in the middle of an answer.
struct SessionIsOver: Error {}
