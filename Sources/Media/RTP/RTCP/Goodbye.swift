/// BYE: sources that end (RFC 3550 §6.6).
struct Goodbye: Sendable, Hashable {
    /// At most 31.
    var ssrcs: [UInt32]
    /// Why, for people; at most 255 bytes.
    var reason: String

    init(ssrcs: [UInt32], reason: String = "") {
        self.ssrcs = ssrcs
        self.reason = reason
    }

    init?(count: UInt8, reader: inout ByteReader) {
        ssrcs = []
        for _ in 0..<count {
            guard let ssrc = reader.readUInt32() else { return nil }
            ssrcs.append(ssrc)
        }
        reason = ""
        if let length = reader.readUInt8() {
            guard let text = reader.read(Int(length)) else { return nil }
            reason = String(decoding: text, as: UTF8.self)
        }
    }

    func write(to bytes: inout [UInt8]) {
        let ssrcs = ssrcs.prefix(31)
        RTCPHeader.append(count: UInt8(ssrcs.count), packetType: RTCPHeader.PacketType.goodbye, to: &bytes) { bytes in
            for ssrc in ssrcs { bytes.append(bigEndian: ssrc) }
            let text = reason.utf8.prefix(255)
            if !text.isEmpty {
                bytes.append(UInt8(text.count))
                bytes += text
            }
        }
    }
}
