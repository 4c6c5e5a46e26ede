import X509

/// What the mesh's own certificates may name: what is in a house, and nothing of the web.
///
/// The same list limits the authority itself (name constraints, RFC 5280 §4.2.1.10), so a person who trusts it risks nothing elsewhere:
/// browsers refuse whatever it signs beyond this.
public enum HomeNames {
    /// Endings of names that nobody can own on the internet: mDNS (RFC 6762), home networks (RFC 8375), private use (ICANN resolution
    /// 2024.07.29.06), this machine (RFC 6761 §6.3).
    static let domains = ["local", "home.arpa", "internal", "localhost"]

    /// Loopback, private and link-local: RFC 1122 §3.2.1.3, RFC 1918, RFC 3927, RFC 4291 §2.5, RFC 4193.
    static let ranges = [
        AddressRange([127, 0, 0, 0], 8), AddressRange([10, 0, 0, 0], 8), AddressRange([172, 16, 0, 0], 12), AddressRange([192, 168, 0, 0], 16),
        AddressRange([169, 254, 0, 0], 16), AddressRange([UInt8](repeating: 0, count: 15) + [1], 128),
        AddressRange([0xfe, 0x80] + [UInt8](repeating: 0, count: 14), 10), AddressRange([0xfc] + [UInt8](repeating: 0, count: 15), 7),
    ]

    /// Addresses that begin with the same bits.
    struct AddressRange: Sendable, Hashable {
        let base: [UInt8]
        let mask: [UInt8]

        init(_ base: [UInt8], _ bits: Int) {
            self.base = base
            mask = base.indices.map { index in UInt8(truncatingIfNeeded: 0xff00 >> min(max(bits - index * 8, 0), 8)) }
        }

        func contains(_ bytes: [UInt8]) -> Bool {
            bytes.count == base.count && zip(bytes, zip(base, mask)).allSatisfy { byte, limit in byte & limit.1 == limit.0 }
        }
    }

    /// Whether that is a host name of letters, digits and hyphens with one of these endings.
    public static func permits(name: String) -> Bool {
        let name = name.lowercased()
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel) && domains.contains { name == $0 || name.hasSuffix("." + $0) }
    }

    /// Whether that is an address in one of these ranges. A zone (`%eth0`) is left out.
    public static func permits(address: String) -> Bool {
        guard let address = IPAddress(address) else { return false }
        return ranges.contains { $0.contains(address.bytes) }
    }

    /// The name by which mDNS finds a host called so; `nil` where it is no label (RFC 1123 §2.1).
    public static func mDNSName(of host: String) -> String? {
        let label = host.lowercased()
        return isLabel(Substring(label)) ? "\(label).local" : nil
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2d }
    }

    /// The same for a certificate. It is to be critical: who does not understand it must refuse the certificate.
    static var constraints: NameConstraints {
        var constraints = NameConstraints(permittedDNSDomains: domains)
        constraints.permittedSubtrees += ranges.map { .ipAddress(.init(contentBytes: ($0.base + $0.mask)[...])) }
        return constraints
    }
}
