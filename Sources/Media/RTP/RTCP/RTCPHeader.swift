/// The first word of every RTCP packet (RFC 3550 §6.1).
struct RTCPHeader: Sendable, Hashable {
    /// Packet types: RFC 3550 §12.1, RFC 4585 §6.1.
    enum PacketType {
        static let senderReport: UInt8 = 200
        static let receiverReport: UInt8 = 201
        static let sourceDescription: UInt8 = 202
        static let goodbye: UInt8 = 203
        static let transportLayerFeedback: UInt8 = 205
        static let payloadSpecificFeedback: UInt8 = 206
    }

    static let byteCount = 4

    /// A count of report blocks or sources, or the format of feedback; 5 bits.
    var count: UInt8
    var packetType: UInt8
    /// The body's length.
    var bodyBytes: Int
    var isPadded = false

    /// nil for anything that is no RTCP header of version 2.
    static func read(from reader: inout ByteReader) -> RTCPHeader? {
        guard let first = reader.readUInt8(), first >> 6 == RTPHeader.version, let packetType = reader.readUInt8(),
            let words = reader.readUInt16()
        else { return nil }
        return RTCPHeader(count: first & 0x1f, packetType: packetType, bodyBytes: Int(words) * 4, isPadded: first & 0x20 != 0)
    }

    /// Appends a packet whose body `write` appends; the body is filled up with zeros to whole words.
    static func append(count: UInt8, packetType: UInt8, to bytes: inout [UInt8], body write: (inout [UInt8]) -> Void) {
        let begin = bytes.count
        bytes.append(RTPHeader.version << 6 | count & 0x1f)
        bytes.append(packetType)
        bytes.append(bigEndian: UInt16(0))
        write(&bytes)
        while (bytes.count - begin) % 4 != 0 { bytes.append(0) }
        bytes.set(bigEndian: UInt16(truncatingIfNeeded: (bytes.count - begin) / 4 - 1), at: begin + 2)
    }
}
