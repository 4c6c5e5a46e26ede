/// What a receiver of one RTP stream keeps to report on it: losses (RFC 3550 §6.4.1, §A.3), and when each packet came
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01).
struct Reception: Sendable {
    /// Between two reports of arrivals; browsers take 50 to 250 ms.
    static let feedbackInterval = Duration.milliseconds(50)
    static let reportInterval = Duration.seconds(1)
    /// Packets that one report of arrivals spans at most; after a longer gap another one begins.
    private static let spanLimit: UInt16 = 2048

    /// Whoever reports.
    let ssrc: UInt32
    /// Of the media; other payload types (retransmissions) count as packets of the transport alone.
    let payloadType: UInt8
    /// The header extension with the transport-wide number; nil: no reports of arrivals.
    let transportID: UInt8?
    private(set) var packets = 0
    private(set) var bytes = 0
    private(set) var senderReports = 0
    private(set) var mediaSSRC: UInt32?
    private var unwrapper = SequenceUnwrapper()
    private var first: Int64?
    private var media = 0
    private var arrivals: [(sequence: UInt16, at: MonotonicTime)] = []
    private var nextFeedbackSequence: UInt16?
    private var feedbackCount: UInt8 = 0
    private var lastSenderReport: (middle: UInt32, at: MonotonicTime)?
    private var nextFeedback: MonotonicTime
    private var nextReport: MonotonicTime
    private let origin: MonotonicTime

    init(ssrc: UInt32, payloadType: UInt8, transportID: UInt8?, now: MonotonicTime) {
        self.ssrc = ssrc
        self.payloadType = payloadType
        self.transportID = transportID
        origin = now
        nextFeedback = now + Self.feedbackInterval
        nextReport = now + Self.reportInterval
    }

    /// Packets of the media between the first and the highest number that did not come, less those that came twice.
    var lost: Int {
        guard let first, let highest = unwrapper.highest else { return 0 }
        return Int(highest - first) + 1 - media
    }

    /// - Parameter size: the packet's bytes on the wire.
    mutating func received(_ header: RTPHeader, size: Int, now: MonotonicTime) {
        packets += 1
        bytes += size
        if let transportID, let data = header.extensions[transportID], data.count == 2 {
            arrivals.append((UInt16(data[0]) << 8 | UInt16(data[1]), now))
        }
        guard header.payloadType == payloadType, mediaSSRC == nil || mediaSSRC == header.ssrc else { return }
        mediaSSRC = header.ssrc
        media += 1
        let place = unwrapper.unwrap(header.sequenceNumber)
        first = min(first ?? place, place)
    }

    mutating func received(_ report: SenderReport, now: MonotonicTime) {
        senderReports += 1
        lastSenderReport = (report.ntp.middle, now)
    }

    /// The reports that are due.
    mutating func reports(now: MonotonicTime) -> [RTCPPacket] {
        var packets: [RTCPPacket] = []
        if now >= nextFeedback {
            nextFeedback = now + Self.feedbackInterval
            if let feedback = feedback() { packets.append(.transportFeedback(feedback)) }
        }
        if now >= nextReport, let mediaSSRC, let highest = unwrapper.highest {
            nextReport = now + Self.reportInterval
            let delay = lastSenderReport.map { (now - $0.at) / .seconds(1) * 65_536 } ?? 0
            let block = ReportBlock(
                ssrc: mediaSSRC, cumulativeLost: Int32(clamping: lost), highestSequence: UInt32(truncatingIfNeeded: highest),
                lastSenderReport: lastSenderReport?.middle ?? 0, delaySinceLastSenderReport: UInt32(min(max(0, delay), 1e9)))
            packets.append(.receiverReport(ReceiverReport(ssrc: ssrc, blocks: [block])))
        }
        return packets
    }

    private mutating func feedback() -> TransportFeedback? {
        defer { arrivals.removeAll(keepingCapacity: true) }
        guard let mediaSSRC, let last = arrivals.max(by: { $1.sequence.isAfter($0.sequence) })?.sequence else { return nil }
        var base = nextFeedbackSequence ?? arrivals[0].sequence
        // Behind what was reported already: repeated, or far too late.
        guard last == base || last.isAfter(base) else { return nil }
        if last &- base >= Self.spanLimit { base = last &- (Self.spanLimit - 1) }
        nextFeedbackSequence = last &+ 1
        let known = Dictionary(arrivals.map { ($0.sequence, $0.at) }, uniquingKeysWith: { first, _ in first })
        guard let earliest = known.values.min() else { return nil }
        let ticks = { [origin] (moment: MonotonicTime) in Int64((moment - origin) / TransportFeedback.tick) }
        let reference = ticks(earliest) / TransportFeedback.ticksPerReference
        let list: [Int32?] = (0...(last &- base)).map { step in
            known[base &+ step].map { Int32(clamping: ticks($0) - reference * TransportFeedback.ticksPerReference) }
        }
        defer { feedbackCount &+= 1 }
        return TransportFeedback(
            senderSSRC: ssrc, mediaSSRC: mediaSSRC, baseSequence: base, referenceTime: Int32(truncatingIfNeeded: reference & 0x7f_ffff),
            feedbackCount: feedbackCount, arrivals: list)
    }
}
