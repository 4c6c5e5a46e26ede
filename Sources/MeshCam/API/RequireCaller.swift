import HTTPTypes
import Hummingbird

/// Lets nobody pass who is not known, and viewers only where nothing changes.
struct RequireCaller: RouterMiddleware {
    func handle(_ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response) async throws -> Response {
        guard let caller = context.caller else { throw ProblemDetails.signInFirst }
        if case .user(_, .viewer) = caller, !request.method.isSafe, request.method != .delete || !request.uri.path.hasSuffix("/session") {
            throw ProblemDetails.forbidden("Viewers can look, admins can act.")
        }
        return try await next(request, context)
    }
}
