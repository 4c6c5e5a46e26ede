import HTTPTypes
import Hummingbird

/// Makes nothing of the API a page: whatever comes out of it, also out of another node, runs no script in this node's name.
struct APIHeaders: RouterMiddleware {
    /// Pictures and films still show when they are opened by themselves.
    static let policy = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"

    func handle(_ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response) async throws -> Response {
        var response = try await next(request, context)
        guard request.uri.path.hasPrefix("/api/") else { return response }
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.contentSecurityPolicy] = Self.policy
        return response
    }
}
