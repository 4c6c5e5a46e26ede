import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Talks to one node's `/api/mesh/v1`.
///
/// Made by ``with(_:_:)``, which also ends its connections. Signs in at the first request when it has a password.
actor APIClient {
    /// Where the API begins.
    static let prefix = "/api/mesh/v1"

    /// An answer that is no problem.
    struct Answer: Sendable {
        var status: Int
        var mediaType: String
        var body: Data
    }

    /// No answer of JSON is larger than this.
    private static let largestBodyBytes = 32 << 20

    let endpoint: APIEndpoint
    private let http: HTTPClient
    private var sessionCookie: String?

    private init(endpoint: APIEndpoint, http: HTTPClient) {
        self.endpoint = endpoint
        self.http = http
    }

    /// Lends a client for the time of `body`.
    static func with<Result: Sendable>(
        _ endpoint: APIEndpoint, _ body: @Sendable (APIClient) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: try endpoint.tlsConfiguration,
            redirectConfiguration: .disallow,  // a redirect would carry the sign-in elsewhere
            timeout: .init(connect: .seconds(5), read: .seconds(30)))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        if let name = endpoint.serverName { configuration.dnsOverride = [name: endpoint.host] }
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let result = try await body(APIClient(endpoint: endpoint, http: http))
            try? await http.shutdown()
            return result
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    /// GET, decoded.
    func get<Resource: Decodable & Sendable>(
        _ path: String, query: [(String, String?)] = [], as type: Resource.Type = Resource.self
    ) async throws -> Resource {
        try Self.decode(type, from: try await request("GET", path, query: query), path)
    }

    /// GET, as it came.
    func get(_ path: String, query: [(String, String?)] = []) async throws -> Answer {
        try await request("GET", path, query: query)
    }

    /// POST of a JSON body.
    func post(_ path: String, _ body: some Encodable & Sendable) async throws -> Answer {
        try await request("POST", path, body: try JSONCoding.encoder.encode(body))
    }

    /// DELETE.
    /// `PATCH` with a JSON body.
    func patch(_ path: String, _ body: some Encodable & Sendable) async throws -> Answer {
        try await request("PATCH", path, body: try JSONCoding.encoder.encode(body))
    }

    func delete(_ path: String) async throws -> Answer { try await request("DELETE", path) }

    /// Decodes an answer.
    static func decode<Resource: Decodable>(_ type: Resource.Type, from answer: Answer, _ path: String) throws(APIError) -> Resource {
        do {
            return try JSONCoding.decoder.decode(type, from: answer.body)
        } catch {
            throw APIError(
                kind: .notUnderstood, message: "the answer to \(path) is not understood (\(Self.reason(error)))",
                cure: "check that node and command have the same version")
        }
    }

    /// Follows `GET /events` until the server ends the stream, the connection breaks, or `body` throws.
    ///
    /// After 30 s without a byte the connection counts as broken: servers send comments in between.
    /// - Returns: how long the server asked to wait before connecting again; nil where it did not say.
    func events(after lastEventID: String?, _ body: @Sendable (ServerSentEvent) async throws -> Void) async throws -> Duration? {
        var headers: HTTPHeaders = ["Accept": "text/event-stream"]
        if let lastEventID { headers.add(name: "Last-Event-ID", value: lastEventID) }
        let response = try await signedIn("GET", "/events", headers: headers, limit: .hours(24 * 365))
        guard response.status == .ok else { throw try await refusal(response, "/events") }
        var parser = EventStreamParser()
        do {
            for try await piece in response.body {
                for event in parser.consume(piece.readableBytesView) { try await body(event) }
            }
        } catch let error as TerminalError {
            throw error
        } catch {
            throw APIError(error, endpoint: endpoint)
        }
        return parser.retryMilliseconds.map { .milliseconds(min($0, 60_000)) }
    }

    /// The answer to a POST, whose body comes for as long as it takes.
    func answer(_ path: String, _ body: Data) async throws -> HTTPClientResponse {
        let response = try await signedIn("POST", path, body: body, headers: ["Accept": "*/*"], limit: .hours(24))
        guard (200..<300).contains(response.status.code) else { throw try await refusal(response, path) }
        return response
    }

    private func request(
        _ method: String, _ path: String, query: [(String, String?)] = [], body: Data? = nil
    ) async throws -> Answer {
        let response = try await signedIn(method, path, query: query, body: body)
        guard (200..<300).contains(response.status.code) else { throw try await refusal(response, path) }
        return Answer(
            status: Int(response.status.code), mediaType: response.headers.first(name: "Content-Type") ?? "",
            body: try await collect(response))
    }

    /// Sends with what proves who we are. A session that has ended meanwhile is opened again, once.
    private func signedIn(
        _ method: String, _ path: String, query: [(String, String?)] = [], body: Data? = nil, headers: HTTPHeaders = [:],
        limit: TimeAmount = .seconds(30)
    ) async throws -> HTTPClientResponse {
        let hadSession = sessionCookie != nil
        let proof = try await authorization()
        let response = try await send(method, path, query: query, body: body, headers: headers + proof, limit: limit)
        guard response.status == .unauthorized, hadSession else { return response }
        _ = try await collect(response)
        sessionCookie = nil
        let newProof = try await authorization()
        return try await send(method, path, query: query, body: body, headers: headers + newProof, limit: limit)
    }

    private func send(
        _ method: String, _ path: String, query: [(String, String?)] = [], body: Data?, headers: HTTPHeaders,
        limit: TimeAmount = .seconds(30)
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: endpoint.requestBase + Self.prefix + path + Self.encoded(query))
        request.method = HTTPMethod(rawValue: method)
        request.headers = headers
        if !headers.contains(name: "Accept") {
            request.headers.add(name: "Accept", value: "application/json, application/problem+json, */*;q=0.5")
        }
        request.headers.add(name: "User-Agent", value: "meshcam")
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.headers.add(name: "Origin", value: endpoint.requestBase)  // a session cookie alone does not admit changes
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        do {
            return try await http.execute(request, timeout: limit)
        } catch {
            throw APIError(error, endpoint: endpoint)
        }
    }

    private func collect(_ response: HTTPClientResponse) async throws -> Data {
        do {
            let buffer = try await response.body.collect(upTo: Self.largestBodyBytes)
            return Data(buffer.readableBytesView)
        } catch {
            throw APIError(error, endpoint: endpoint)
        }
    }

    /// Headers that prove who we are; signs in where that takes a password.
    private func authorization() async throws -> HTTPHeaders {
        switch endpoint.credential {
        case .none: return [:]
        case .token(let token):
            guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw APIError(kind: .unauthorized, message: "the token holds characters no token has", cure: "set MESHCAM_TOKEN anew")
            }
            return ["Authorization": "Bearer \(token)"]
        case .password(let user, let password):
            if sessionCookie == nil { sessionCookie = try await signIn(user, password) }
            return sessionCookie.map { ["Cookie": $0] } ?? [:]
        }
    }

    private func signIn(_ user: String, _ password: String) async throws -> String {
        let body = try JSONCoding.encoder.encode(SessionRequest(username: user, password: password))
        let response = try await send("POST", "/session", body: body, headers: [:])
        guard response.status == .ok else { throw try await refusal(response, "/session") }
        _ = try await collect(response)
        for header in response.headers["Set-Cookie"] {
            let pair = header.prefix { $0 != ";" }
            if pair.hasPrefix("meshcam_session") { return String(pair) }
        }
        throw APIError(
            kind: .notUnderstood, message: "\(endpoint.base) accepted the sign-in but opened no session", cure: "check that it is a MeshCam node")
    }

    private func refusal(_ response: HTTPClientResponse, _ path: String) async throws -> APIError {
        let body = try await collect(response)
        return APIError(
            status: Int(response.status.code), mediaType: response.headers.first(name: "Content-Type") ?? "", body: body,
            retryAfter: response.headers.first(name: "Retry-After"), endpoint: endpoint, path: path)
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? "." + $0.stringValue }.joined()
            return path.isEmpty ? "the whole" : String(path.drop { $0 == "." })
        }
        return switch error {
        case .keyNotFound(let key, let context): "\(place(context)) lacks \(key.stringValue)"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): "\(place(context)) is of another type"
        case .dataCorrupted(let context): "\(place(context)): \(context.debugDescription)"
        @unknown default: "\(error)"
        }
    }

    /// `?name=value&…` of what is not nil.
    static func encoded(_ query: [(String, String?)]) -> String {
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(percentEncoded($0))" } }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }

    /// For one segment of a path or one value of a query: everything but unreserved characters (RFC 3986, section 2.3) is encoded.
    static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.append(byte)
            default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension HTTPHeaders {
    fileprivate static func + (one: HTTPHeaders, other: HTTPHeaders) -> HTTPHeaders {
        var all = one
        all.add(contentsOf: other)
        return all
    }
}
