import HTTPTypes
import Hummingbird

/// Lets nobody pass who is not known, and everybody only where their rights reach. Which cameras they see, the routes ask themselves.
struct RequireCaller: RouterMiddleware {
    func handle(_ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response) async throws -> Response {
        guard context.caller != nil else { throw ProblemDetails.signInFirst }
        guard context.rights.allow(request.method, context.endpointPath) else {
            throw ProblemDetails.forbidden(
                context.rights.scopes.contains(.api) ? "Viewers can look, admins can act." : "This token is not for the API.")
        }
        return try await next(request, context)
    }
}
