/// What was sent to one viewer and not yet reported on, by transport-wide sequence number.
struct SentPacketLog: Sendable {
    struct Packet: Sendable, Hashable {
        var sent: MonotonicTime
        /// On the wire without IP and UDP headers.
        var bytes: Int
        /// The probe that the packet belongs to, if any; numbered from 1.
        var probe: Int?
        /// Under which number the viewer waits for what is in it, the first time or once more; nil: for nothing, it only asks what the link
        /// carries.
        var sequenceNumber: UInt16?
    }

    /// A packet and what became of it.
    struct Report: Sendable, Hashable {
        var packet: Packet
        /// By the other side's clock, whose origin is unknown; nil if it did not arrive.
        var received: Duration?
    }

    /// A packet as it is remembered, in 24 bytes.
    private struct Entry: Sendable {
        var sent: MonotonicTime
        var bytes: UInt32
        /// 0 for none.
        var probe: UInt32
        var sequence: UInt16
        var original: UInt16
        var hasOriginal: Bool
        /// Not reported as received.
        var isOpen: Bool
        /// Reported as missing.
        var isMissing = false
    }

    /// Packets remembered; at 10 Mbit/s, 2048 are two seconds.
    static let capacity = 2048
    /// Packets may overtake each other by this much without one of them being lost.
    static let reordering = Duration.milliseconds(20)
    /// Missing packets that may still turn up; of more, the newest are not followed.
    static let missingLimit = 256

    private var ring = [Entry](repeating: Entry(sent: .never, bytes: 0, probe: 0, sequence: 0, original: 0, hasOriginal: false, isOpen: false), count: capacity)
    private(set) var nextSequence: UInt16
    /// When the first packet since the last feedback was sent; nil: none was, and silence means nothing.
    private(set) var unreportedSince: MonotonicTime?
    /// Numbers that were reported as missing, and are not yet known to be lost.
    private var missing: [UInt16] = []
    /// When the newest of the packets left that arrived.
    private var newestReceived: MonotonicTime?
    /// Where the 24 bits of reference time stand on a line that does not wrap.
    private var lastReference: Int64?

    init(firstSequence: UInt16 = 0) {
        nextSequence = firstSequence
    }

    /// Gives the next packet its number.
    ///
    /// - Parameter original: Under which number the viewer waits for its content, if for any.
    mutating func append(bytes: Int, probe: Int? = nil, original: UInt16? = nil, now: MonotonicTime) -> UInt16 {
        let sequence = nextSequence
        nextSequence &+= 1
        ring[Int(sequence) % Self.capacity] = Entry(
            sent: now, bytes: UInt32(clamping: bytes), probe: UInt32(clamping: probe ?? 0), sequence: sequence, original: original ?? 0,
            hasOriginal: original != nil, isOpen: true)
        if unreportedSince == nil { unreportedSince = now }
        return sequence
    }

    /// What a feedback message says about packets that are remembered, in order of sending. A packet that was reported as received is
    /// reported once; one reported as lost may still turn up.
    mutating func reports(in feedback: TransportFeedback) -> [Report] {
        unreportedSince = nil
        let reference = unwrap(feedback.referenceTime)
        var reports: [Report] = []
        reports.reserveCapacity(feedback.arrivals.count)
        var sequence = feedback.baseSequence
        for arrival in feedback.arrivals {
            defer { sequence &+= 1 }
            let place = Int(sequence) % Self.capacity
            let entry = ring[place]
            guard entry.isOpen, entry.sequence == sequence else { continue }
            let packet = packet(entry)
            guard let arrival else {
                if !entry.isMissing, missing.count < Self.missingLimit {
                    ring[place].isMissing = true
                    missing.append(sequence)
                }
                reports.append(Report(packet: packet, received: nil))
                continue
            }
            let ticks = reference &* TransportFeedback.ticksPerReference &+ Int64(arrival)
            reports.append(Report(packet: packet, received: .microseconds(ticks &* 250)))
            ring[place].isOpen = false
            newestReceived = max(newestReceived ?? packet.sent, packet.sent)
        }
        return reports
    }

    private func packet(_ entry: Entry) -> Packet {
        Packet(
            sent: entry.sent, bytes: Int(entry.bytes), probe: entry.probe == 0 ? nil : Int(entry.probe),
            sequenceNumber: entry.hasOriginal ? entry.original : nil)
    }

    /// Packets that are lost by all that was reported: one that left well after them has arrived, they have not. Each is told once.
    mutating func newLosses() -> [Packet] {
        guard let newestReceived, !missing.isEmpty else { return [] }
        var (losses, undecided): ([Packet], [UInt16]) = ([], [])
        for sequence in missing {
            let entry = ring[Int(sequence) % Self.capacity]
            guard entry.isOpen, entry.sequence == sequence else { continue }
            let packet = packet(entry)
            if packet.sent + Self.reordering <= newestReceived {
                losses.append(packet)
            } else {
                undecided.append(sequence)
            }
        }
        missing = undecided
        return losses
    }

    private mutating func unwrap(_ reference: Int32) -> Int64 {
        guard let last = lastReference else {
            lastReference = Int64(reference)
            return Int64(reference)
        }
        // The nearest place with these 24 bits.
        let step = Int64((Int32(truncatingIfNeeded: Int64(reference) &- last) << 8) >> 8)
        lastReference = last &+ step
        return last &+ step
    }
}
