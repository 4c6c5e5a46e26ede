import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Testing
import TestSupport

@testable import Gossip
@testable import MeshCam

/// Real TLS between real identities: who was revoked keeps no connection, whichever side opened it.
@Suite struct PeerConnectionsTests {
    private let directories: [TemporaryDirectory]
    private let identities: [NodeIdentity]
    private let root: RootKey
    private let roster: Roster

    init() throws {
        directories = try (0..<3).map { _ in try TemporaryDirectory() }
        identities = try directories.map { try NodeIdentity.loadOrCreate(in: $0.path, board: BoardSerial("test")) }
        let (genesis, root, _) = Founding.found(name: "test")
        self.root = root
        var roster = Roster(genesis: genesis)
        roster.merge(identities.map { root.admit($0.public, name: "n", serial: 1) })
        self.roster = roster
    }

    private var withoutTheSecond: Roster {
        var roster = roster
        roster.merge([root.revoke(identities[1].id, serial: 2)])
        return roster
    }

    /// A door that takes members in and answers nothing.
    private func door(_ connections: PeerConnections, of identity: NodeIdentity) async throws -> any Channel {
        let (tls, verify) = try PeerTLS.server(identity: identity, roster: { [roster] in roster })
        let context = try NIOSSLContext(configuration: tls)
        return try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                connections.add(channel)
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context, customVerificationCallback: verify))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    private func connect(_ identity: NodeIdentity, to server: NodeIdentity, port: Int) async throws -> any Channel {
        let context = try NIOSSLContext(configuration: try PeerTLS.client(identity: identity, to: server.tlsCertificateDER))
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        // Returns once the handshake is over on this side.
        try await channel.writeAndFlush(ByteBuffer(string: "x"))
        return channel
    }

    @Test(.timeLimit(.minutes(1))) func whoCameInGoes() async throws {
        let connections = PeerConnections()
        let server = try await door(connections, of: identities[0])
        let port = try #require(server.localAddress?.port)
        let revoked = try await connect(identities[1], to: identities[0], port: port)
        let other = try await connect(identities[2], to: identities[0], port: port)
        try await eventually { await connections.cut(roster: roster) > 0 || connections.count == 2 }
        #expect(await connections.cut(roster: roster) == 0 && connections.count == 2, "members stay")
        // The server's end of the handshake may come a moment later.
        try await eventually { await connections.cut(roster: withoutTheSecond) > 0 }
        try await eventually { !revoked.isActive && connections.count <= 1 }
        #expect(other.isActive)
        try await other.close()
        try await server.close()
    }

    /// A stream that this node reads from who was revoked: the client's own connections are seen, too.
    @Test(.timeLimit(.minutes(1))) func whatWasAskedOfItEnds() async throws {
        let (tls, verify) = try PeerTLS.server(identity: identities[1], roster: { [roster] in roster })
        let context = try NIOSSLContext(configuration: tls)
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context, customVerificationCallback: verify))
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(EndlessAnswer())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let proxy = PeerProxy(identity: identities[0], logger: Logger(label: "test"))
        var record = NodeRecord()
        record.peerPort = UInt32(try #require(server.localAddress?.port))
        record.addresses = ["127.0.0.1"]
        let member = Member(
            id: identities[1].id, name: "gone", status: .alive, isSelf: false, incarnation: "1.0", addresses: [], node: record,
            certificateDER: identities[1].tlsCertificateDER, lastHeard: nil, records: [:])
        var parts = 0
        await #expect(throws: (any Error).self) {
            for try await _ in try await proxy.events(of: member) {
                parts += 1
                #expect(await proxy.connections.cut(roster: roster) == 0, "a member's stream goes on")
                #expect(await proxy.connections.cut(roster: withoutTheSecond) == 1)
            }
        }
        #expect(parts == 1)
        try await server.close()
        await proxy.shutdown()
    }
}

/// Answers with one event, and then nothing for ever.
private final class EndlessAnswer: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data) else { return }
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Type": "text/event-stream"])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "data: 1\n\n")))), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
