/// The header of an RTP packet (RFC 3550 §5.1).
struct RTPHeader: Sendable, Hashable {
    /// The fixed part, before CSRCs and extensions.
    static let fixedBytes = 12
    static let version: UInt8 = 2

    /// Of a video stream: the last packet of a picture (RFC 6184 §5.1).
    var marker = false
    /// 7 bits; what it means is negotiated.
    var payloadType: UInt8
    var sequenceNumber: UInt16
    /// In units of the payload's clock; 90 kHz for video.
    var timestamp: UInt32
    var ssrc: UInt32
    /// Contributing sources, at most 15. Mixers write them; we never do.
    var csrcs: [UInt32] = []
    var extensions = RTPHeaderExtensions()

    init(
        marker: Bool = false, payloadType: UInt8, sequenceNumber: UInt16, timestamp: UInt32, ssrc: UInt32,
        extensions: RTPHeaderExtensions = RTPHeaderExtensions()
    ) {
        self.marker = marker
        self.payloadType = payloadType
        self.sequenceNumber = sequenceNumber
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.extensions = extensions
    }

    /// Reads a header and the number of padding bytes that the packet ends with; nil if it is none.
    static func read(from reader: inout ByteReader) -> (header: RTPHeader, isPadded: Bool)? {
        guard let first = reader.readUInt8(), first >> 6 == version, let second = reader.readUInt8(),
            let sequenceNumber = reader.readUInt16(), let timestamp = reader.readUInt32(), let ssrc = reader.readUInt32()
        else { return nil }
        var header = RTPHeader(
            marker: second & 0x80 != 0, payloadType: second & 0x7f, sequenceNumber: sequenceNumber, timestamp: timestamp, ssrc: ssrc)
        for _ in 0..<first & 0x0f {
            guard let csrc = reader.readUInt32() else { return nil }
            header.csrcs.append(csrc)
        }
        if first & 0x10 != 0 {
            guard let profile = reader.readUInt16(), let words = reader.readUInt16(), let body = reader.read(Int(words) * 4) else { return nil }
            header.extensions = RTPHeaderExtensions(profile: profile, body: body)
        }
        return (header, first & 0x20 != 0)
    }

    /// Appends the header's bytes.
    func write(to bytes: inout [UInt8], isPadded: Bool = false) {
        let csrcs = csrcs.prefix(15)
        let hasExtensions = !extensions.elements.isEmpty
        bytes.append(Self.version << 6 | (isPadded ? 0x20 : 0) | (hasExtensions ? 0x10 : 0) | UInt8(csrcs.count))
        bytes.append((marker ? 0x80 : 0) | payloadType & 0x7f)
        bytes.append(bigEndian: sequenceNumber)
        bytes.append(bigEndian: timestamp)
        bytes.append(bigEndian: ssrc)
        for csrc in csrcs { bytes.append(bigEndian: csrc) }
        if hasExtensions { extensions.write(to: &bytes) }
    }
}
