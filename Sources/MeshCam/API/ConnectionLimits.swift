import HummingbirdCore
import NIOCore
import Synchronization

/// How many connections a door holds, all together and from one address. A value; ``ConnectionGuard`` keeps it at each connection.
///
/// One host may not take the places of all others: beyond its share its new connections are closed at once. Programs on this
/// machine (loopback) have no share of their own, because a whole mesh may run here.
struct ConnectionLimits: Sendable {
    /// All connections of this door. Default 512.
    var total = 512
    /// Connections from one IPv4 address, or one IPv6 network of 64 bits. A browser opens 6 to a host. Default 64.
    var perHost = 64

    private(set) var open = 0
    private(set) var byHost: [String: Int] = [:]

    /// Whether a new connection may stay; if so, ``close(_:)`` it later.
    mutating func admit(_ host: String?) -> Bool {
        guard open < total else { return false }
        if let host {
            guard byHost[host, default: 0] < perHost else { return false }
            byHost[host, default: 0] += 1
        }
        open += 1
        return true
    }

    mutating func close(_ host: String?) {
        open -= 1
        guard let host, let count = byHost[host] else { return }
        byHost[host] = count > 1 ? count - 1 : nil
    }

    /// What counts as one host: `nil` for loopback.
    static func host(of address: SocketAddress?) -> String? {
        switch address {
        case .v4(let v4):
            let bytes = withUnsafeBytes(of: v4.address.sin_addr.s_addr) { Array($0) }
            return v4Host(bytes)
        case .v6(let v6):
            let bytes = withUnsafeBytes(of: v6.address.sin6_addr) { Array($0) }
            let zeros = bytes.prefix(10).allSatisfy { $0 == 0 }
            if zeros, bytes[10] == 0xff, bytes[11] == 0xff { return v4Host(Array(bytes[12...])) }
            if zeros, bytes[10..<15].allSatisfy({ $0 == 0 }), bytes[15] == 1 { return nil }
            return bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
        default: return nil
        }
    }

    private static func v4Host(_ bytes: [UInt8]) -> String? {
        bytes[0] == 127 ? nil : bytes.map(String.init).joined(separator: ".")
    }
}

/// Keeps a door's ``ConnectionLimits``, and closes a connection that has not brought a request some time after it was opened
/// (also one that stalls in its TLS handshake). After that, the HTTP channel's own idle timeout watches it.
final class ConnectionGuard: ChannelInboundHandler, RemovableChannelHandler {
    /// Parts of requests: it stands behind the decoder.
    typealias InboundIn = NIOAny

    /// A connection has brought a whole request head by then. Default 20 s.
    static let firstRequest = TimeAmount.seconds(20)
    /// A connection without a request under way is closed after this. Longer than the 60 s for which our own client keeps
    /// connections to peers, so that it never meets one that is just being closed. Default 75 s.
    static let idle = TimeAmount.seconds(75)

    /// The limits of one door, shared by its connections.
    final class Door: Sendable {
        private let limits: Mutex<ConnectionLimits>

        init(_ limits: ConnectionLimits = ConnectionLimits()) { self.limits = Mutex(limits) }

        func admit(_ host: String?) -> Bool { limits.withLock { $0.admit(host) } }
        func close(_ host: String?) { limits.withLock { $0.close(host) } }
        var open: Int { limits.withLock { $0.open } }

        /// HTTP/1.1 within these limits.
        var http: HTTPServerBuilder {
            .http1(configuration: .init(additionalChannelHandlers: [ConnectionGuard(self)], idleTimeout: ConnectionGuard.idle))
        }
    }

    private let door: Door
    private var host: String?
    private var deadline: Scheduled<Void>?

    init(_ door: Door) { self.door = door }

    func handlerAdded(context: ChannelHandlerContext) {
        host = ConnectionLimits.host(of: context.remoteAddress)
        guard door.admit(host) else { return context.close(promise: nil) }
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: Self.firstRequest) { channel.close(promise: nil) }
        // Whatever becomes of the pipeline, the place is given back when the connection is gone.
        context.channel.closeFuture.whenComplete { [door, host] _ in door.close(host) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        deadline?.cancel()
        context.fireChannelRead(data)
    }
}
