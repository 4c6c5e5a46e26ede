/// The packets that were sent last, to answer NACKs (RFC 4585 §6.2.1). Holds references to the shared payloads, never copies.
///
/// Bounds: a number of packets and an age; and a packet is sent again at most once per round trip and a few times at all, so that
/// a stranger's NACKs cannot make this node send much.
struct SendHistory: Sendable {
    /// What is needed, beside its picture, to write a packet a second time, byte for byte.
    struct Facts: Sendable {
        /// The packet's place in its picture.
        var index = 0
        var sequenceNumber: UInt16 = 0
        var timestamp: UInt32 = 0
        var transportSequence: UInt16 = 0
        var sent = MonotonicTime.never
        /// How often it was sent again.
        fileprivate(set) var resends = 0

        init(index: Int, sequenceNumber: UInt16, timestamp: UInt32, transportSequence: UInt16, sent: MonotonicTime) {
            self.index = index
            self.sequenceNumber = sequenceNumber
            self.timestamp = timestamp
            self.transportSequence = transportSequence
            self.sent = sent
        }

        fileprivate init() {}
    }

    struct Entry: Sendable {
        var unit: PacketizedAccessUnit
        var facts: Facts

        var index: Int { facts.index }
        var sequenceNumber: UInt16 { facts.sequenceNumber }
        var resends: Int { facts.resends }
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
        facts = Array(repeating: Facts(), count: size)
        self.age = age
        self.resendLimit = resendLimit
    }

    /// Remembers a packet; its sequence number follows the one before it.
    mutating func append(_ unit: PacketizedAccessUnit, _ packet: Facts) {
        forget(before: packet.sent - age)
        let place = place(of: packet.sequenceNumber)
        if let oldest, oldest != packet.sequenceNumber, self.place(of: oldest) == place { self.oldest = oldest &+ 1 }
        units[place] = unit
        facts[place] = packet
        newest = packet.sequenceNumber
        if oldest == nil { oldest = packet.sequenceNumber }
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
    mutating func answer(_ sequenceNumber: UInt16, lost: MonotonicTime? = nil, now: MonotonicTime, roundTrip: Duration) -> Answer {
        let place = place(of: sequenceNumber)
        guard var entry = entry(sequenceNumber), now - entry.facts.sent <= age || entry.resends > 0 else { return .unknown }
        if entry.resends >= resendLimit { return .exhausted }
        if let lost {
            // A later one is on its way.
            if lost < entry.facts.sent { return .tooSoon }
        } else if entry.resends > 0, now - entry.facts.sent < max(roundTrip * Self.patience, Self.shortestPause) {
            return .tooSoon
        }
        entry.facts.sent = now
        entry.facts.resends += 1
        facts[place] = entry.facts
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
        return Entry(unit: unit, facts: facts)
    }

    private mutating func forget(before moment: MonotonicTime) {
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
