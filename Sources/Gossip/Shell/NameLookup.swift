import Dispatch
import Glibc
import Synchronization

/// Hosts' names, asked of the system's resolver.
package enum NameLookup {
    /// No honest name has more.
    private static let limit = 8

    /// Whether it is an address, and no name that had to be looked up.
    package static func isAddress(_ host: String) -> Bool { IPAddress(host) != nil }

    /// A host's IPv4 and IPv6 addresses, as texts; an address is its own. Asked on a thread of its own: without an answer that waits for half
    /// a minute, and after a power cut a name server may be up later than this node.
    ///
    /// - Returns: nothing for a name that is not known (yet), and at once when the task is cancelled.
    package static func addresses(of host: String) async -> [String] {
        if isAddress(host) { return [host] }
        let answer = Mutex<CheckedContinuation<[String], Never>?>(nil)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                answer.withLock { $0 = continuation }
                // Whoever was cancelled before has nobody to end its wait.
                if Task.isCancelled { give([], to: answer) }
                DispatchQueue.global().async { give(ask(host), to: answer) }
            }
        } onCancel: {
            give([], to: answer)
        }
    }

    private static func give(_ addresses: [String], to answer: borrowing Mutex<CheckedContinuation<[String], Never>?>) {
        answer.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }?.resume(returning: addresses)
    }

    private static func ask(_ host: String) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [String] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let address = entry.ai_addr else { continue }
            var storage = sockaddr_storage()
            withUnsafeMutableBytes(of: &storage) {
                $0.copyBytes(from: UnsafeRawBufferPointer(start: address, count: min(Int(entry.ai_addrlen), $0.count)))
            }
            if let host = SocketAddress.peer(storage)?.host { found.append(host) }
        }
        return Array(found.prefix(limit))
    }
}
