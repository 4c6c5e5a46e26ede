import Foundation

/// Frames out of signed statements: what a simulated liar sends is made here too, so that it differs from an honest node's in nothing
/// but its content.
extension Frame {
    /// Somebody's statement of a member's standing.
    package static func claim(_ claim: Claim, signature: [UInt8]) -> Frame {
        Frame(kind: .claim, body: WireSigned(body: claim.body, signature: signature, signer: claim.author.bytes).wireBytes)
    }

    /// A record that `node` is said to have published.
    package static func record(
        _ kind: RecordKind, _ body: [UInt8], of node: NodeID, boot: UInt32, n: UInt64, sign: (_ content: [UInt8]) -> [UInt8]
    ) -> Frame {
        var content = WireRecordBody()
        content.kind = UInt32(kind.rawValue)
        content.boot = boot
        content.n = n
        content.body = Data(body)
        let bytes = content.wireBytes
        var frame = WireRecordFrame()
        frame.record = WireSigned(body: bytes, signature: sign(bytes), signer: node.bytes)
        return Frame(kind: .record, body: frame.wireBytes)
    }
}
