/// Cuts H.264 access units into RTP payloads: packetization mode 1, non-interleaved (RFC 6184 §6.3).
///
/// Small NAL units of a picture share a packet (STAP-A, §5.7.1), large ones are cut (FU-A, §5.8), what fits goes alone (§5.6).
/// A key frame always has its parameter sets in front: its own, or the last ones seen.
struct H264Packetizer: Sendable {
    /// Payload bytes of one packet when the whole packet shall have 1200: 12 of RTP header, 28 of extensions at most (header 4, transport
    /// sequence 3, playout delay 4, mid 17), 2 of an RTX header and 16 of an authentication tag are taken off.
    static let defaultPayloadLimitBytes = 1200 - 12 - 28 - 2 - 16

    /// Payload bytes of one packet, at most.
    let payloadLimitBytes: Int
    private var parameterSets = ParameterSets()

    /// - Parameter payloadLimitBytes: At least 16.
    init(payloadLimitBytes: Int = defaultPayloadLimitBytes) {
        self.payloadLimitBytes = max(16, payloadLimitBytes)
    }

    /// The payloads of `unit`, an Annex B byte stream; nil if it is not H.264 or holds no picture.
    mutating func packetize(_ unit: AccessUnit) -> PacketizedAccessUnit? {
        guard unit.codec == .h264 else { return nil }
        let bytes = unit.bytes.bytes
        guard unit.isKeyFrame else { return packetize(bytes, of: unit) }
        return packetize(parameterSets.completing(keyFrame: bytes), of: unit)
    }

    private func packetize(_ bytes: [UInt8], of unit: AccessUnit) -> PacketizedAccessUnit? {
        var payloads = Payloads(limit: payloadLimitBytes, capacity: bytes.count + bytes.count / 256 + 64)
        var isReferenced = false
        var hasPicture = false
        bytes.withUnsafeBytes { buffer in
            for range in AnnexB.units(in: buffer) {
                let type = buffer[range.lowerBound] & H264PayloadFormat.type
                switch type {
                // Transport has its own way to say where a picture ends, and needs no filling.
                case H264PayloadFormat.accessUnitDelimiter, H264PayloadFormat.endOfSequence, H264PayloadFormat.endOfStream,
                    H264PayloadFormat.fillerData:
                    continue
                case AnnexB.UnitType.slice...AnnexB.UnitType.idrSlice:
                    hasPicture = true
                    if buffer[range.lowerBound] & H264PayloadFormat.reference != 0 { isReferenced = true }
                case 0, H264PayloadFormat.aggregation...:
                    // Not NAL units of a stream: on the wire they would be taken for structures of this format.
                    continue
                default:
                    break
                }
                payloads.append(buffer, range)
            }
        }
        guard hasPicture else { return nil }
        payloads.flush()
        return PacketizedAccessUnit(
            bytes: payloads.bytes, ends: payloads.ends, pts90k: unit.pts90k, isKeyFrame: unit.isKeyFrame, isDisposable: !isReferenced,
            captured: MonotonicTime(unit.captured))
    }
}

/// The payloads of one access unit as they grow.
private struct Payloads {
    private(set) var bytes: [UInt8] = []
    private(set) var ends: [Int] = []
    private let limit: Int
    /// NAL units that wait for others to share a packet with: bytes and how many bytes the packet would have.
    private var waiting: [[UInt8]] = []
    private var waitingBytes = 1

    init(limit: Int, capacity: Int) {
        self.limit = limit
        bytes.reserveCapacity(capacity)
    }

    /// Takes the next NAL unit.
    mutating func append(_ buffer: UnsafeRawBufferPointer, _ range: Range<Int>) {
        // One that cannot share a packet with anything ends what waits.
        guard range.count + 3 <= limit else {
            flush()
            if range.count <= limit {
                bytes += buffer[range]
                ends.append(bytes.count)
            } else {
                appendFragments(buffer, range)
            }
            return
        }
        if waitingBytes + 2 + range.count > limit { flush() }
        waiting.append(Array(buffer[range]))
        waitingBytes += 2 + range.count
    }

    /// Ends the packet whose NAL units wait.
    mutating func flush() {
        guard let first = waiting.first else { return }
        if waiting.count == 1 {
            bytes += first
        } else {
            // The packet counts as its most important unit (RFC 6184 §5.7): F if any has it, the highest NRI of all.
            var header = H264PayloadFormat.aggregation
            for unit in waiting {
                header |= unit[0] & 0x80
                header = header & ~H264PayloadFormat.reference | max(header & H264PayloadFormat.reference, unit[0] & H264PayloadFormat.reference)
            }
            bytes.append(header)
            for unit in waiting {
                bytes.append(bigEndian: UInt16(unit.count))
                bytes += unit
            }
        }
        ends.append(bytes.count)
        waiting.removeAll(keepingCapacity: true)
        waitingBytes = 1
    }

    /// Cuts a NAL unit into full packets and a rest. Its first byte is not sent: its bits are in the two bytes before each piece.
    private mutating func appendFragments(_ buffer: UnsafeRawBufferPointer, _ range: Range<Int>) {
        let head = buffer[range.lowerBound]
        let indicator = head & H264PayloadFormat.forbiddenAndReference | H264PayloadFormat.fragment
        var begin = range.lowerBound + 1
        while begin < range.upperBound {
            let end = min(begin + limit - 2, range.upperBound)
            var header = head & H264PayloadFormat.type
            if begin == range.lowerBound + 1 { header |= H264PayloadFormat.fragmentStart }
            if end == range.upperBound { header |= H264PayloadFormat.fragmentEnd }
            bytes.append(indicator)
            bytes.append(header)
            bytes += buffer[begin..<end]
            ends.append(bytes.count)
            begin = end
        }
    }
}
