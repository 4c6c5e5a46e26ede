/// Puts access units together again from RTP packets that come in order (RFC 6184, packetization mode 1). Total on any input.
///
/// A picture of which a packet is missing is left out. Whether later pictures can be decoded without it, the decoder must know.
struct H264Depacketizer: Sendable {
    /// A picture, as an Annex B byte stream.
    struct Picture: Sendable, Hashable {
        var bytes: [UInt8]
        var timestamp: UInt32
        var isKeyFrame: Bool
    }

    /// Bytes of a picture, at most; a larger one is left out.
    static let pictureLimitBytes = 8 << 20

    private static let startCode: [UInt8] = [0, 0, 0, 1]

    private var bytes: [UInt8] = []
    private var timestamp: UInt32?
    private var nextSequence: UInt16?
    private var isKeyFrame = false
    private var isBroken = false
    private var inFragment = false

    init() {}

    /// Takes the next packet. Answers the picture that it completes.
    mutating func handle(_ packet: RTPPacket) -> Picture? {
        let header = packet.header
        if header.timestamp != timestamp { begin(header.timestamp) }
        // A gap before the first packet of a picture counts against it: nobody knows whose packet is missing.
        if let nextSequence, header.sequenceNumber != nextSequence { isBroken = true }
        nextSequence = header.sequenceNumber &+ 1
        if !isBroken, !append(packet.payload) { isBroken = true }
        guard header.marker else { return nil }
        defer { timestamp = nil }
        guard !isBroken, !inFragment, !bytes.isEmpty else { return nil }
        return Picture(bytes: bytes, timestamp: header.timestamp, isKeyFrame: isKeyFrame)
    }

    private mutating func begin(_ timestamp: UInt32) {
        self.timestamp = timestamp
        bytes = []
        isKeyFrame = false
        isBroken = false
        inFragment = false
    }

    /// Whether `payload` could be read and found room.
    private mutating func append(_ payload: ArraySlice<UInt8>) -> Bool {
        guard let head = payload.first, bytes.count + payload.count <= Self.pictureLimitBytes else { return false }
        switch head & H264PayloadFormat.type {
        case H264PayloadFormat.singleUnits:
            return append(unit: payload)
        case H264PayloadFormat.aggregation:
            var reader = ByteReader(payload.dropFirst())
            while reader.remaining > 0 {
                guard let size = reader.readUInt16(), size > 0, let unit = reader.read(Int(size)), append(unit: unit) else { return false }
            }
            return true
        case H264PayloadFormat.fragment:
            return append(fragment: payload.dropFirst(), indicator: head)
        default:
            return false
        }
    }

    private mutating func append(unit: ArraySlice<UInt8>) -> Bool {
        guard !inFragment, let head = unit.first else { return false }
        if head & H264PayloadFormat.type == AnnexB.UnitType.idrSlice { isKeyFrame = true }
        bytes += Self.startCode
        bytes += unit
        return true
    }

    private mutating func append(fragment: ArraySlice<UInt8>, indicator: UInt8) -> Bool {
        guard let header = fragment.first else { return false }
        let starts = header & H264PayloadFormat.fragmentStart != 0
        let ends = header & H264PayloadFormat.fragmentEnd != 0
        // A fragment that is both would be a whole unit, which must not be sent so (§5.8).
        guard starts != inFragment, !(starts && ends) else { return false }
        if starts {
            let type = header & H264PayloadFormat.type
            if type == AnnexB.UnitType.idrSlice { isKeyFrame = true }
            bytes += Self.startCode
            bytes.append(indicator & H264PayloadFormat.forbiddenAndReference | type)
        }
        bytes += fragment.dropFirst()
        inFragment = !ends
        return true
    }
}
