/// Names one clip for ever: who recorded it, in which run of that node, and the how-manieth it was.
///
/// Never made of time alone: a clock that steps back would name two clips alike (mesh.md §4, "Wrong clock").
public struct ClipID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The recording node's id: 32 lowercase hex digits.
    public let node: String
    /// The node's boot counter when the clip was opened.
    public let boot: UInt32
    /// Counts the clips of that boot, from 1.
    public let counter: UInt32

    public init(node: String, boot: UInt32, counter: UInt32) {
        self.node = node
        self.boot = boot
        self.counter = counter
    }

    /// Reads the form that `description` writes. `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [32, 8, 8],
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) } }),
            let boot = UInt32(parts[1], radix: 16), let counter = UInt32(parts[2], radix: 16)
        else { return nil }
        self.init(node: String(parts[0]), boot: boot, counter: counter)
    }

    /// `<node>-<boot>-<counter>` in lowercase hex of fixed width: safe in URLs and file names, and in the order of the ids.
    public var description: String { "\(node)-\(Self.hex(boot))-\(Self.hex(counter))" }

    private static func hex(_ number: UInt32) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    public static func < (a: ClipID, b: ClipID) -> Bool {
        (a.node, a.boot, a.counter) < (b.node, b.boot, b.counter)
    }
}

extension ClipID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = ClipID(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a clip id: \(text.prefix(80))")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
