/// RR: what a receiver that sends nothing itself got (RFC 3550 §6.4.2).
struct ReceiverReport: Sendable, Hashable {
    /// The receiver.
    var ssrc: UInt32
    /// At most 31.
    var blocks: [ReportBlock]

    init(ssrc: UInt32, blocks: [ReportBlock] = []) {
        self.ssrc = ssrc
        self.blocks = blocks
    }

    init?(count: UInt8, reader: inout ByteReader) {
        guard let ssrc = reader.readUInt32(), let blocks = ReportBlock.read(count, from: &reader) else { return nil }
        self.init(ssrc: ssrc, blocks: blocks)
    }

    func write(to bytes: inout [UInt8]) {
        let blocks = blocks.prefix(31)
        RTCPHeader.append(count: UInt8(blocks.count), packetType: RTCPHeader.PacketType.receiverReport, to: &bytes) { bytes in
            bytes.append(bigEndian: ssrc)
            for block in blocks { block.write(to: &bytes) }
        }
    }
}
