import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix
import NIOSSL

extension APIError {
    /// What a failed connection means to somebody at a terminal.
    init(_ error: any Error, endpoint: APIEndpoint) {
        if let error = error as? APIError {
            self = error
            return
        }
        let base = endpoint.base
        let other = "check the address and that the node runs there, or name another with --node"
        switch error {
        case let error as NIOConnectionError:
            if let single = error.connectionErrors.first {
                self.init(kind: .unreachable, message: "no connection to \(base): \(Self.text(single.error))", cure: other)
            } else {
                self.init(
                    kind: .unreachable, message: "no host is called \(endpoint.host)", cure: "check its spelling, or use its address with --node")
            }
        case let error as IOError:
            self.init(kind: .unreachable, message: "no connection to \(base): \(Self.text(error))", cure: other)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            self = Self.tls("\(error)", endpoint: endpoint)
        case let error as HTTPClientError:
            switch error {
            case .connectTimeout, .readTimeout, .deadlineExceeded, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout:
                self.init(kind: .unreachable, message: "\(base) did not answer in time", cure: other)
            case .remoteConnectionClosed:
                self.init(
                    kind: .unreachable, message: "\(base) closed the connection without an answer",
                    cure: "try again; for an https:// port write https://, for an http:// port http://")
            default:
                self.init(kind: .unreachable, message: "the request to \(base) failed: \(error.shortDescription)", cure: other)
            }
        case is NIOTooManyBytesError:
            self.init(kind: .notUnderstood, message: "the answer of \(base) is too large", cure: "ask for less with --limit")
        default:
            self.init(kind: .unreachable, message: "the request to \(base) failed: \(error)", cure: other)
        }
    }

    private static func text(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode)).lowercased()
    }

    private static func tls(_ reason: String, endpoint: APIEndpoint) -> APIError {
        let base = endpoint.base
        if reason.contains("WRONG_VERSION_NUMBER") || reason.contains("HTTP_REQUEST") {
            return APIError(kind: .unreachable, message: "\(base) does not speak TLS", cure: "write http:// for that port, or name the HTTPS port")
        }
        let isCertificate =
            reason.contains("CERTIFICATE_VERIFY_FAILED") || reason.contains("failedToValidateHostname")
            || reason.contains("unableToValidateCertificate")
        guard isCertificate else {
            return APIError(kind: .unreachable, message: "no secure connection to \(base): \(reason)", cure: "check that a MeshCam node listens there")
        }
        if case .pinned = endpoint.trust {
            return APIError(
                kind: .untrusted, message: "\(base) is not the node that announced itself here: its certificate is another one",
                cure: "see which program listens on port \(endpoint.port), and restart the node")
        }
        return APIError(
            kind: .untrusted, message: "the certificate of \(base) is not trusted by this machine",
            cure: "trust the mesh's CA, or add --insecure to do without the check (then anybody in between can read along)")
    }

    /// What an answer other than 2xx means to somebody at a terminal.
    init(status: Int, mediaType: String, body: Data, retryAfter: String?, endpoint: APIEndpoint, path: String) {
        let problem =
            mediaType.lowercased().hasPrefix(ProblemDetails.mediaType)
            ? try? JSONCoding.decoder.decode(ProblemDetails.self, from: body) : nil
        let detail = (problem.map { $0.detail ?? $0.title }).map(Terminal.printable)
        let cure = problem?.cure.map(Terminal.printable)
        switch status {
        case 401:
            let haveSignIn = endpoint.credential != .none
            self.init(
                kind: .unauthorized, message: detail ?? (haveSignIn ? "the node refused the sign-in" : "the node wants a sign-in"),
                cure: cure ?? "give --user and --password, or set MESHCAM_TOKEN")
        case 403:
            self.init(
                kind: .unauthorized, message: detail ?? "this sign-in may not do that", cure: cure ?? "sign in as an administrator")
        case 429:
            let wait = retryAfter.flatMap { Int($0) }.map { "wait \($0) s" } ?? "wait a minute"
            self.init(kind: .refused(status), message: detail ?? "the node had too many attempts", cure: cure ?? wait)
        case 300..<400:
            self.init(
                kind: .notUnderstood, message: "\(endpoint.base) sends elsewhere instead of answering",
                cure: endpoint.scheme == "http" ? "use its https:// address" : "name the node itself with --node")
        default:
            if let detail {
                self.init(kind: .refused(status), message: detail, cure: cure ?? "")
            } else {
                self.init(
                    kind: .notUnderstood, message: "\(endpoint.base) answered \(path) with status \(status)",
                    cure: status >= 500 ? "try again, and see the node's log" : "check that it is a MeshCam node of the same version")
            }
        }
        type = problem?.type ?? ""
    }
}
