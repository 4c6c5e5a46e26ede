import Foundation

/// Where a peer's TLS door is tried.
struct PeerHost: Sendable, Hashable {
    /// More addresses of one peer are not tried: it would take longer than anybody waits.
    static let limit = 4

    /// As a URL has it. A link-local IPv6 address has its zone there, as RFC 6874 writes it: `[fe80::1%25eth0]`.
    let inURL: String
    /// As the `Host` field has it: without the zone, which means something on this machine only (RFC 6874 §4).
    let name: String

    init(_ address: String) {
        let parts = address.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        let bare = String(parts[0])
        name = bare.contains(":") ? "[\(bare)]" : bare
        guard parts.count == 2 else {
            inURL = name
            return
        }
        let zone = parts[1].addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~"))) ?? ""
        inURL = "[\(bare)%25\(zone)]"
    }

    /// Best first.
    ///
    /// - Parameters:
    ///   - heard: where its gossip comes from; a link-local address is usable with the zone in which this node heard it.
    ///   - told: what it says of itself. Its link-local addresses say nothing here.
    static func all(heard: [String], told: [String]) -> [PeerHost] {
        let heard = heard.filter { !isLinkLocal($0) || $0.contains("%") }
        let told = told.filter { !isLinkLocal($0) && !$0.contains("%") }
        var seen: Set<PeerHost> = []
        return (heard + told).map { PeerHost($0) }.filter { seen.insert($0).inserted }.prefix(limit).map { $0 }
    }

    /// fe80::/10.
    private static func isLinkLocal(_ address: String) -> Bool {
        ["fe8", "fe9", "fea", "feb"].contains(String(address.lowercased().prefix(3))) && address.contains(":")
    }
}
