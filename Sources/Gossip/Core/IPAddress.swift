/// An IPv4 or IPv6 address as bytes (RFC 4291 §2.2 text forms), without a zone.
struct IPAddress: Sendable, Hashable {
    /// 4 or 16.
    let bytes: [UInt8]

    /// `nil` for host names. A zone (`%eth0`) is left out.
    init?(_ text: String) {
        let text = text.prefix { $0 != "%" }
        if let bytes = Self.v4(text) ?? Self.v6(text) { self.bytes = bytes } else { return nil }
    }

    var isLoopback: Bool { bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1] }
    /// fe80::/10 and 169.254/16.
    var isLinkLocal: Bool { bytes.count == 4 ? bytes.starts(with: [169, 254]) : bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80 }
    var isIPv6: Bool { bytes.count == 16 }

    private static func v4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        let bytes = parts.compactMap { part in part.count <= 3 && part.allSatisfy(\.isNumber) ? UInt8(part) : nil }
        return bytes.count == 4 ? bytes : nil
    }

    private static func v6(_ text: Substring) -> [UInt8]? {
        guard text.contains(":") else { return nil }
        var head: [UInt8] = []
        var tail: [UInt8] = []
        var gap = false
        var fields = text.split(separator: ":", omittingEmptySubsequences: false)
        if fields.first?.isEmpty == true {
            fields.removeFirst()
            guard fields.first?.isEmpty == true else { return nil }
        }
        if fields.last?.isEmpty == true {
            fields.removeLast()
            guard fields.last?.isEmpty == true else { return nil }
        }
        for (index, field) in fields.enumerated() {
            var bytes: [UInt8]
            if field.isEmpty {
                guard !gap else { return nil }
                gap = true
                continue
            } else if index == fields.count - 1, let v4 = v4(field) {
                bytes = v4
            } else {
                guard field.count <= 4, let word = UInt16(field, radix: 16), field.allSatisfy(\.isHexDigit) else { return nil }
                bytes = word.bigEndianBytes
            }
            if gap { tail += bytes } else { head += bytes }
        }
        guard gap ? head.count + tail.count < 16 : head.count == 16 else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }
}
