/// Which mesh: BLAKE2b-128 of its genesis. 32 lowercase hexadecimal digits as text.
public struct MeshID: Sendable, Hashable, Comparable, CustomStringConvertible {
    let value: Identifier128

    init(_ value: Identifier128) { self.value = value }

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
    /// The first eight digits, for logs and people.
    public var short: String { String(value.hex.prefix(8)) }

    /// The first four bytes: every packet begins with them, so that other meshes' packets are dropped at once.
    var tag: [UInt8] { Array(value.bytes.prefix(4)) }

    public static func < (a: Self, b: Self) -> Bool { a.value < b.value }
}

extension MeshID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = MeshID(hex: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a mesh id has 32 hexadecimal digits")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
