/// Slows down guessing: after `free` wrong passwords from one address, each further try waits twice as long as the one before.
///
/// Pure: time comes in. Bounded: at most `capacity` addresses are remembered, the longest quiet one is forgotten first.
struct SignInThrottle: Sendable {
    /// Wrong tries that cost nothing. Default 5.
    var free = 5
    /// The longest wait. Default 5 minutes.
    var longest: Duration = .seconds(300)
    /// An address that was quiet for this long starts anew. Default 15 minutes.
    var forgetAfter: Duration = .seconds(900)
    var capacity = 1024

    init(free: Int = 5, longest: Duration = .seconds(300)) {
        self.free = free
        self.longest = longest
    }

    private struct Failures {
        var count: Int
        var last: ContinuousClock.Instant
    }

    private var failures: [String: Failures] = [:]

    /// How long `address` still has to wait; `nil` when it may try now.
    func wait(for address: String, now: ContinuousClock.Instant) -> Duration? {
        guard let entry = failures[address], entry.count >= free, now - entry.last < forgetAfter else { return nil }
        let pause = min(.seconds(1) * (1 << min(entry.count - free, 16)), longest)
        let rest = pause - (now - entry.last)
        return rest > .zero ? rest : nil
    }

    mutating func failed(_ address: String, now: ContinuousClock.Instant) {
        if let entry = failures[address], now - entry.last < forgetAfter {
            failures[address] = Failures(count: entry.count + 1, last: now)
        } else {
            if failures.count >= capacity, let quietest = failures.min(by: { $0.value.last < $1.value.last }) {
                failures[quietest.key] = nil
            }
            failures[address] = Failures(count: 1, last: now)
        }
    }

    /// All of them are forgotten.
    mutating func succeeded(_ address: String) {
        failures[address] = nil
    }

    /// One of them was none.
    mutating func giveBack(_ address: String) {
        guard let entry = failures[address] else { return }
        failures[address] = entry.count > 1 ? Failures(count: entry.count - 1, last: entry.last) : nil
    }
}
