/// NACK: sequence numbers that a receiver misses (RFC 4585 §6.2.1).
struct GenericNACK: Sendable, Hashable {
    /// FMT of transport-layer feedback.
    static let format: UInt8 = 1
    /// Pairs read of one packet, at most: 17 numbers each, more than any history holds.
    static let pairLimit = 64

    var senderSSRC: UInt32
    var mediaSSRC: UInt32
    /// In the order of the packet.
    var sequenceNumbers: [UInt16]

    init(senderSSRC: UInt32, mediaSSRC: UInt32, sequenceNumbers: [UInt16]) {
        self.senderSSRC = senderSSRC
        self.mediaSSRC = mediaSSRC
        self.sequenceNumbers = sequenceNumbers
    }

    init?(reader: inout ByteReader) {
        guard let sender = reader.readUInt32(), let media = reader.readUInt32() else { return nil }
        senderSSRC = sender
        mediaSSRC = media
        sequenceNumbers = []
        for _ in 0..<Self.pairLimit {
            guard let first = reader.readUInt16(), let mask = reader.readUInt16() else { break }
            sequenceNumbers.append(first)
            // Bit i of the mask stands for the number i + 1 after the first.
            for bit in 0..<16 where mask & (1 << bit) != 0 { sequenceNumbers.append(first &+ UInt16(bit) &+ 1) }
        }
        if sequenceNumbers.isEmpty { return nil }
    }

    func write(to bytes: inout [UInt8]) {
        RTCPHeader.append(count: Self.format, packetType: RTCPHeader.PacketType.transportLayerFeedback, to: &bytes) { bytes in
            bytes.append(bigEndian: senderSSRC)
            bytes.append(bigEndian: mediaSSRC)
            for (first, mask) in Self.pairs(sequenceNumbers) {
                bytes.append(bigEndian: first)
                bytes.append(bigEndian: mask)
            }
        }
    }

    /// Numbers that rise, as pairs of the first and a mask of the 16 that follow it.
    private static func pairs(_ numbers: [UInt16]) -> [(UInt16, UInt16)] {
        var pairs: [(UInt16, UInt16)] = []
        for number in numbers {
            if let last = pairs.last, case let step = number &- last.0, (1...16).contains(step) {
                pairs[pairs.count - 1].1 |= 1 << (step - 1)
            } else {
                pairs.append((number, 0))
            }
        }
        return pairs
    }
}
