/// What a receiver says about one source (RFC 3550 §6.4.1).
struct ReportBlock: Sendable, Hashable {
    /// The source it is about.
    var ssrc: UInt32
    /// Lost since the last report, in 1/256.
    var fractionLost: UInt8
    /// Lost since the beginning, 24 bits with sign: duplicates can make it negative.
    var cumulativeLost: Int32
    /// The highest sequence number received, with the count of wraps above it.
    var highestSequence: UInt32
    /// In units of the source's RTP clock.
    var jitter: UInt32
    /// The middle 32 bits of the last sender report's NTP time; 0 if none came yet.
    var lastSenderReport: UInt32
    /// From the arrival of that report to this one, in 1/65536 s.
    var delaySinceLastSenderReport: UInt32

    init(
        ssrc: UInt32, fractionLost: UInt8 = 0, cumulativeLost: Int32 = 0, highestSequence: UInt32 = 0, jitter: UInt32 = 0,
        lastSenderReport: UInt32 = 0, delaySinceLastSenderReport: UInt32 = 0
    ) {
        self.ssrc = ssrc
        self.fractionLost = fractionLost
        self.cumulativeLost = cumulativeLost
        self.highestSequence = highestSequence
        self.jitter = jitter
        self.lastSenderReport = lastSenderReport
        self.delaySinceLastSenderReport = delaySinceLastSenderReport
    }

    init?(reader: inout ByteReader) {
        guard let ssrc = reader.readUInt32(), let lost = reader.readUInt32(), let highest = reader.readUInt32(),
            let jitter = reader.readUInt32(), let last = reader.readUInt32(), let delay = reader.readUInt32()
        else { return nil }
        self.ssrc = ssrc
        fractionLost = UInt8(truncatingIfNeeded: lost >> 24)
        // The sign is the 24th bit.
        cumulativeLost = Int32(bitPattern: lost << 8) >> 8
        highestSequence = highest
        self.jitter = jitter
        lastSenderReport = last
        delaySinceLastSenderReport = delay
    }

    /// `count` blocks; nil if there are fewer.
    static func read(_ count: UInt8, from reader: inout ByteReader) -> [ReportBlock]? {
        var blocks: [ReportBlock] = []
        for _ in 0..<count {
            guard let block = ReportBlock(reader: &reader) else { return nil }
            blocks.append(block)
        }
        return blocks
    }

    func write(to bytes: inout [UInt8]) {
        bytes.append(bigEndian: ssrc)
        bytes.append(fractionLost)
        bytes.append(bigEndian24: UInt32(bitPattern: max(-0x80_0000, min(0x7f_ffff, cumulativeLost))))
        bytes.append(bigEndian: highestSequence)
        bytes.append(bigEndian: jitter)
        bytes.append(bigEndian: lastSenderReport)
        bytes.append(bigEndian: delaySinceLastSenderReport)
    }

    /// The way there and back (RFC 3550 §6.4.1, figure 2), from `now` in the middle 32 bits of NTP time; nil where no sender report
    /// was seen, or where the numbers say that the answer came before the question.
    func roundTrip(now: UInt32) -> Duration? {
        guard lastSenderReport != 0 else { return nil }
        let units = Int32(bitPattern: now &- lastSenderReport &- delaySinceLastSenderReport)
        guard units >= 0 else { return nil }
        return .nanoseconds(Int64(units) * 1_000_000_000 / 65_536)
    }
}
