import Crypto
import Foundation
import HTTPTypes
import Hummingbird

/// The dashboard's own files, read once at start: they are small, and a node must serve them when its disk is gone.
struct DashboardFiles: Sendable {
    private struct File {
        let bytes: ByteBuffer
        let type: String
        let etag: String
    }

    private let files: [String: File]

    /// What a page of ours may do: talk to its own node, nothing else.
    static let contentSecurityPolicy = [
        "default-src 'self'", "img-src 'self' blob: data:", "media-src 'self' blob:", "style-src 'self' 'unsafe-inline'",
        "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "object-src 'none'",
    ].joined(separator: "; ")

    /// - Throws: when the program's resources are not beside it.
    init() throws {
        guard let root = Bundle.module.url(forResource: "Dashboard", withExtension: nil) else {
            throw NodeError("the dashboard's files are missing beside the program", cure: "Install meshcam again.")
        }
        var files: [String: File] = [:]
        let base = root.standardizedFileURL.path
        for case let url as URL in FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil) ?? .init() {
            guard let type = Self.types[url.pathExtension.lowercased()], let data = try? Data(contentsOf: url) else { continue }
            let path = String(url.standardizedFileURL.path.dropFirst(base.count))
            files[path] = File(
                bytes: ByteBuffer(bytes: data), type: type,
                etag: "\"\(SHA256.hash(data: data).prefix(12).map { String(format: "%02x", $0) }.joined())\"")
        }
        guard files["/index.html"] != nil else {
            throw NodeError("the dashboard's files are missing at \(base)", cure: "Install meshcam again.")
        }
        self.files = files
    }

    /// The file at `path`. A path without a dot is a place inside the page, so it gets the page.
    func response(to request: Request, path: String) throws -> Response {
        let page = path.contains(".") ? path : "/index.html"
        guard let file = files[page] else { throw ProblemDetails(title: "Not found", status: 404, detail: "There is no page at \(path.prefix(80)).") }
        var headers: HTTPFields = [
            .eTag: file.etag, .cacheControl: "no-cache", .contentSecurityPolicy: Self.contentSecurityPolicy,
            .xContentTypeOptions: "nosniff",
        ]
        headers[.referrerPolicy] = "same-origin"
        if request.headers[.ifNoneMatch] == file.etag { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = file.type
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.bytes))
    }

    private static let types = [
        "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
        "svg": "image/svg+xml", "png": "image/png", "ico": "image/x-icon", "json": "application/json",
        "webmanifest": "application/manifest+json", "txt": "text/plain; charset=utf-8",
    ]
}

extension HTTPField.Name {
    static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}
