import Glibc

/// This machine's own addresses.
public enum InterfaceAddresses {
    /// Addresses at which other machines may reach this one: of interfaces that are up, without loopback and IPv6 link-local
    /// ones; IPv4 first, each family in a stable order. Empty on a machine without network.
    public static func current() -> [String] { all().filter { !$0.isLoopback && !$0.isLinkLocal }.map(\.text) }

    /// Whether that address belongs to this machine.
    static func isOwn(_ host: String) -> Bool {
        guard let address = IPAddress(host) else { return false }
        return address.isLoopback || all().contains { IPAddress($0.text) == address }
    }

    private struct Found {
        let text: String
        let isLoopback: Bool
        let isLinkLocal: Bool
        let isIPv6: Bool
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
            guard let ip = IPAddress(host) else { continue }
            found.append(Found(text: host, isLoopback: ip.isLoopback, isLinkLocal: ip.isLinkLocal, isIPv6: ip.isIPv6))
        }
        return found.sorted { !$0.isIPv6 && $1.isIPv6 }
    }
}
