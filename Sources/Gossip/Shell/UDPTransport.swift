import Foundation
import Synchronization

/// Gossip's socket: IPv6 and IPv4 on one port, where the kernel has both.
///
/// A plain socket with a thread of its own rather than a NIO channel: NIO closes a datagram channel when one destination is
/// unreachable (ENETUNREACH on a write), and here a single absent neighbour must never end the conversation with all others.
///
/// Received packets wait in a queue of ``queueLimit``; when it is full, the newest are dropped, as a network would.
final class UDPTransport: Sendable {
    /// Packets that wait for a slow reader.
    static let queueLimit = 1024

    struct Packet: Sendable {
        let bytes: [UInt8]
        let source: PeerAddress
    }

    /// Sending and receiving on one descriptor from two threads is safe; it is closed when neither happens any more.
    private let descriptor: Int32
    private let isIPv6: Bool
    /// The end of a socket pair whose closing ends the thread.
    private let wakeDescriptor: Int32
    let port: Int
    private let queue = PacketQueue(limit: queueLimit)
    private let receiver: DatagramReceiver
    private let isClosed = Mutex(false)

    /// What was refused or found no room.
    let refusals = RefusalCounters()

    /// - Parameters:
    ///   - port: 0 for any free one.
    ///   - refusal: why a packet is not worth reading, if it is not; called on the receiving thread.
    /// - Throws: when the port is taken or may not be used.
    init(port: Int, refusal: @escaping @Sendable ([UInt8]) -> PeerLink.Refusal? = { _ in nil }) throws(GossipError) {
        let operation = port == 0 ? "open a UDP port" : "open UDP port \(port)"
        func failure() -> GossipError {
            let code = errno
            let cure =
                switch code {
                case EADDRINUSE: "Another program (or another node) uses it: stop that, or set network.gossipPort to a free port."
                case EACCES, EPERM: "Ports below 1024 need root; set network.gossipPort to a higher one."
                default: "Check this machine's network."
                }
            return GossipError(operation: operation, reason: String(cString: strerror(code)), cure: cure, code: code)
        }
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        var isIPv6 = true
        var descriptor = socket(AF_INET6, type, 0)
        if descriptor < 0 {
            isIPv6 = false
            descriptor = socket(AF_INET, type, 0)
        }
        guard descriptor >= 0 else { throw failure() }
        var size: Int32 = 1 << 20
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        // The default holds some 170 small packets that wait for a slow link: a trigger goes to more members than that at once.
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        var bound: Int32
        if isIPv6 {
            var off: Int32 = 0
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, socklen_t(MemoryLayout<Int32>.size))
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = in_port_t(UInt16(clamping: port)).bigEndian
            bound = Self.withGeneric(&address) { bind(descriptor, $0, $1) }
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(clamping: port)).bigEndian
            bound = Self.withGeneric(&address) { bind(descriptor, $0, $1) }
        }
        var actual = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        if bound == 0 {
            bound = withUnsafeMutablePointer(to: &actual) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
            }
        }
        var pipe: [Int32] = [-1, -1]
        if bound == 0 { bound = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pipe) }
        guard bound == 0, let own = SocketAddress.peer(actual) else {
            let error = failure()
            Glibc.close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.isIPv6 = isIPv6
        self.port = own.port
        wakeDescriptor = pipe[1]
        receiver = DatagramReceiver(descriptor: descriptor, wakeDescriptor: pipe[0], queue: queue, refusals: refusals, refusal: refusal)
        let thread = Thread { [receiver] in receiver.run() }
        thread.name = "gossip-udp"
        thread.start()
    }

    deinit { close() }

    /// Says that there are packets for ``takeWaiting(limit:)``; ends when the transport is closed. For one reader.
    var arrivals: AsyncStream<Void> { queue.arrivals }

    /// What is here now, at most so many: first what waits in the queue, then what waits in the socket, because the thread had no time yet.
    func takeWaiting(limit: Int) -> [Packet] {
        // The thread closes the descriptor only after this is closed.
        isClosed.withLock { closed in closed ? queue.take(limit) : receiver.takeWaiting(limit: limit) }
    }

    /// Sends at once or not at all; a full buffer and an unreachable destination are losses like any other.
    @discardableResult
    func send(_ packet: [UInt8], to destination: PeerAddress) -> Bool {
        isClosed.withLock { closed in
            guard !closed, var address = SocketAddress.make(destination, ipv6Socket: isIPv6) else { return false }
            let length = socklen_t(
                Int32(address.ss_family) == AF_INET6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
            return withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(descriptor, packet, packet.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL), $0, length)
                }
            } == packet.count
        }
    }

    /// Ends the thread, which then closes the socket, and the stream.
    func close() {
        isClosed.withLock { closed in
            guard !closed else { return }
            closed = true
            Glibc.close(wakeDescriptor)
        }
    }

    private static func withGeneric<Address>(_ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Address>.size)) }
        }
    }
}
