import Glibc

/// Between ``PeerAddress`` and the kernel's addresses.
enum SocketAddress {
    /// IPv4 in IPv6 (RFC 4291 §2.5.5.2): how a socket for both families writes IPv4 addresses.
    private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

    /// `nil` for what is no address of the socket's family, or names an interface that is not there.
    static func make(_ address: PeerAddress, ipv6Socket: Bool) -> sockaddr_storage? {
        guard let ip = IPAddress(address.host), let port = UInt16(exactly: address.port) else { return nil }
        var storage = sockaddr_storage()
        if ipv6Socket {
            var v6 = sockaddr_in6()
            v6.sin6_family = sa_family_t(AF_INET6)
            v6.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &v6.sin6_addr) { $0.copyBytes(from: ip.isIPv6 ? ip.bytes : mappedPrefix + ip.bytes) }
            if ip.isIPv6, ip.isLinkLocal {
                // Without its zone a link-local address means nothing.
                guard let zone = address.host.split(separator: "%").dropFirst().first else { return nil }
                v6.sin6_scope_id = if_nametoindex(String(zone))
                guard v6.sin6_scope_id != 0 else { return nil }
            }
            withUnsafeMutableBytes(of: &storage) { target in withUnsafeBytes(of: &v6) { target.copyBytes(from: $0) } }
        } else {
            guard !ip.isIPv6 else { return nil }
            var v4 = sockaddr_in()
            v4.sin_family = sa_family_t(AF_INET)
            v4.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &v4.sin_addr) { $0.copyBytes(from: ip.bytes) }
            withUnsafeMutableBytes(of: &storage) { target in withUnsafeBytes(of: &v4) { target.copyBytes(from: $0) } }
        }
        return storage
    }

    /// IPv4 in IPv6 becomes plain IPv4, so that a node has one name for one address.
    static func peer(_ storage: sockaddr_storage) -> PeerAddress? {
        var storage = storage
        switch Int32(storage.ss_family) {
        case AF_INET:
            return withUnsafeBytes(of: &storage) { bytes in
                let v4 = bytes.loadUnaligned(as: sockaddr_in.self)
                let host = withUnsafeBytes(of: v4.sin_addr) { $0.map(String.init).joined(separator: ".") }
                return PeerAddress(host: host, port: Int(UInt16(bigEndian: v4.sin_port)))
            }
        case AF_INET6:
            return withUnsafeBytes(of: &storage) { bytes in
                let v6 = bytes.loadUnaligned(as: sockaddr_in6.self)
                let raw = withUnsafeBytes(of: v6.sin6_addr) { Array($0) }
                let port = Int(UInt16(bigEndian: v6.sin6_port))
                if raw.starts(with: mappedPrefix) {
                    return PeerAddress(host: raw.suffix(4).map(String.init).joined(separator: "."), port: port)
                }
                var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
                guard inet_ntop(AF_INET6, raw, &text, socklen_t(text.count)) != nil else { return nil }
                var host = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                if v6.sin6_scope_id != 0 {
                    var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
                    if if_indextoname(v6.sin6_scope_id, &name) != nil {
                        host += "%" + String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                    }
                }
                return PeerAddress(host: host, port: port)
            }
        default:
            return nil
        }
    }
}
