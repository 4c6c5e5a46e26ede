/// What was sent to one viewer and not yet reported on, by transport-wide sequence number.
struct SentPacketLog: Sendable {
    struct Packet: Sendable, Hashable {
        var sent: ContinuousClock.Instant
        /// On the wire without IP and UDP headers.
        var bytes: Int
        /// The probe that the packet belongs to, if any; numbered from 1.
        var probe: Int?
    }

    /// A packet and what became of it.
    struct Report: Sendable, Hashable {
        var packet: Packet
        /// By the other side's clock, whose origin is unknown; nil if it did not arrive.
        var received: Duration?
    }

    /// A packet as it is remembered, in 24 bytes.
    private struct Entry: Sendable {
        /// After `origin`.
        var sentNanoseconds: Int64
        var bytes: UInt32
        /// 0 for none.
        var probe: UInt32
        var sequence: UInt16
        var isOpen: Bool
    }

    /// Packets remembered; at 10 Mbit/s, 2048 are two seconds.
    static let capacity = 2048

    private var ring = [Entry](repeating: Entry(sentNanoseconds: 0, bytes: 0, probe: 0, sequence: 0, isOpen: false), count: capacity)
    private var origin: ContinuousClock.Instant?
    private(set) var nextSequence: UInt16
    /// When the first packet since the last feedback was sent; nil: none was, and silence means nothing.
    private(set) var unreportedSince: ContinuousClock.Instant?
    /// Where the 24 bits of reference time stand on a line that does not wrap.
    private var lastReference: Int64?

    init(firstSequence: UInt16 = 0) {
        nextSequence = firstSequence
    }

    /// Gives the next packet its number.
    mutating func append(bytes: Int, probe: Int? = nil, now: ContinuousClock.Instant) -> UInt16 {
        let sequence = nextSequence
        nextSequence &+= 1
        let origin = self.origin ?? now
        self.origin = origin
        let (seconds, attoseconds) = (now - origin).components
        ring[Int(sequence) % Self.capacity] = Entry(
            sentNanoseconds: seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000, bytes: UInt32(clamping: bytes),
            probe: UInt32(clamping: probe ?? 0), sequence: sequence, isOpen: true)
        if unreportedSince == nil { unreportedSince = now }
        return sequence
    }

    /// What a feedback message says about packets that are remembered, in order of sending. A packet that was reported as received is
    /// reported once; one reported as lost may still turn up.
    mutating func reports(in feedback: TransportFeedback) -> [Report] {
        unreportedSince = nil
        guard let origin else { return [] }
        let reference = unwrap(feedback.referenceTime)
        var reports: [Report] = []
        reports.reserveCapacity(feedback.arrivals.count)
        var sequence = feedback.baseSequence
        for arrival in feedback.arrivals {
            defer { sequence &+= 1 }
            let place = Int(sequence) % Self.capacity
            let entry = ring[place]
            guard entry.isOpen, entry.sequence == sequence else { continue }
            let packet = Packet(
                sent: origin + .nanoseconds(entry.sentNanoseconds), bytes: Int(entry.bytes), probe: entry.probe == 0 ? nil : Int(entry.probe))
            guard let arrival else {
                reports.append(Report(packet: packet, received: nil))
                continue
            }
            let ticks = reference &* TransportFeedback.ticksPerReference &+ Int64(arrival)
            reports.append(Report(packet: packet, received: .microseconds(ticks &* 250)))
            ring[place].isOpen = false
        }
        return reports
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
