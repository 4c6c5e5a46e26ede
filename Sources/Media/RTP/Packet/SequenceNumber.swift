/// Gives 16-bit sequence numbers, which wrap after 65535 (RFC 3550 §5.1), their place on a line that never wraps.
///
/// A number is taken as the nearest one to the highest seen so far: up to 32767 ahead or 32768 behind.
struct SequenceUnwrapper: Sendable {
    /// The highest place so far; nil before the first number.
    private(set) var highest: Int64?

    /// The place of `number`, and from then on the highest place if it is ahead. The first number's place is the number itself.
    mutating func unwrap(_ number: UInt16) -> Int64 {
        let place = peek(number)
        highest = max(highest ?? place, place)
        return place
    }

    /// The place that ``unwrap(_:)`` would give, without remembering it.
    func peek(_ number: UInt16) -> Int64 {
        guard let highest else { return Int64(number) }
        let step = Int16(bitPattern: number &- UInt16(truncatingIfNeeded: highest))
        return highest &+ Int64(step)
    }
}

extension UInt16 {
    /// Whether this sequence number comes after `other`, across the wrap; of two half a circle apart, neither does.
    func isAfter(_ other: UInt16) -> Bool {
        let step = self &- other
        return step != 0 && step < 0x8000
    }
}
