/// PLI: the receiver cannot go on without a key frame (RFC 4585 §6.3.1).
struct PictureLossIndication: Sendable, Hashable {
    /// FMT of payload-specific feedback.
    static let format: UInt8 = 1

    var senderSSRC: UInt32
    var mediaSSRC: UInt32

    init(senderSSRC: UInt32, mediaSSRC: UInt32) {
        self.senderSSRC = senderSSRC
        self.mediaSSRC = mediaSSRC
    }

    init?(reader: inout ByteReader) {
        guard let sender = reader.readUInt32(), let media = reader.readUInt32() else { return nil }
        self.init(senderSSRC: sender, mediaSSRC: media)
    }

    func write(to bytes: inout [UInt8]) {
        RTCPHeader.append(count: Self.format, packetType: RTCPHeader.PacketType.payloadSpecificFeedback, to: &bytes) { bytes in
            bytes.append(bigEndian: senderSSRC)
            bytes.append(bigEndian: mediaSSRC)
        }
    }
}
