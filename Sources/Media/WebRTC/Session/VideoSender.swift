/// The RTP stream to one viewer: numbers, headers, history, retransmissions, counters. Payloads are shared with all other viewers.
struct VideoSender: Sendable {
    let ssrc: UInt32
    /// The stream's, and its retransmissions' where it has any.
    let ssrcs: [UInt32]
    private let template: RTPHeaderTemplate
    /// nil if the viewer knows no retransmission format: then packets are repeated as they were.
    private let retransmission: RTPHeaderTemplate?
    private(set) var nextSequence: UInt16
    private var nextRetransmissionSequence: UInt16
    private(set) var clock: SenderReportClock
    private(set) var history = SendHistory()
    private(set) var packetCount: UInt32 = 0
    private(set) var octetCount: UInt32 = 0
    private(set) var resentCount = 0

    /// - Parameter random: For the first numbers, which nobody shall foresee (RFC 3550 §5.1).
    init(
        video: NegotiatedVideo, ssrc: UInt32, retransmissionSSRC: UInt32, wallTime: SenderReportClock.WallTime,
        using random: inout some RandomNumberGenerator
    ) {
        self.ssrc = ssrc
        ssrcs = [ssrc] + (video.retransmissionPayloadType == nil ? [] : [retransmissionSSRC])
        template = RTPHeaderTemplate(ssrc: ssrc, payloadType: video.payloadType, ids: video.extensionIDs, mid: video.mid ?? "")
        retransmission = video.retransmissionPayloadType.map {
            RTPHeaderTemplate(ssrc: retransmissionSSRC, payloadType: $0, ids: video.extensionIDs, mid: video.mid ?? "")
        }
        // In the lower half, so that a cipher's count of wraps is the same on both sides even if the first packets are lost (RFC 3711 §3.3.1).
        nextSequence = .random(in: 0...0x7fff, using: &random)
        nextRetransmissionSequence = .random(in: 0...0x7fff, using: &random)
        clock = SenderReportClock(wallTime: wallTime, timestampOffset: .random(in: 0 ... .max, using: &random))
    }

    var canProbe: Bool { retransmission != nil }

    /// Length of a packet before encryption.
    func byteCount(of index: Int, in unit: PacketizedAccessUnit) -> Int { template.byteCount + unit.byteCount(of: index) }

    /// Appends packet `index` of `unit` to `buffer` and remembers it.
    mutating func write(
        _ unit: PacketizedAccessUnit, _ index: Int, transportSequence: UInt16, now: MonotonicTime, to buffer: inout [UInt8]
    ) {
        let facts = SendHistory.Facts(
            index: index, sequenceNumber: nextSequence, timestamp: clock.timestamp(pts90k: unit.pts90k), transportSequence: transportSequence, sent: now)
        nextSequence &+= 1
        if index == 0 { clock.sent(captured: unit.captured, pts90k: unit.pts90k) }
        packetCount &+= 1
        octetCount &+= UInt32(truncatingIfNeeded: unit.byteCount(of: index))
        write(original: unit, facts, to: &buffer)
        history.append(unit, facts)
    }

    /// What was sent is not repeated any more.
    mutating func forget() {
        history.removeAll()
    }

    /// What is sent for this number, which is missing, or of which the packet that left at `lost` did not arrive.
    mutating func answer(
        _ sequenceNumber: UInt16, lost: MonotonicTime? = nil, now: MonotonicTime, roundTrip: Duration
    ) -> SendHistory.Entry? {
        guard case .resend(let entry) = history.answer(sequenceNumber, lost: lost, now: now, roundTrip: roundTrip) else { return nil }
        return entry
    }

    /// Appends a packet once more: as a retransmission (RFC 4588), or byte for byte as it was. Changed in a single bit under its old number
    /// it would break the cipher.
    mutating func rewrite(_ entry: SendHistory.Entry, transportSequence: UInt16, to buffer: inout [UInt8]) {
        resentCount += 1
        guard let retransmission else { return write(original: entry.unit, entry.facts, to: &buffer) }
        retransmission.write(
            marker: entry.unit.isMarked(entry.index), sequenceNumber: nextRetransmissionSequence, timestamp: entry.facts.timestamp,
            transportSequence: transportSequence, to: &buffer)
        nextRetransmissionSequence &+= 1
        RTXEncapsulation.write(originalSequenceNumber: entry.sequenceNumber, to: &buffer) { entry.unit.append(payload: entry.index, to: &$0) }
    }

    /// Whether a repeated packet has a transport-wide number of its own.
    var renumbersRetransmissions: Bool { retransmission != nil }

    func senderReport(now: MonotonicTime) -> SenderReport? {
        clock.timestamp(now: now).map {
            SenderReport(ssrc: ssrc, ntp: clock.ntp(now: now), rtpTimestamp: $0, packetCount: packetCount, octetCount: octetCount)
        }
    }

    private func write(original unit: PacketizedAccessUnit, _ facts: SendHistory.Facts, to buffer: inout [UInt8]) {
        template.write(
            marker: unit.isMarked(facts.index), sequenceNumber: facts.sequenceNumber, timestamp: facts.timestamp,
            transportSequence: facts.transportSequence, to: &buffer)
        unit.append(payload: facts.index, to: &buffer)
    }
}
