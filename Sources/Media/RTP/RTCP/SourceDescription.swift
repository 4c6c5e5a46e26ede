/// SDES: the CNAME of each source (RFC 3550 §6.5). Other items tell about people and are neither written nor kept.
struct SourceDescription: Sendable, Hashable {
    struct Chunk: Sendable, Hashable {
        var ssrc: UInt32
        /// At most 255 bytes of UTF-8; empty if the source gave none.
        var cname: String
    }

    private static let cnameItem: UInt8 = 1

    /// At most 31.
    var chunks: [Chunk]

    init(_ chunks: [Chunk]) {
        self.chunks = chunks
    }

    init?(count: UInt8, reader: inout ByteReader) {
        chunks = []
        for _ in 0..<count {
            guard let ssrc = reader.readUInt32() else { return nil }
            var cname = ""
            var length = 0
            while true {
                guard let item = reader.readUInt8() else { return nil }
                length += 1
                if item == 0 { break }
                guard let size = reader.readUInt8(), let text = reader.read(Int(size)) else { return nil }
                length += 1 + Int(size)
                if item == Self.cnameItem { cname = String(decoding: text, as: UTF8.self) }
            }
            // The zero that ends the items is followed by more of them, up to a whole word.
            guard reader.read((4 - length % 4) % 4) != nil else { return nil }
            chunks.append(Chunk(ssrc: ssrc, cname: cname))
        }
    }

    func write(to bytes: inout [UInt8]) {
        let chunks = chunks.prefix(31)
        RTCPHeader.append(count: UInt8(chunks.count), packetType: RTCPHeader.PacketType.sourceDescription, to: &bytes) { bytes in
            for chunk in chunks {
                let cname = chunk.cname.utf8.prefix(255)
                bytes.append(bigEndian: chunk.ssrc)
                bytes.append(Self.cnameItem)
                bytes.append(UInt8(cname.count))
                bytes += cname
                // Item and length are two bytes, and at least one zero ends the list.
                bytes += [UInt8](repeating: 0, count: 4 - (2 + cname.count) % 4)
            }
        }
    }
}
