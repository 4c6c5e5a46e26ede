import Foundation

extension Frame {
    /// A record that the root is said to have signed.
    package static func roster(_ kind: SignedRecord.Kind, _ body: [UInt8], signature: [UInt8]) -> Frame {
        var record = WireRosterRecord()
        record.kind = kind.rawValue
        record.body = Data(body)
        record.signature = Data(signature)
        return Frame(kind: .roster, body: record.wireBytes)
    }
}
