/// An IPv4 or IPv6 address and a UDP port: where a datagram comes from or goes to.
struct TransportAddress: Sendable, Hashable {
    enum Family: Sendable, Hashable {
        case ipv4
        case ipv6
    }

    let family: Family
    /// The address as a number; of IPv4 the low 32 bits.
    private let high: UInt64
    private let low: UInt64
    var port: UInt16
    /// The interface of a link-local IPv6 address (RFC 4007), 0 for others. Never leaves this machine.
    var zone: UInt32

    /// - Parameter bytes: 4 or 16; nil for any other count.
    init?(bytes: some Collection<UInt8>, port: UInt16, zone: UInt32 = 0) {
        switch bytes.count {
        case 4: family = .ipv4
        case 16: family = .ipv6
        default: return nil
        }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for byte in bytes {
            high = high << 8 | low >> 56
            low = low << 8 | UInt64(byte)
        }
        self.high = high
        self.low = low
        self.port = port
        self.zone = zone
    }

    /// An IPv6 address, or an IPv4 one mapped into ::ffff:0:0/96 (RFC 4291 §2.5.5.2), as the kernel's IPv6 sockets have it.
    init(mapped high: UInt64, _ low: UInt64, port: UInt16, zone: UInt32 = 0) {
        let isMapped = high == 0 && low >> 32 == 0xffff
        family = isMapped ? .ipv4 : .ipv6
        self.high = high
        self.low = isMapped ? low & 0xffff_ffff : low
        self.port = port
        self.zone = isMapped ? 0 : zone
    }

    /// As ``init(mapped:_:port:zone:)`` takes it.
    var mapped: (high: UInt64, low: UInt64) { family == .ipv4 ? (0, 0xffff << 32 | low) : (high, low) }

    /// The text forms of RFC 4291 §2.2 without a zone, and dotted IPv4; nil for names.
    init?(_ text: some StringProtocol, port: UInt16) {
        let text = Substring(text)
        guard let bytes = Self.ipv4(text) ?? Self.ipv6(text) else { return nil }
        self.init(bytes: bytes, port: port)
    }

    /// 4 or 16.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        if family == .ipv6 {
            bytes.append(bigEndian: high)
            bytes.append(bigEndian: low)
        } else {
            bytes.append(bigEndian: UInt32(truncatingIfNeeded: low))
        }
        return bytes
    }

    /// 127/8 and ::1.
    var isLoopback: Bool { family == .ipv4 ? low >> 24 == 127 : high == 0 && low == 1 }

    /// 169.254/16 and fe80::/10.
    var isLinkLocal: Bool { family == .ipv4 ? low >> 16 == 0xa9fe : high >> 54 == 0x3fa }

    /// 0.0.0.0 and ::.
    var isUnspecified: Bool { high == 0 && low == 0 }

    /// 224/4 and ff00::/8, and the broadcast address: nothing is ever sent there.
    var isMulticast: Bool { family == .ipv4 ? low >> 28 == 14 || low == 0xffff_ffff : high >> 56 == 0xff }

    /// Whether a datagram could be sent to it.
    var isUsable: Bool { !isUnspecified && !isMulticast && port != 0 }

    private static func ipv4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        let bytes = parts.compactMap { part in
            (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt8(part) : nil
        }
        return bytes.count == 4 ? bytes : nil
    }

    private static func ipv6(_ text: Substring) -> [UInt8]? {
        guard text.utf8.count <= 45, text.contains(":") else { return nil }
        // A colon at an end is half of a double one.
        guard text.hasPrefix("::") || !text.hasPrefix(":"), text.hasSuffix("::") || !text.hasSuffix(":") else { return nil }
        if text == "::" { return [UInt8](repeating: 0, count: 16) }
        var fields = text.split(separator: ":", omittingEmptySubsequences: false)
        // A double colon at an end leaves two empty fields there; one of them stands for the gap.
        if fields.count > 2, fields[0].isEmpty, fields[1].isEmpty { fields.removeFirst() }
        if fields.count > 2, fields[fields.count - 1].isEmpty, fields[fields.count - 2].isEmpty { fields.removeLast() }
        var head: [UInt8] = []
        var tail: [UInt8] = []
        var hasGap = false
        for (index, field) in fields.enumerated() {
            var bytes: [UInt8] = []
            if field.isEmpty {
                guard !hasGap else { return nil }
                hasGap = true
                continue
            } else if index == fields.count - 1, field.contains(".") {
                guard let tail = ipv4(field) else { return nil }
                bytes = tail
            } else {
                guard field.utf8.count <= 4, field.utf8.allSatisfy({ UInt8(ascii: "+") != $0 && UInt8(ascii: "-") != $0 }),
                    let word = UInt16(field, radix: 16)
                else { return nil }
                bytes.append(bigEndian: word)
            }
            if hasGap { tail += bytes } else { head += bytes }
        }
        let missing = 16 - head.count - tail.count
        guard hasGap ? missing >= 2 : missing == 0 else { return nil }
        return head + [UInt8](repeating: 0, count: missing) + tail
    }
}

extension TransportAddress {
    /// The address without the port: dotted, or as RFC 5952 §4 wants IPv6.
    var host: String {
        guard family == .ipv6 else { return bytes.map(String.init).joined(separator: ".") }
        let words = (0..<8).map { UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> UInt64(48 - 16 * ($0 % 4))) }
        var gap = 0..<0
        var index = 0
        while index < 8 {
            let zeros = words[index...].prefix { $0 == 0 }
            if zeros.count > max(1, gap.count) { gap = index..<index + zeros.count }
            index += max(1, zeros.count)
        }
        let text = { (range: Range<Int>) in words[range].map { String($0, radix: 16) }.joined(separator: ":") }
        return gap.isEmpty ? text(0..<8) : text(0..<gap.lowerBound) + "::" + text(gap.upperBound..<8)
    }
}

extension TransportAddress: CustomStringConvertible {
    var description: String { family == .ipv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
