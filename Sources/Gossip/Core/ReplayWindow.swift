/// Which sequence numbers were seen: a sliding bitmap after RFC 6479, so that a packet counts once and reordering is tolerated.
struct ReplayWindow: Sendable {
    /// Numbers further than this below the highest count as seen.
    static let size: UInt64 = 2048
    /// One more than the window fills, because its oldest numbers share a word with none of the newest only then (RFC 6479 §2).
    private static let words = Int(size / 64) + 1

    /// `nil` before the first.
    private(set) var highest: UInt64?
    private var bits = [UInt64](repeating: 0, count: words)

    /// Whether `number` is new. Changes nothing.
    func isNew(_ number: UInt64) -> Bool {
        guard let highest else { return true }
        if number > highest { return true }
        guard highest - number < Self.size else { return false }
        return bits[Self.word(number)] & Self.bit(number) == 0
    }

    /// Marks `number` as seen. `false` if it was, or is too old to tell.
    mutating func insert(_ number: UInt64) -> Bool {
        guard isNew(number) else { return false }
        if let highest {
            if number > highest {
                // Words between the two are reused for newer numbers: what they held is out of the window.
                let (old, new) = (highest / 64, number / 64)
                if new - old >= UInt64(Self.words) {
                    for index in bits.indices { bits[index] = 0 }
                } else if new > old {
                    for word in (old + 1)...new { bits[Int(word % UInt64(Self.words))] = 0 }
                }
                self.highest = number
            }
        } else {
            highest = number
        }
        bits[Self.word(number)] |= Self.bit(number)
        return true
    }

    private static func word(_ number: UInt64) -> Int { Int(number / 64 % UInt64(words)) }
    private static func bit(_ number: UInt64) -> UInt64 { 1 << (number % 64) }
}
