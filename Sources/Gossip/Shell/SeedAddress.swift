import Dispatch
import Glibc

/// Seeds from the settings, as addresses.
enum SeedAddress {
    /// Seeds that are addresses already, and need no resolver.
    static func literal(_ text: String) -> PeerAddress? {
        guard let seed = PeerAddress(parsing: text, defaultPort: 7462), IPAddress(seed.host) != nil else { return nil }
        return seed
    }

    /// Addresses as they are, names by the system's resolver on a thread of its own: without an answer that waits for half a minute, and
    /// after a power cut a name server may be up later than this node.
    ///
    /// - Returns: nothing for a name that is not known (yet).
    static func resolve(_ text: String) async -> [PeerAddress] {
        if let literal = literal(text) { return [literal] }
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: ask(text)) }
        }
    }

    private static func ask(_ text: String) -> [PeerAddress] {
        guard let seed = PeerAddress(parsing: text, defaultPort: 7462) else { return [] }
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
