import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1
import Storage

extension ProblemDetails {
    var response: Response {
        Response(
            status: .init(code: self.status), headers: [.contentType: Self.mediaType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: (try? JSONCoding.encoder.encode(self)) ?? Data("{}".utf8))))
    }

    static func notFound(_ what: String, _ id: String) -> ProblemDetails {
        ProblemDetails(title: "Not found", status: 404, detail: "There is no \(what) \(id.prefix(80)) in this mesh.")
    }

    static func badRequest(_ detail: String, cure: String? = nil) -> ProblemDetails {
        ProblemDetails(title: "Bad request", status: 400, detail: detail, cure: cure)
    }

    static let signInFirst = ProblemDetails(
        title: "Sign in first", status: 401, detail: "This needs a session or a token.", cure: "POST /api/mesh/v1/session with username and password.")

    static func forbidden(_ detail: String) -> ProblemDetails {
        ProblemDetails(title: "Not allowed", status: 403, detail: detail)
    }

    /// Something answers later or elsewhere: 503.
    static func unavailable(_ detail: String, cure: String? = nil) -> ProblemDetails {
        ProblemDetails(title: "Not available now", status: 503, detail: detail, cure: cure)
    }
}

/// Turns every error into `application/problem+json`, and what nobody expected into a log line and a 500.
struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    let logger: Logger

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        do {
            return try await answer(request, context, next)
        } catch let problem as ProblemDetails {
            return problem.response
        }
    }

    private func answer(_ request: Request, _ context: Context, _ next: (Request, Context) async throws -> Response) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as ProblemDetails {
            throw problem
        } catch let error as HTTPError {
            throw ProblemDetails(title: error.status.reasonPhrase, status: error.status.code, detail: error.body)
        } catch let error as any HTTPResponseError {
            throw ProblemDetails(title: error.status.reasonPhrase, status: error.status.code)
        } catch let error as ClipReadError {
            switch error {
            case .unknown: throw ProblemDetails(title: "Not found", status: 404, detail: "There is no such clip.")
            case .deleted:
                throw ProblemDetails(
                    title: "Gone", status: 410, detail: "Somebody deleted the clip from its storage.",
                    cure: "A copy of the storage may still hold it.")
            case .unavailable(let why):
                throw ProblemDetails.unavailable("The clip cannot be read now: \(why).", cure: "Check the storage under Settings.")
            }
        } catch let error as PairingError {
            throw ProblemDetails(error)
        } catch let error as DecodingError {
            throw ProblemDetails.badRequest("The body is not what this takes: \(error.inWords).")
        } catch is HTTPParserError {
            throw ProblemDetails.badRequest("The request breaks HTTP's rules.")
        } catch is CancellationError {
            throw ProblemDetails.unavailable("The node is stopping.")
        } catch {
            logger.error("a request failed: \(error)", metadata: ["path": "\(request.uri.path)"])
            throw ProblemDetails(title: "The node failed", status: 500, detail: "Its log says why.")
        }
    }
}

extension DecodingError {
    /// Which key, and what is wrong with it.
    var inWords: String {
        switch self {
        case .keyNotFound(let key, _): "\(key.stringValue) is missing"
        case .valueNotFound(_, let context), .typeMismatch(_, let context):
            context.codingPath.isEmpty ? "it has the wrong type" : "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has the wrong type"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty ? "it is no valid JSON" : "\(context.codingPath.map(\.stringValue).joined(separator: ".")) cannot be that"
        @unknown default: "it cannot be read"
        }
    }
}
