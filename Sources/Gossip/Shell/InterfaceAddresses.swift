import Glibc

/// This machine's own addresses.
public enum InterfaceAddresses {
    /// Addresses at which other machines may reach this one: of interfaces that are up, IPv4 first, each family in a stable order.
    /// IPv4 link-local ones (169.254/16) only where there are no others; no IPv6 link-local ones, which mean nothing without a zone that
    /// each machine names for itself. Empty on a machine without network.
    public static func current() -> [String] { reachable(all()) }

    /// What this node's record tells the others: ``current()``. Loopback only on a machine that has nothing else, where all nodes there
    /// are run on it. With IPv6 link-local addresses alone: nothing; whoever hears the node sees where it is, with the zone.
    static func told() -> [String] { told(all()) }

    static func told(_ found: [Found]) -> [String] {
        found.allSatisfy(\.isLoopback) ? found.prefix(1).map(\.text) : reachable(found)
    }

    private static func reachable(_ found: [Found]) -> [String] {
        let usable = found.filter { !$0.isLoopback && !($0.isIPv6 && $0.isLinkLocal) }
        let better = usable.filter { !$0.isLinkLocal }
        return (better.isEmpty ? usable : better).map(\.text)
    }

    /// Whether that address belongs to this machine.
    static func isOwn(_ host: String) -> Bool {
        guard let address = IPAddress(host) else { return false }
        return address.isLoopback || all().contains { IPAddress($0.text) == address }
    }

    /// An address of an interface that is up.
    struct Found: Sendable, Hashable {
        /// With a zone, if it has one.
        let text: String
        let isLoopback: Bool
        let isLinkLocal: Bool
        let isIPv6: Bool

        /// `nil` for what is no address.
        init?(_ text: String) {
            guard let ip = IPAddress(text) else { return nil }
            self.text = text
            (isLoopback, isLinkLocal, isIPv6) = (ip.isLoopback, ip.isLinkLocal, ip.isIPv6)
        }
    }

    private static func all() -> [Found] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: [Found] = []
        var next = list
        while let interface = next?.pointee {
            next = interface.ifa_next
            guard interface.ifa_flags & UInt32(IFF_UP) != 0, let address = interface.ifa_addr else { continue }
            let family = Int32(address.pointee.sa_family)
            guard family == AF_INET || family == AF_INET6 else { continue }
            let length = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            guard getnameinfo(address, socklen_t(length), &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else { continue }
            let host = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if let address = Found(host) { found.append(address) }
        }
        return found.sorted { !$0.isIPv6 && $1.isIPv6 }
    }
}
