/// Which of a node's sessions a datagram is for: all of them share one UDP port.
///
/// A check names its session by the fragment that the session's description gave (RFC 8445 §7.2.2). Where such a check came from, other
/// datagrams of the session come from too. Only sessions that confirm a check's authenticity may have its source remembered (`learn`).
struct DatagramRouter<ID: Hashable & Sendable>: Sendable {
    /// Addresses remembered for one session; of more, the oldest go.
    static var pathLimit: Int { 16 }

    private var fragments: [String: ID] = [:]
    private var paths: [IcePath: ID] = [:]
    private var pathsOf: [ID: [IcePath]] = [:]

    init() {}

    /// A session begins, or ICE begins anew in it; the fragment before stays good until the session ends.
    mutating func add(_ id: ID, fragment: String) {
        fragments[fragment] = id
    }

    mutating func remove(_ id: ID) {
        fragments = fragments.filter { $0.value != id }
        for path in pathsOf.removeValue(forKey: id) ?? [] { paths[path] = nil }
    }

    /// Datagrams on this way are the session's from now on.
    mutating func learn(_ path: IcePath, for id: ID) {
        if let owner = paths[path] {
            guard owner != id else { return }
            pathsOf[owner]?.removeAll { $0 == path }
        }
        paths[path] = id
        pathsOf[id, default: []].append(path)
        if let count = pathsOf[id]?.count, count > Self.pathLimit, let oldest = pathsOf[id]?.removeFirst() { paths[oldest] = nil }
    }

    /// The session that a datagram is for; nil for a stranger's.
    func session(for datagram: ArraySlice<UInt8>, path: IcePath) -> ID? {
        guard DatagramKind(datagram) == .stun, let message = try? StunMessage(datagram), let fragment = message.addressedFragment else {
            return paths[path]
        }
        return fragments[fragment]
    }
}
