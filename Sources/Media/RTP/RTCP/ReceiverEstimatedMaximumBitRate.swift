/// REMB: what a receiver without transport-wide feedback thinks that its link carries (draft-alvestrand-rmcat-remb-03 §2.2).
struct ReceiverEstimatedMaximumBitRate: Sendable, Hashable {
    /// FMT of payload-specific feedback: application layer.
    static let format: UInt8 = 15
    private static let name: [UInt8] = Array("REMB".utf8)

    var senderSSRC: UInt32
    /// Bit/s; what does not fit 64 bits counts as the largest number that does.
    var bitRate: UInt64
    var ssrcs: [UInt32]

    init(senderSSRC: UInt32, bitRate: UInt64, ssrcs: [UInt32]) {
        self.senderSSRC = senderSSRC
        self.bitRate = bitRate
        self.ssrcs = ssrcs
    }

    init?(reader: inout ByteReader) {
        guard let sender = reader.readUInt32(), reader.readUInt32() != nil, let name = reader.read(4), name.elementsEqual(Self.name),
            let count = reader.readUInt8(), let rate = reader.readUInt24()
        else { return nil }
        senderSSRC = sender
        let exponent = UInt64(rate >> 18)
        let mantissa = UInt64(rate & 0x3_ffff)
        bitRate = mantissa.leadingZeroBitCount >= exponent ? mantissa << exponent : .max
        ssrcs = []
        for _ in 0..<count {
            guard let ssrc = reader.readUInt32() else { return nil }
            ssrcs.append(ssrc)
        }
    }

    func write(to bytes: inout [UInt8]) {
        RTCPHeader.append(count: Self.format, packetType: RTCPHeader.PacketType.payloadSpecificFeedback, to: &bytes) { bytes in
            bytes.append(bigEndian: senderSSRC)
            bytes.append(bigEndian: UInt32(0))
            bytes += Self.name
            let ssrcs = ssrcs.prefix(255)
            let exponent = max(0, 46 - bitRate.leadingZeroBitCount)
            bytes.append(UInt8(ssrcs.count))
            bytes.append(bigEndian24: UInt32(exponent) << 18 | UInt32(truncatingIfNeeded: bitRate >> UInt64(exponent)) & 0x3_ffff)
            for ssrc in ssrcs { bytes.append(bigEndian: ssrc) }
        }
    }
}
