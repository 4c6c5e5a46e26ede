import Foundation

/// Frames with any content, for liars and strangers: made with the same code as an honest node's, they differ from those in nothing but
/// what they say.
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

    /// A record that the root is said to have signed.
    package static func roster(_ kind: SignedRecord.Kind, _ body: [UInt8], signature: [UInt8]) -> Frame {
        var record = WireRosterRecord()
        record.kind = kind.rawValue
        record.body = Data(body)
        record.signature = Data(signature)
        return Frame(kind: .roster, body: record.wireBytes)
    }

    /// "It answered me": what a helper says about the target of an indirect probe, without the target's own word.
    package static func ack(_ sequence: UInt32) -> Frame {
        var ack = WireAck()
        ack.sequence = sequence
        return Frame(kind: .ack, body: ack.wireBytes)
    }
}
