import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A web server on the loopback whose answers a test decides.
final class TestServer: Sendable {
    struct Request: Sendable, Equatable {
        var method: String
        var uri: String
        var headers: [String: String]
        var body: String
    }

    struct Response: Sendable {
        var status = 200
        var headers: [(String, String)] = [("Content-Type", "application/json")]
        var body: [UInt8]
        /// Ends the connection instead of answering.
        var hangsUp = false

        static func json(_ text: String, status: Int = 200) -> Response { Response(status: status, body: Array(text.utf8)) }

        static func problem(_ status: Int, _ text: String) -> Response {
            Response(status: status, headers: [("Content-Type", "application/problem+json; charset=utf-8")], body: Array(text.utf8))
        }
    }

    private let channel: any Channel
    private let seen: Seen

    /// What was asked so far.
    var requests: [Request] { seen.requests.withLock { $0 } }
    var port: Int { channel.localAddress?.port ?? 0 }

    /// - Parameter certificate: nil for plain HTTP.
    static func with<Result: Sendable>(
        certificate: TestCertificate? = nil, answer: @escaping @Sendable (Request) -> Response,
        _ body: @Sendable (TestServer) async throws -> Result
    ) async throws -> Result {
        let seen = Seen()
        let tls = try certificate.map { try NIOSSLContext(configuration: $0.serverConfiguration) }
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(Handler(seen: seen, answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = TestServer(channel: channel, seen: seen)
        do {
            let result = try await body(server)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    private init(channel: any Channel, seen: Seen) {
        self.channel = channel
        self.seen = seen
    }

    private final class Seen: Sendable {
        let requests = Mutex<[Request]>([])
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let seen: Seen
        private let answer: @Sendable (Request) -> Response
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(seen: Seen, answer: @escaping @Sendable (Request) -> Response) {
            self.seen = seen
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = []
            case .body(let part): body += part.readableBytesView
            case .end:
                guard let head else { return }
                let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
                let request = Request(
                    method: head.method.rawValue, uri: head.uri, headers: headers, body: String(decoding: body, as: UTF8.self))
                seen.requests.withLock { $0.append(request) }
                respond(answer(request), context)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)  // a client that refuses our certificate is what some tests are about
        }

        private func respond(_ response: Response, _ context: ChannelHandlerContext) {
            if response.hangsUp { return context.close(promise: nil) }
            var headers = HTTPHeaders(response.headers)
            headers.add(name: "Content-Length", value: String(response.body.count))
            let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: response.status), headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
