import Foundation

/// Frames with any content, for liars and strangers: made with the same code as an honest node's, they differ from those in nothing but
/// what they say.
extension Frame {
    /// A statement of a member's standing that says more than it has to: fields that no version knows, which are signed like all the rest.
    package static func padded(_ claim: Claim, by count: Int, sign: (_ body: [UInt8]) -> [UInt8]) -> Frame {
        // Field 15, wire type 2; its length as a varint of two bytes.
        let body = claim.body + [0x7a, UInt8(count & 0x7f) | 0x80, UInt8(count >> 7)] + [UInt8](repeating: 1, count: count)
        return Frame(kind: .claim, body: WireSigned(body: body, signature: sign(body), signer: claim.author.bytes).wireBytes)
    }

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
