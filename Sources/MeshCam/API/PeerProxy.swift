import AsyncHTTPClient
import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Storage

/// Asks other nodes over mutual TLS: each peer's certificate, as its signed record shows it, is the only trust root (mesh.md §9).
final class PeerProxy: PeerExchange {
    /// How long a list waits for each node. mesh.md §6.
    static let listDeadline = Duration.milliseconds(1500)
    /// Largest JSON answer of a peer.
    static let jsonLimit = 16 << 20
    /// Largest request body that is passed on.
    static let bodyLimit = 1 << 20

    /// Also those that peers opened to this node.
    let connections = PeerConnections()
    private let client: HTTPClient
    private let identity: NodeIdentity
    private let logger: Logger

    init(identity: NodeIdentity, logger: Logger) {
        self.identity = identity
        self.logger = logger
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(2)
        // Streams beat every 2 s, and a disk may sleep: a peer that is silent for this long is gone.
        configuration.timeout.read = .seconds(30)
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        // Who refuses a connection is not there: whoever waits for the answers of all others is told so at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        // The one place where the client shows its connections.
        configuration.http1_1ConnectionDebugInitializer = { [connections] channel in
            connections.add(channel)
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// A node that fails to start never gets to ``shutdown()``; the client insists on one, and not on the thread of a connection that was
    /// the last to let go of this.
    deinit { DispatchQueue.global().async { [client] in try? client.syncShutdown() } }

    func shutdown() async { try? await client.shutdown() }

    /// A peer's own JSON answer to `path`, within ``listDeadline``.
    func get<Answer: Decodable & Sendable>(_ path: String, from member: Member, as type: Answer.Type = Answer.self) async throws -> Answer {
        try await withDeadline(Self.listDeadline) { [self] in
            let response = try await execute(member, path: path)
            let body = try await response.body.collect(upTo: Self.jsonLimit)
            guard response.status == .ok else { throw PeerError.refused(status: Int(response.status.code)) }
            return try JSONCoding.decoder.decode(Answer.self, from: Data(buffer: body))
        }
    }

    /// Passes a request on and its answer back, streaming.
    ///
    /// - Parameters:
    ///   - proof: what the caller signed in with, for what goes on after the answer.
    ///   - session: the caller's token, for what this node cannot sign.
    ///   - address: where the caller is.
    ///   - path: what the peer is asked for; nil: the same as here.
    func forward(
        _ request: Request, to member: Member, path: String? = nil, proof: Proof? = nil, session: String? = nil, from address: String? = nil
    ) async throws -> Response {
        var headers = HTTPHeaders()
        if let proof { headers.add(name: HTTPField.Name.meshCamProof.rawName, value: proof.text) }
        if let session { headers.add(name: HTTPField.Name.meshCamSession.rawName, value: session) }
        if let address { headers.add(name: HTTPField.Name.meshCamFrom.rawName, value: address) }
        for name in [HTTPField.Name.range, .ifRange, .ifMatch, .ifNoneMatch, .contentType, .accept] {
            if let value = request.headers[name] { headers.add(name: name.rawName, value: value) }
        }
        let body = request.method.isSafe ? nil : try await request.wholeBody(upTo: Self.bodyLimit)
        let answer = try await execute(
            member, method: .init(rawValue: request.method.rawValue), path: path ?? request.uri.string, headers: headers, body: body)
        var fields = HTTPFields()
        for name in [
            HTTPField.Name.contentType, .contentLength, .contentRange, .acceptRanges, .eTag, .lastModified, .cacheControl, .contentDisposition, .location,
        ] {
            if let value = answer.headers.first(name: name.rawName) { fields[name] = value }
        }
        fields[values: .link] = answer.headers[HTTPField.Name.link.rawName]
        // A member asserts facts about itself; it does not put pages into this node's name.
        if let type = fields[.contentType], !Self.mediaTypes.contains(type.prefix { $0 != ";" }.lowercased()) { fields[.contentType] = "application/octet-stream" }
        return Response(
            status: .init(code: Int(answer.status.code)), headers: fields,
            body: request.method == .head ? .init() : ResponseBody(contentLength: fields[.contentLength].flatMap { Int($0) }) { writer in
                for try await part in answer.body { try await writer.write(part) }
                try await writer.finish(nil)
            })
    }

    /// What the API answers with.
    static let mediaTypes: Set<String> = [
        "application/json", "application/problem+json", "application/sdp", "application/trickle-ice-sdpfrag", "image/jpeg", "video/mp4",
        "multipart/x-mixed-replace", "text/event-stream",
    ]

    /// A peer's event stream, as it comes.
    func events(of member: Member) async throws -> HTTPClientResponse.Body {
        try await body(of: member, "/api/mesh/v1/events")
    }

    /// The body of a peer's answer that goes on for as long as it lasts.
    func body(of member: Member, _ path: String) async throws -> HTTPClientResponse.Body {
        let response = try await execute(member, path: path)
        guard response.status == .ok else { throw PeerError.refused(status: Int(response.status.code)) }
        return response.body
    }

    /// A part of a clip for a peer to keep.
    ///
    /// - Returns: the answer's status and body.
    func replicate(_ path: String, method: HTTPMethod, to member: Member, _ parts: [[UInt8]]) async throws -> (status: Int, text: String) {
        try await withDeadline(.seconds(5)) { [self] in
            var body = ByteBufferAllocator().buffer(capacity: parts.reduce(0) { $0 + $1.count })
            for part in parts { body.writeBytes(part) }
            let response = try await execute(member, method: method, path: path, body: body)
            return (Int(response.status.code), String(buffer: try await response.body.collect(upTo: 4096)))
        }
    }

    /// Has a peer run the other side of a ``CreateRace``; nil: it does not. It answers when it is through; slow storage takes its time, and no longer than
    /// a silent peer may.
    func race(_ path: String, with member: Member) async throws -> CreateRace.Lap? {
        try await withDeadline(.seconds(30)) { [self] in
            let response = try await execute(member, method: .POST, path: path, within: .seconds(30))
            let body = try await response.body.collect(upTo: 1 << 16)
            return response.status == .ok ? try JSONCoding.decoder.decode(CreateRace.Lap.self, from: Data(buffer: body)) : nil
        }
    }

    /// Gossip's own exchange (anti-entropy, large records, probe of last resort).
    func exchange(with member: Member, _ request: [UInt8]) async throws -> [UInt8] {
        try await withDeadline(.seconds(5)) { [self] in
            let response = try await execute(member, method: .POST, path: "/gossip", body: ByteBuffer(bytes: request))
            guard response.status == .ok else { throw PeerError.refused(status: Int(response.status.code)) }
            return Array(buffer: try await response.body.collect(upTo: 4 << 20))
        }
    }

    // MARK: -

    /// - Parameter limit: until the head of the answer is there.
    private func execute(
        _ member: Member, method: HTTPMethod = .GET, path: String, headers: HTTPHeaders = .init(), body: ByteBuffer? = nil, within limit: TimeAmount = .seconds(3)
    ) async throws -> HTTPClientResponse {
        guard let record = member.node, let certificate = member.certificateDER else { throw PeerError.noAddress }
        let tls = try PeerTLS.client(identity: identity, to: certificate)
        var failure: any Error = PeerError.noAddress
        for host in PeerHost.all(heard: member.addresses.map(\.host), told: record.addresses) {
            var request = HTTPClientRequest(url: "https://\(host.inURL):\(record.peerPort)\(path)")
            request.method = method
            request.headers = headers
            request.headers.replaceOrAdd(name: "Host", value: "\(host.name):\(record.peerPort)")
            request.tlsConfiguration = tls
            if let body { request.body = .bytes(body) }
            do {
                return try await client.execute(request, deadline: .now() + limit, logger: logger)
            } catch let error as CancellationError {
                throw error
            } catch {
                failure = error
                // A request that may have been carried out is not sent twice.
                guard method == .GET || method == .HEAD || error.neverArrived else { throw error }
            }
        }
        throw failure
    }
}

extension HTTPField.Name {
    /// Between nodes: the token of the session in whose name one asks.
    static let meshCamSession = HTTPField.Name("MeshCam-Session")!
    /// Between nodes: the hash of what the caller signed in with (``Proof/text``).
    static let meshCamProof = HTTPField.Name("MeshCam-Proof")!
    /// Between nodes: the address of who has that session.
    static let meshCamFrom = HTTPField.Name("MeshCam-From")!
}

/// Why a peer gave no answer.
enum PeerError: Error, CustomStringConvertible {
    case noAddress
    case refused(status: Int)
    case deadline

    var description: String {
        switch self {
        case .noAddress: "no address of it is known yet"
        case .refused(let status): "it answered with status \(status)"
        case .deadline: "no answer in time"
        }
    }

    /// For people, whatever library failed.
    static func words(for error: any Error) -> String {
        switch error {
        case let error as PeerError: error.description
        case let error as HTTPClientError where [.connectTimeout, .tlsHandshakeTimeout, .deadlineExceeded, .readTimeout].contains(error): PeerError.deadline.description
        case is NIOConnectionError: "it cannot be reached"
        case is HTTPClientError: "the connection to it broke"
        case is NIOSSLError: "it is not whom it should be, or refuses this node"
        case is DecodingError: "its answer cannot be read; it may run another version"
        default: "\(error)"
        }
    }
}

extension Error {
    /// Whether the connection failed before a byte of the request left.
    fileprivate var neverArrived: Bool {
        if self is NIOConnectionError || self is NIOSSLError { return true }
        return (self as? HTTPClientError) == .connectTimeout
    }
}

/// Runs `work`, and cancels it with ``PeerError/deadline`` when it takes longer.
func withDeadline<Result: Sendable>(_ limit: Duration, _ work: @escaping @Sendable () async throws -> Result) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask(operation: work)
        group.addTask {
            try await ContinuousClock().sleep(for: limit)
            throw PeerError.deadline
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw PeerError.deadline }
        return first
    }
}
