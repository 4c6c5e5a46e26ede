import Foundation
import Glibc

/// Finds out before anything starts whether the node's ports are free, so that a taken one is a clear line and not half a node.
struct PortCheck: Sendable {
    private let network: NetworkSettings
    /// The peers' TCP port: as configured, or a free one for 0.
    let peerPort: Int

    init(_ network: NetworkSettings) {
        self.network = network
        // Chosen here, because the signed record that names it is made before the port is opened.
        peerPort = network.peerPort != 0 ? network.peerPort : Self.freePort() ?? 0
    }

    /// - Throws: ``NodeError`` naming the port, what it is for and the setting that moves it.
    func run() throws {
        try check(network.webPort, SOCK_STREAM, "the dashboard (HTTPS)", "network.web_port")
        try check(peerPort, SOCK_STREAM, "other nodes (TLS)", "network.peer_port")
        try check(network.gossipPort, SOCK_DGRAM, "gossip (UDP)", "network.gossip_port")
        try check(network.livePort, SOCK_DGRAM, "live pictures (UDP)", "network.live_port")
        if let port = network.httpPort { try check(port, SOCK_STREAM, "plain HTTP on loopback", "network.http_port") }
    }

    private func check(_ port: Int, _ type: __socket_type, _ use: String, _ key: String) throws {
        guard port != 0 else { return }
        switch Self.bindError(port, type) {
        case 0: return
        case EADDRINUSE:
            throw NodeError(
                "port \(port) for \(use) is in use", cure: "Stop the program that has it ('ss -lntup' names it), or set another \(key).")
        case EACCES:
            throw NodeError("port \(port) for \(use) is not allowed for this user", cure: "Set \(key) to 1024 or more.")
        case let code:
            throw NodeError("port \(port) for \(use) cannot be opened: \(String(cString: strerror(code)))", cure: "Set another \(key).")
        }
    }

    /// Whether nothing listens on that TCP port.
    static func isFree(_ port: Int) -> Bool { bindError(port, SOCK_STREAM) == 0 }

    /// Tries IPv4 and IPv6, each for itself: the servers take both.
    private static func bindError(_ port: Int, _ type: __socket_type) -> Int32 {
        for family in [AF_INET, AF_INET6] {
            let descriptor = socket(family, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else {
                if family == AF_INET6 { return 0 }  // a kernel without IPv6
                return errno
            }
            defer { close(descriptor) }
            var yes: Int32 = 1
            // As the servers do: a connection that lingers from the run before does not count.
            if type == SOCK_STREAM { setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size)) }
            if family == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &yes, socklen_t(MemoryLayout<Int32>.size)) }
            let code = bindAny(descriptor, family, port)
            if code != 0, code != EADDRNOTAVAIL { return code }
        }
        return 0
    }

    private static func freePort() -> Int? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0, bindAny(descriptor, AF_INET, 0) == 0 else { return nil }
        defer { close(descriptor) }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return result == 0 ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }

    /// Binds to the unspecified address of the family. Answers 0, or `errno`.
    private static func bindAny(_ descriptor: Int32, _ family: Int32, _ port: Int) -> Int32 {
        let port = UInt16(truncatingIfNeeded: port).bigEndian
        if family == AF_INET6 {
            return bindTo(sockaddr_in6(sin6_family: sa_family_t(family), sin6_port: port, sin6_flowinfo: 0, sin6_addr: in6_addr(), sin6_scope_id: 0), descriptor)
        }
        return bindTo(sockaddr_in(sin_family: sa_family_t(family), sin_port: port, sin_addr: in_addr(), sin_zero: (0, 0, 0, 0, 0, 0, 0, 0)), descriptor)
    }

    private static func bindTo<Address>(_ address: Address, _ descriptor: Int32) -> Int32 {
        withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<Address>.size)) } == 0 ? 0 : errno
        }
    }
}
