/// A whole RTP packet (RFC 3550 §5.1). Receivers and tests read it; a sender writes headers and payloads apart (`RTPHeaderTemplate`).
struct RTPPacket: Sendable, Hashable {
    var header: RTPHeader
    var payload: ArraySlice<UInt8>

    init(header: RTPHeader, payload: ArraySlice<UInt8>) {
        self.header = header
        self.payload = payload
    }

    /// nil for what is no RTP packet, or claims more padding than it has.
    init?(_ bytes: ArraySlice<UInt8>) {
        var reader = ByteReader(bytes)
        guard let (header, isPadded) = RTPHeader.read(from: &reader) else { return nil }
        var payload = reader.readRest()
        if isPadded {
            // The last byte counts itself.
            guard let count = payload.last, count > 0, Int(count) <= payload.count else { return nil }
            payload = payload.dropLast(Int(count))
        }
        self.header = header
        self.payload = payload
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64 + payload.count)
        header.write(to: &bytes)
        bytes += payload
        return bytes
    }
}
