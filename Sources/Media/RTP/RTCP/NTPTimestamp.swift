/// Seconds since 1900 in 32.32 fixed point (RFC 3550 §4), the wall time of sender reports.
struct NTPTimestamp: Sendable, Hashable {
    /// From 1900 to 1970.
    private static let secondsToUnixEpoch: Int64 = 2_208_988_800

    var bits: UInt64

    init(bits: UInt64) {
        self.bits = bits
    }

    /// - Parameter unixTime: UTC since 1970 without leap seconds. The seconds wrap in 2036, as the format wants.
    init(unixTime: Duration) {
        let (seconds, attoseconds) = unixTime.components
        // Down to the second below, so that the fraction is never negative.
        let below = attoseconds < 0 ? seconds &- 1 : seconds
        let fraction = attoseconds < 0 ? attoseconds &+ 1_000_000_000_000_000_000 : attoseconds
        let nanoseconds = UInt64(fraction / 1_000_000_000)
        bits = UInt64(UInt32(truncatingIfNeeded: below &+ Self.secondsToUnixEpoch)) << 32 | (nanoseconds << 32) / 1_000_000_000
    }

    /// The middle 32 bits: seconds and fraction, 16 bits each, as reports carry them back.
    var middle: UInt32 { UInt32(truncatingIfNeeded: bits >> 16) }
}
