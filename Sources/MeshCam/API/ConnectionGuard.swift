import HummingbirdCore
import HummingbirdTLS
import NIOCore
import NIOHTTPTypes
import Synchronization

/// Keeps a door's ``ConnectionLimits``, and closes a connection that has brought no request some time after it was opened, such
/// as one that stalls in its TLS handshake. After that the HTTP channel's own idle timeout watches it.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// A connection has brought a whole request head by then. Default 20 s.
    static let firstRequest = TimeAmount.seconds(20)
    /// A connection without a request under way is closed after this. Longer than the 60 s for which our own client keeps
    /// connections to peers, so that it never meets one that is just being closed. Default 75 s.
    static let idle = TimeAmount.seconds(75)

    /// The connections of one door.
    final class Door: Sendable {
        private struct State {
            var limits: ConnectionLimits
            var channels: [Int: any Channel] = [:]
            var last = 0
        }

        /// Those that nobody serves yet.
        let unserved = UnservedConnections()
        private let state: Mutex<State>
        private let peers: PeerConnections?

        /// - Parameter peers: told of each connection; `nil` for a door that no peers come through.
        init(_ limits: ConnectionLimits = ConnectionLimits(), peers: PeerConnections? = nil) {
            state = Mutex(State(limits: limits))
            self.peers = peers
        }

        /// HTTP/1.1 within these limits.
        ///
        /// - Parameter tls: nil for plain HTTP.
        func server(tls: TLSChannelConfiguration? = nil) -> HTTPServerBuilder {
            HTTPServerBuilder { [self] responder in
                let http = HTTP1Channel(
                    responder: responder,
                    configuration: .init(additionalChannelHandlers: [ConnectionGuard(self)], idleTimeout: ConnectionGuard.idle))
                guard let tls else { return HeldUntilServed(base: http, unserved: unserved) }
                return HeldUntilServed(base: try TLSChannel(http, configuration: tls), unserved: unserved)
            }
        }

        /// Answers the connection's number, or nil when there is no place for it.
        fileprivate func open(_ channel: any Channel) -> Int? {
            let (number, leaver) = state.withLock { state -> (Int?, (any Channel)?) in
                state.last += 1
                switch state.limits.open(state.last, from: .init(channel.remoteAddress)) {
                case .refused: return (nil, nil)
                case .admitted: break
                case .admittedFor(let oldest):
                    state.channels[state.last] = channel
                    return (state.last, state.channels.removeValue(forKey: oldest))
                }
                state.channels[state.last] = channel
                return (state.last, nil)
            }
            leaver?.close(promise: nil)
            if number != nil { peers?.add(channel) }
            return number
        }

        fileprivate func set(_ number: Int, busy: Bool) { state.withLock { $0.limits.set(number, busy: busy) } }

        fileprivate func close(_ number: Int) {
            state.withLock { state in
                state.limits.close(number)
                state.channels[number] = nil
            }
        }
    }

    private let door: Door
    private var number: Int?
    private var requests = 0
    private var deadline: Scheduled<Void>?

    init(_ door: Door) { self.door = door }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        guard let number = door.open(channel) else { return context.close(promise: nil) }
        self.number = number
        deadline = context.eventLoop.scheduleTask(in: Self.firstRequest) { channel.close(promise: nil) }
        // Whatever becomes of the pipeline, the place is given back when the connection is gone.
        channel.closeFuture.whenComplete { [door] _ in door.close(number) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) {
            deadline?.cancel()
            requests += 1
            if requests == 1, let number { door.set(number, busy: true) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            requests -= 1
            if requests == 0, let number { door.set(number, busy: false) }
        }
        context.write(data, promise: promise)
    }
}
