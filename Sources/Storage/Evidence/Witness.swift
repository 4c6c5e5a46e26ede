public import struct Foundation.Date

/// A peer's countersignature: it had the beginning of a clip at that time. Who has got hold of the camera's own key cannot make it.
///
/// The camera keeps it in the clip's facts (``ClipFacts/witnesses``), under its own signature.
public struct Witness: Codable, Sendable, Equatable {
    /// The peer's id.
    public let node: String
    /// How many fragments the head covers; 0: the init segment only.
    public let fragments: Int
    /// Head of the clip's ``HashChain``, in hex.
    public let head: String
    /// By the peer's clock.
    public let time: Date
    /// Ed25519 over ``signedBytes(of:)``, in hex.
    public let signature: String

    init(of clip: ClipID, node: String, fragments: Int, head: String, time: Date, sign: ([UInt8]) -> [UInt8]) {
        (self.node, self.fragments, self.head) = (node, fragments, head)
        // As it is written.
        self.time = Date(timeIntervalSince1970: (time.timeIntervalSince1970 * 1000).rounded() / 1000)
        signature = sign(Self.signedBytes(clip, fragments, head, self.time)).hex
    }

    public func signedBytes(of clip: ClipID) -> [UInt8] { Self.signedBytes(clip, fragments, head, time) }

    private static func signedBytes(_ clip: ClipID, _ fragments: Int, _ head: String, _ time: Date) -> [UInt8] {
        Array("1 \(clip) \(fragments) \(head) \(RFC3339.format(time))".utf8)
    }
}
