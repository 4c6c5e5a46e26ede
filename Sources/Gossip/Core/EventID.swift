/// Names one event everywhere: the first eight bytes of its origin's ``NodeID``, the origin's boot counter, and a counter within
/// that boot. 32 lowercase hexadecimal digits as text.
public struct EventID: Sendable, Hashable, Comparable, CustomStringConvertible {
    let value: Identifier128

    public init(origin: NodeID, boot: UInt32, counter: UInt32) {
        value = Identifier128(high: origin.prefix, low: UInt64(boot) << 32 | UInt64(counter))
    }

    /// `nil` unless there are exactly sixteen bytes.
    public init?(bytes: some Sequence<UInt8>) {
        guard let value = Identifier128(bytes: bytes) else { return nil }
        self.value = value
    }

    /// `nil` unless there are exactly 32 hexadecimal digits.
    public init?(hex: String) {
        guard let value = Identifier128(hex: hex) else { return nil }
        self.value = value
    }

    /// Sixteen bytes.
    public var bytes: [UInt8] { value.bytes }
    public var description: String { value.hex }
    /// The origin's boot counter.
    public var boot: UInt32 { UInt32(truncatingIfNeeded: value.low >> 32) }
    /// Counts the events of one boot, from 1.
    public var counter: UInt32 { UInt32(truncatingIfNeeded: value.low) }

    /// Whether `node` may have made this id.
    public func isFrom(_ node: NodeID) -> Bool { node.prefix == value.high }

    public static func < (a: Self, b: Self) -> Bool { a.value < b.value }
}

extension EventID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = EventID(hex: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "an event id has 32 hexadecimal digits")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
