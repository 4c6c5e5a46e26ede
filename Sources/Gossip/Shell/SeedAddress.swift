import Glibc

/// Seeds from the settings, as addresses.
enum SeedAddress {
    /// Addresses as they are, names by the system's resolver (which may block: called once, before the node runs).
    static func resolve(_ text: String) -> [PeerAddress] {
        guard let seed = PeerAddress(parsing: text, defaultPort: 7462) else { return [] }
        if IPAddress(seed.host) != nil { return [seed] }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(seed.host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [PeerAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let address = entry.ai_addr else { continue }
            var storage = sockaddr_storage()
            withUnsafeMutableBytes(of: &storage) {
                $0.copyBytes(from: UnsafeRawBufferPointer(start: address, count: min(Int(entry.ai_addrlen), $0.count)))
            }
            if let host = SocketAddress.peer(storage)?.host { found.append(PeerAddress(host: host, port: seed.port)) }
        }
        return Array(found.prefix(8))
    }
}
