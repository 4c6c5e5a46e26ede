import NIOCore

/// How many connections a door holds, and which one makes room when it is full: a value, see ``ConnectionGuard`` for the channels.
///
/// A connection without a request under way may be closed at any time (RFC 9112 §9.3), so whoever opens connections and is
/// silent loses them first, and never keeps others out: the newest is let in for the oldest that waits. Programs on this
/// machine have places of their own.
struct ConnectionLimits: Sendable {
    /// All connections from other machines; the same again for this one. Default 512.
    let total: Int
    /// Connections from one host. A browser opens 6. Default 64.
    let perHost: Int

    /// Who counts as one host.
    enum Host: Sendable, Hashable {
        /// A program on this machine.
        case loopback
        /// An IPv4 address, or a link-local or unique local IPv6 address: all of a network would share their 64-bit prefixes.
        case address([UInt8])
        /// A 64-bit IPv6 prefix, of which one machine may use any address.
        case prefix([UInt8])
    }

    enum Decision: Sendable, Equatable {
        case admitted
        /// Close that one: it waits longest.
        case admittedFor(Int)
        /// All places are taken by connections with requests under way.
        case refused
    }

    private struct Connection {
        let host: Host
        var isBusy = false
    }

    /// By number; higher numbers are newer.
    private var connections: [Int: Connection] = [:]

    init(total: Int = 512, perHost: Int = 64) {
        self.total = total
        self.perHost = perHost
    }

    var count: Int { connections.count }

    /// A new connection, with a number higher than all before.
    mutating func open(_ number: Int, from host: Host) -> Decision {
        let isRemote = host != .loopback
        let rivals: [Int: Connection]
        let ofHost = isRemote ? connections.filter { $0.value.host == host } : [:]
        if ofHost.count >= perHost {
            rivals = ofHost
        } else {
            let pool = connections.filter { ($0.value.host != .loopback) == isRemote }
            guard pool.count >= total else {
                connections[number] = Connection(host: host)
                return .admitted
            }
            rivals = pool
        }
        guard let oldest = rivals.filter({ !$0.value.isBusy }).keys.min() else { return .refused }
        connections[oldest] = nil
        connections[number] = Connection(host: host)
        return .admittedFor(oldest)
    }

    /// Whether a request is under way on the connection.
    mutating func set(_ number: Int, busy: Bool) { connections[number]?.isBusy = busy }

    mutating func close(_ number: Int) { connections[number] = nil }
}

extension ConnectionLimits.Host {
    init(_ address: SocketAddress?) {
        switch address {
        case .v4(let v4): self = Self.v4(withUnsafeBytes(of: v4.address.sin_addr.s_addr) { Array($0) })
        case .v6(let v6): self = Self.v6(withUnsafeBytes(of: v6.address.sin6_addr) { Array($0) })
        default: self = .loopback
        }
    }

    private static func v4(_ bytes: [UInt8]) -> Self { bytes[0] == 127 ? .loopback : .address(bytes) }

    private static func v6(_ bytes: [UInt8]) -> Self {
        if bytes.prefix(10).allSatisfy({ $0 == 0 }) {
            if bytes[10] == 0xff, bytes[11] == 0xff { return v4(Array(bytes[12...])) }
            if bytes[10..<15].allSatisfy({ $0 == 0 }), bytes[15] == 1 { return .loopback }
        }
        // fe80::/10 (RFC 4291 §2.5.6) and fc00::/7 (RFC 4193).
        let isLocal = bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80 || bytes[0] & 0xfe == 0xfc
        return isLocal ? .address(bytes) : .prefix(Array(bytes.prefix(8)))
    }
}
