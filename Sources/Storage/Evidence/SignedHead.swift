/// A camera's signature over the newest head of a clip's hash chain, right behind the fragment that made it: a `uuid` box of the file itself
/// (ISO/IEC 14496-12 §11.1), which players pass over.
///
/// So what a camera recorded up to the moment in which it was stolen is proven by its file, wherever that is and whoever closed it. The box is
/// no part of the chain: it vouches for itself.
public struct SignedHead: Sendable, Equatable {
    public let clip: ClipID
    /// How many fragments the head covers; 0: the init segment only.
    public let fragments: Int
    /// 32 bytes.
    public let head: [UInt8]
    /// Ed25519 over ``signedBytes``.
    public let signature: [UInt8]

    /// Length of the box.
    static let size = 149
    static let boxType = BoxType("uuid")
    /// Which `uuid` box it is.
    private static let userType: [UInt8] = [0xd4, 0xce, 0x8d, 0xcc, 0x99, 0x5c, 0x42, 0x8b, 0xbb, 0x7b, 0xe0, 0xbb, 0x6a, 0x55, 0x5c, 0xad]
    private static let version: UInt8 = 1
    private static let prefix = UInt32(size).bytes + Array("uuid".utf8) + userType

    init(clip: ClipID, fragments: Int, head: [UInt8], sign: ([UInt8]) -> [UInt8]) {
        (self.clip, self.fragments, self.head) = (clip, fragments, head)
        signature = sign(Self.signedBytes(clip, fragments, head))
    }

    /// Reads a whole box. `nil`: some other box, or one of a later version.
    init?(box: [UInt8]) {
        guard box.count == Self.size, box.starts(with: Self.prefix) else { return nil }
        let body = box[Self.prefix.count...]
        func number(at place: Int) -> UInt32 { body[(body.startIndex + place)...].prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }
        guard body.first == Self.version else { return nil }
        clip = ClipID(node: Array(body.dropFirst().prefix(16)).hex, boot: number(at: 17), counter: number(at: 21))
        fragments = Int(number(at: 25))
        head = Array(body.dropFirst(29).prefix(32))
        signature = Array(body.dropFirst(61))
    }

    var box: [UInt8] { Self.prefix + Self.signedBytes(clip, fragments, head) + signature }

    public var signedBytes: [UInt8] { Self.signedBytes(clip, fragments, head) }

    private static func signedBytes(_ clip: ClipID, _ fragments: Int, _ head: [UInt8]) -> [UInt8] {
        let node = [UInt8](hex: clip.node.utf8) ?? []
        return [version] + (node + [UInt8](repeating: 0, count: 16)).prefix(16) + clip.boot.bytes + clip.counter.bytes + UInt32(clamping: fragments).bytes + head
    }
}

extension UInt32 {
    /// Big-endian.
    fileprivate var bytes: [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: self >> $0) } }
}
