import Foundation
import Hummingbird
import NIOCore
import Synchronization

/// Cuts an answer that outlives what its caller may: live pictures and event streams last for hours, and sign-out, expiry, a removed user
/// or token, and a changed role or list of cameras must end them. Looks at each part that is sent, at most once a second; a silent event
/// stream sends a beat every ``EventHub/beatInterval``.
struct EndWithSession: RouterMiddleware {
    let node: NodeServices

    func handle(_ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response) async throws -> Response {
        var response = try await next(request, context)
        guard let proof = context.proof else { return response }
        let body = response.body
        response.body = ResponseBody(contentLength: body.contentLength) { [node, rights = context.rights] writer in
            let look = StandingLook { node.standing(of: proof)?.rights == rights }
            try await body.write(writer.map { part in
                try look.check()
                return part
            })
        }
        return response
    }
}

/// Remembers when the caller was last seen to be in order. One answer's writer asks it, one part after the other.
private final class StandingLook: Sendable {
    private static let interval = Duration.seconds(1)
    private let isGood: @Sendable () -> Bool
    private let next = Mutex(ContinuousClock.now + interval)

    init(isGood: @escaping @Sendable () -> Bool) { self.isGood = isGood }

    func check() throws {
        let now = ContinuousClock.now
        let isDue = next.withLock { next in
            guard next <= now else { return false }
            next = now + Self.interval
            return true
        }
        if isDue, !isGood() { throw SessionIsOver() }
    }
}

/// Ends a connection in the middle of an answer.
struct SessionIsOver: Error {}
