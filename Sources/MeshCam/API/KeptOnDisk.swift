import HTTPTypes
import Gossip
import Hummingbird

/// Answers for what changed roster or shared configuration only once it is on this node's disk: whoever reads "removed" must not find it
/// back after a power cut.
struct KeptOnDisk: RouterMiddleware {
    let node: NodeServices

    func handle(_ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response) async throws -> Response {
        let before = node.gossip.trustChanges
        let response = try await next(request, context)
        guard request.method != .get, request.method != .head, response.status.kind == .successful, node.gossip.trustChanges != before else {
            return response
        }
        if let failure = await node.gossip.trustFailure() { throw Self.notKept(failure) }
        return response
    }

    static func notKept(_ failure: TrustError) -> ProblemDetails {
        ProblemDetails(
            type: "/problems/not-kept", title: "Not kept", status: 507,
            detail: "It counts from now on, here and at every camera that is reached, but this camera could not keep it: \(failure)",
            cure: "Make room on this camera's disk before it is switched off; it tries again by itself.")
    }
}
