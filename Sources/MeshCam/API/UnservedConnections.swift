import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import Synchronization

/// A door's connections from the moment they are accepted until somebody serves them.
///
/// A server that is stopped lets go of what it has accepted and not begun to serve. An unserved `NIOAsyncChannel` that is let go ends the
/// process, unless its connection is closed by then; so all of them are held here until either has happened.
final class UnservedConnections: Sendable {
    typealias Connection = HTTP1Channel.Value

    private struct State {
        var held: [ObjectIdentifier: Connection] = [:]
        var isOver = false
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.held.count } }

    /// One that comes after the end is closed.
    fileprivate func hold(_ connection: Connection) {
        let channel = connection.channel
        let isOver = state.withLock { state in
            state.held[ObjectIdentifier(channel)] = connection
            return state.isOver
        }
        channel.closeFuture.whenComplete { [self] _ in release(channel) }
        if isOver { channel.close(promise: nil) }
    }

    fileprivate func release(_ channel: any Channel) {
        // Let go of outside of the lock: what ends with it may ask for it again.
        _ = state.withLock { $0.held.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    /// The server has stopped: nobody serves any more.
    func end() {
        let left = state.withLock { state in
            state.isOver = true
            return Array(state.held.values)
        }
        for connection in left { connection.channel.close(promise: nil) }
    }
}

/// A kind of connection whose unserved ones are held.
struct HeldUntilServed<Base: ServerChildChannel>: ServerChildChannel where Base.Value == UnservedConnections.Connection {
    let base: Base
    let unserved: UnservedConnections

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        base.setup(channel: channel, logger: logger).map { [unserved] connection in
            unserved.hold(connection)
            return connection
        }
    }

    func handle(value: Base.Value, logger: Logger) async {
        unserved.release(value.channel)
        await base.handle(value: value, logger: logger)
    }
}
