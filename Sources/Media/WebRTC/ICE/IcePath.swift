/// The two ends of a way through the network.
struct IcePath: Sendable, Hashable {
    /// Ours: the address of an interface and the node's port.
    var local: TransportAddress
    var remote: TransportAddress

    init(local: TransportAddress, remote: TransportAddress) {
        self.local = local
        self.remote = remote
    }
}

/// Which side chooses among the ways that work (RFC 8445 §2.3).
enum IceRole: Sendable, Hashable {
    case controlling
    case controlled

    var other: IceRole { self == .controlling ? .controlled : .controlling }
}
