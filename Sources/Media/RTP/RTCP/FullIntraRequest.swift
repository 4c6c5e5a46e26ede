/// FIR: a decoder refresh point is wanted (RFC 5104 §4.3.1).
struct FullIntraRequest: Sendable, Hashable {
    struct Entry: Sendable, Hashable {
        /// The source that shall send it.
        var ssrc: UInt32
        /// Rises with each new request; the same number again is the same request, repeated because its packet may be lost.
        var sequenceNumber: UInt8
    }

    /// FMT of payload-specific feedback.
    static let format: UInt8 = 4
    static let entryLimit = 32

    var senderSSRC: UInt32
    var entries: [Entry]

    init(senderSSRC: UInt32, entries: [Entry]) {
        self.senderSSRC = senderSSRC
        self.entries = entries
    }

    init?(reader: inout ByteReader) {
        // The media SSRC of the header is unused here and should be 0.
        guard let sender = reader.readUInt32(), reader.readUInt32() != nil else { return nil }
        senderSSRC = sender
        entries = []
        for _ in 0..<Self.entryLimit {
            guard let ssrc = reader.readUInt32(), let sequence = reader.readUInt8(), reader.readUInt24() != nil else { break }
            entries.append(Entry(ssrc: ssrc, sequenceNumber: sequence))
        }
        if entries.isEmpty { return nil }
    }

    func write(to bytes: inout [UInt8]) {
        RTCPHeader.append(count: Self.format, packetType: RTCPHeader.PacketType.payloadSpecificFeedback, to: &bytes) { bytes in
            bytes.append(bigEndian: senderSSRC)
            bytes.append(bigEndian: UInt32(0))
            for entry in entries {
                bytes.append(bigEndian: entry.ssrc)
                bytes.append(entry.sequenceNumber)
                bytes.append(bigEndian24: 0)
            }
        }
    }
}
