/// Which of the newest numbers have come (RFC 3711 §3.3.2).
struct ReplayWindow {
    /// How far back it remembers.
    static let size: UInt64 = 128

    private var highest: UInt64?
    /// Bit n: the number n before the highest.
    private var seen: UInt128 = 0

    /// Takes a number in.
    ///
    /// - Returns: false, and nothing changes, if it came before, or is too old to know.
    mutating func take(_ number: UInt64) -> Bool {
        guard let highest else {
            (self.highest, seen) = (number, 1)
            return true
        }
        if number > highest {
            let step = number - highest
            // Shifting by more than there are bits leaves none.
            seen = seen << step | 1
            self.highest = number
            return true
        }
        let age = highest - number
        guard age < Self.size, seen & 1 << age == 0 else { return false }
        seen |= 1 << age
        return true
    }
}
