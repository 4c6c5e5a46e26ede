/// A server that helps viewers and cameras through routers (RFC 8445 §2): `HOST:PORT` or a URI of RFC 7064 (`stun:`) or RFC 7065 (`turn:`).
struct IceServer: Sendable, Hashable {
    enum Scheme: String, Sendable, CaseIterable {
        /// It tells us what our address looks like from outside.
        case stun, stuns
        /// It passes media on. Browsers use it; this node does not yet.
        case turn, turns
    }

    let scheme: Scheme
    /// A name or an address; IPv6 without brackets.
    let host: String
    /// Default: 3478, and 5349 over TLS.
    let port: UInt16
    /// `udp` or `tcp`, where a `turn` URI says it.
    let transport: String?

    /// What a list may hold: more would only make browsers slow.
    static let limit = 8

    /// Nil when the text is none of the forms.
    init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let named = parts.count == 2 ? Scheme(rawValue: parts[0].lowercased()) : nil
        var rest = named == nil ? Substring(text) : parts[1]
        var transport: String?
        if let question = rest.firstIndex(of: "?") {
            let query = rest[rest.index(after: question)...].lowercased()
            guard named == .turn || named == .turns, query == "transport=udp" || query == "transport=tcp" else { return nil }
            transport = String(query.dropFirst("transport=".count))
            rest = rest[..<question]
        }
        // A zone is of this machine alone; and what begins with a slash is another kind of URI.
        guard !rest.contains("%"), let place = HostAndPort(String(rest)) else { return nil }
        // Without a scheme only the form that cannot be anything else: "stun" alone is not a host.
        guard named != nil || place.port != nil else { return nil }
        guard place.host.unicodeScalars.allSatisfy({ $0.properties.isAlphabetic || ("0"..."9").contains($0) || "-._:".unicodeScalars.contains($0) }) else { return nil }
        scheme = named ?? .stun
        host = place.host.lowercased()
        port = UInt16(clamping: place.port ?? (scheme == .stuns || scheme == .turns ? 5349 : 3478))
        self.transport = transport
    }

    /// As browsers take it, and `Link: <…>; rel="ice-server"` of a WHEP answer.
    var uri: String {
        "\(scheme.rawValue):\(host.contains(":") ? "[\(host)]" : host):\(port)\(transport.map { "?transport=\($0)" } ?? "")"
    }
}
