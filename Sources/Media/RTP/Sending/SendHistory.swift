/// The packets that were sent last, to answer NACKs (RFC 4585 §6.2.1). Holds references to the shared payloads, never copies.
///
/// Bounds: a number of packets and an age; and a packet is sent again at most once per round trip and a few times at all, so that
/// a stranger's NACKs cannot make this node send much.
struct SendHistory: Sendable {
    /// What is needed to write a packet a second time, byte for byte.
    struct Entry: Sendable {
        var unit: PacketizedAccessUnit
        /// The packet's place in `unit`.
        var index: Int
        var sequenceNumber: UInt16
        var timestamp: UInt32
        var transportSequence: UInt16
        var sent: ContinuousClock.Instant
        /// How often it was sent again.
        fileprivate(set) var resends = 0

        init(
            unit: PacketizedAccessUnit, index: Int, sequenceNumber: UInt16, timestamp: UInt32, transportSequence: UInt16,
            sent: ContinuousClock.Instant
        ) {
            self.unit = unit
            self.index = index
            self.sequenceNumber = sequenceNumber
            self.timestamp = timestamp
            self.transportSequence = transportSequence
            self.sent = sent
        }
    }

    /// An entry but for its picture.
    private struct Facts {
        var index = 0
        var sequenceNumber: UInt16 = 0
        var timestamp: UInt32 = 0
        var transportSequence: UInt16 = 0
        var sent: ContinuousClock.Instant
        var resends = 0
    }

    /// Why a NACK was or was not answered.
    enum Answer: Sendable {
        case resend(Entry)
        /// Never sent, or forgotten since.
        case unknown
        /// Sent again less than most of a round trip ago: that one may still arrive.
        case tooSoon
        /// Sent again as often as allowed.
        case exhausted
    }

    /// Between two answers for one packet, however short the round trip is said to be.
    static let shortestPause = Duration.milliseconds(5)
    /// Of a round trip, the pause between two answers: who asks again after a whole one, by their own measure, must not be too early by ours.
    static let patience = 0.75

    let age: Duration
    let resendLimit: Int
    /// By the lower bits of the number. Pictures and facts stand apart: what is looked at for each packet needs no reference counted.
    private var units: [PacketizedAccessUnit?]
    private var facts: [Facts]
    private var oldest: UInt16?
    private var newest: UInt16?

    /// - Parameters:
    ///   - capacity: In packets, raised to a power of two, at most 32768. 1024 are about 4 s at 2 Mbit/s.
    ///   - age: Older packets are not sent again: nobody waits for them any longer.
    ///   - resendLimit: How often one packet is sent again.
    init(capacity: Int = 1024, age: Duration = .seconds(2), resendLimit: Int = 8) {
        var size = 16
        while size < min(capacity, 32_768) { size *= 2 }
        units = Array(repeating: nil, count: size)
        facts = Array(repeating: Facts(sent: .now), count: size)
        self.age = age
        self.resendLimit = resendLimit
    }

    /// Remembers a packet; its sequence number follows the one before it.
    mutating func append(_ entry: Entry) {
        forget(before: entry.sent - age)
        let place = place(of: entry.sequenceNumber)
        if let oldest, oldest != entry.sequenceNumber, self.place(of: oldest) == place { self.oldest = oldest &+ 1 }
        units[place] = entry.unit
        facts[place] = Facts(
            index: entry.index, sequenceNumber: entry.sequenceNumber, timestamp: entry.timestamp, transportSequence: entry.transportSequence,
            sent: entry.sent, resends: entry.resends)
        newest = entry.sequenceNumber
        if oldest == nil { oldest = entry.sequenceNumber }
    }

    /// Forgets everything: nobody shall be sent these packets again.
    mutating func removeAll() {
        for place in units.indices { units[place] = nil }
        oldest = nil
        newest = nil
    }

    /// Decides about one number of a NACK, or of a report that says that it is lost.
    ///
    /// - Parameter lost: When the packet left of which it is known that it did not arrive; nil: nothing is known but that it is missing.
    mutating func answer(_ sequenceNumber: UInt16, lost: ContinuousClock.Instant? = nil, now: ContinuousClock.Instant, roundTrip: Duration) -> Answer {
        let place = place(of: sequenceNumber)
        guard var entry = entry(sequenceNumber), now - entry.sent <= age || entry.resends > 0 else { return .unknown }
        if entry.resends >= resendLimit { return .exhausted }
        if let lost {
            // A later one is on its way. What is reported is known to the nanosecond.
            if lost + .nanoseconds(1) < entry.sent { return .tooSoon }
        } else if entry.resends > 0, now - entry.sent < max(roundTrip * Self.patience, Self.shortestPause) {
            return .tooSoon
        }
        entry.sent = now
        entry.resends += 1
        facts[place].sent = now
        facts[place].resends = entry.resends
        return .resend(entry)
    }

    /// The newest packets, newest first: what a probe can repeat.
    func newestEntries(_ count: Int) -> [Entry] {
        guard var number = newest else { return [] }
        var entries: [Entry] = []
        while entries.count < count, let entry = entry(number) {
            entries.append(entry)
            number &-= 1
        }
        return entries
    }

    /// How many packets are held.
    var count: Int { units.reduce(0) { $0 + ($1 == nil ? 0 : 1) } }

    private func entry(_ sequenceNumber: UInt16) -> Entry? {
        let place = place(of: sequenceNumber)
        let facts = facts[place]
        guard let unit = units[place], facts.sequenceNumber == sequenceNumber else { return nil }
        var entry = Entry(
            unit: unit, index: facts.index, sequenceNumber: sequenceNumber, timestamp: facts.timestamp, transportSequence: facts.transportSequence,
            sent: facts.sent)
        entry.resends = facts.resends
        return entry
    }

    private mutating func forget(before moment: ContinuousClock.Instant) {
        while let number = oldest, let newest {
            let place = place(of: number)
            if facts[place].sequenceNumber == number {
                guard facts[place].sent < moment else { return }
                units[place] = nil
            }
            if number == newest {
                oldest = nil
                return
            }
            oldest = number &+ 1
        }
    }

    private func place(of sequenceNumber: UInt16) -> Int { Int(sequenceNumber) & (units.count - 1) }
}
