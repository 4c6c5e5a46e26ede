/// An address that one side may be reached at (RFC 8445 §5.1, grammar in RFC 8839 §5.1).
struct IceCandidate: Sendable, Hashable {
    enum Kind: String, Sendable, Hashable {
        case host
        case serverReflexive = "srflx"
        case peerReflexive = "prflx"
        case relayed = "relay"

        /// How much the kind is preferred (RFC 8445 §5.1.2.2): 0 to 126.
        var typePreference: UInt32 {
            switch self {
            case .host: 126
            case .peerReflexive: 110
            case .serverReflexive: 100
            case .relayed: 0
            }
        }
    }

    /// Groups candidates that work or fail alike: 1 to 32 characters.
    var foundation: String
    var priority: UInt32
    var address: TransportAddress
    var kind: Kind
    /// The base of a reflexive candidate, as the other side said it; of no use but for people.
    var related: TransportAddress?

    init(foundation: String, priority: UInt32, address: TransportAddress, kind: Kind, related: TransportAddress? = nil) {
        self.foundation = foundation
        self.priority = priority
        self.address = address
        self.kind = kind
        self.related = related
    }

    /// RFC 8445 §5.1.2.1, for component 1.
    /// - Parameter localPreference: Which interface is preferred; the highest is 65535.
    static func priority(_ kind: Kind, localPreference: UInt16) -> UInt32 {
        kind.typePreference << 24 | UInt32(localPreference) << 8 | 255
    }
}

/// What an `a=candidate` line turned out to be.
enum CandidateLine: Sendable, Hashable {
    case candidate(IceCandidate)
    /// Well-formed and of no use to us: TCP, another component, a name instead of an address (mDNS). Its owner is reached by the checks
    /// that it sends (RFC 8445 §7.3.1.3).
    case unusable
    case malformed

    /// Longer lines are not candidates.
    static let limitBytes = 512

    /// Reads the text after `a=` or of a trickled candidate: `candidate:…`; a leading `a=` is tolerated.
    init(_ text: some StringProtocol) {
        var text = Substring(text)
        if text.hasPrefix("a=") { text = text.dropFirst(2) }
        guard text.utf8.count <= Self.limitBytes, text.hasPrefix("candidate:") else {
            self = .malformed
            return
        }
        let fields = text.dropFirst("candidate:".count).split(whereSeparator: \.isWhitespace)
        guard fields.count >= 8, Self.isFoundation(fields[0]), let component = UInt16(fields[1]), let priority = UInt32(fields[3]),
            let port = UInt16(fields[5]), fields[6] == "typ"
        else {
            self = .malformed
            return
        }
        guard component == 1, fields[2].lowercased() == "udp", let kind = IceCandidate.Kind(rawValue: String(fields[7])),
            let address = TransportAddress(fields[4], port: port), address.isUsable
        else {
            self = .unusable
            return
        }
        self = .candidate(
            IceCandidate(
                foundation: String(fields[0]), priority: priority, address: address, kind: kind, related: Self.related(fields.dropFirst(8))))
    }

    /// 1 to 32 characters; any visible ones, as implementations use more than the standard's.
    private static func isFoundation(_ text: Substring) -> Bool {
        (1...32).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }

    /// Of the pairs of name and value after the kind, `raddr` and `rport`; `tcptype`, `generation`, `ufrag`, `network-id` and others are
    /// for people or for their owner.
    private static func related(_ fields: ArraySlice<Substring>) -> TransportAddress? {
        var host: Substring?
        var port: UInt16?
        var rest = fields
        while let name = rest.popFirst(), let value = rest.popFirst() {
            if name == "raddr" { host = value }
            if name == "rport" { port = UInt16(value) }
        }
        guard let host, let port else { return nil }
        return TransportAddress(host, port: port)
    }
}

extension IceCandidate {
    /// The line without `a=`.
    var line: String {
        let base = "candidate:\(foundation) 1 udp \(priority) \(address.host) \(address.port) typ \(kind.rawValue)"
        guard kind != .host else { return base }
        // Who hides its base says so with the address of nobody (RFC 8839 §5.1).
        return base + " raddr \(related?.host ?? (address.family == .ipv4 ? "0.0.0.0" : "::")) rport \(related?.port ?? 9)"
    }
}
