/// SR: ties RTP time to wall time and says how much was sent (RFC 3550 §6.4.1).
struct SenderReport: Sendable, Hashable {
    var ssrc: UInt32
    var ntp: NTPTimestamp
    /// The same moment as `ntp`, on the stream's RTP clock.
    var rtpTimestamp: UInt32
    var packetCount: UInt32
    /// Payload only, without headers and padding.
    var octetCount: UInt32
    /// At most 31.
    var blocks: [ReportBlock] = []

    init(ssrc: UInt32, ntp: NTPTimestamp, rtpTimestamp: UInt32, packetCount: UInt32, octetCount: UInt32, blocks: [ReportBlock] = []) {
        self.ssrc = ssrc
        self.ntp = ntp
        self.rtpTimestamp = rtpTimestamp
        self.packetCount = packetCount
        self.octetCount = octetCount
        self.blocks = blocks
    }

    init?(count: UInt8, reader: inout ByteReader) {
        guard let ssrc = reader.readUInt32(), let ntp = reader.readUInt64(), let rtpTimestamp = reader.readUInt32(),
            let packetCount = reader.readUInt32(), let octetCount = reader.readUInt32(),
            let blocks = ReportBlock.read(count, from: &reader)
        else { return nil }
        self.init(
            ssrc: ssrc, ntp: NTPTimestamp(bits: ntp), rtpTimestamp: rtpTimestamp, packetCount: packetCount, octetCount: octetCount,
            blocks: blocks)
    }

    func write(to bytes: inout [UInt8]) {
        let blocks = blocks.prefix(31)
        RTCPHeader.append(count: UInt8(blocks.count), packetType: RTCPHeader.PacketType.senderReport, to: &bytes) { bytes in
            bytes.append(bigEndian: ssrc)
            bytes.append(bigEndian: ntp.bits)
            bytes.append(bigEndian: rtpTimestamp)
            bytes.append(bigEndian: packetCount)
            bytes.append(bigEndian: octetCount)
            for block in blocks { block.write(to: &bytes) }
        }
    }
}
