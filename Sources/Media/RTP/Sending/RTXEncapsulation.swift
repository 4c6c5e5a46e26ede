/// Retransmitted packets as a stream of their own, with own SSRC, payload type and sequence numbers (RFC 4588 §4).
///
/// The stream's numbers stay gapless, so that loss of retransmissions is seen, and encryption never meets a sequence number twice.
enum RTXEncapsulation {
    /// Bytes before the original payload: its sequence number.
    static let headerBytes = 2

    /// Appends the payload of a retransmission; `payload` appends the original one.
    static func write(originalSequenceNumber: UInt16, to bytes: inout [UInt8], payload: (inout [UInt8]) -> Void) {
        bytes.append(bigEndian: originalSequenceNumber)
        payload(&bytes)
    }

    /// The packet that `retransmission` repeats, as the stream `ssrc` sent it; nil if it is too short to be one. Padding to probe a
    /// link comes as a retransmission of nothing: its payload is empty (§4).
    static func original(of retransmission: RTPPacket, ssrc: UInt32, payloadType: UInt8) -> RTPPacket? {
        var reader = ByteReader(retransmission.payload)
        guard let sequenceNumber = reader.readUInt16() else { return nil }
        var header = retransmission.header
        header.sequenceNumber = sequenceNumber
        header.ssrc = ssrc
        header.payloadType = payloadType
        return RTPPacket(header: header, payload: reader.readRest())
    }
}
