/// Growing pauses between attempts: doubled up to a cap, with jitter so that many nodes do not retry in step.
struct BackOff: Sendable {
    private let first: Duration
    private let cap: Duration
    private var current: Duration

    /// Defaults: 1 s, doubled up to 30 s, each pause multiplied by 0.8…1.2.
    init(first: Duration = .seconds(1), cap: Duration = .seconds(30)) {
        self.first = first
        self.cap = cap
        current = first
    }

    /// How long to wait before the next attempt.
    mutating func next(rng: inout some RandomNumberGenerator) -> Duration {
        defer { current = min(current * 2, cap) }
        return current * Double.random(in: 0.8...1.2, using: &rng)
    }

    /// An attempt worked for a while: begin small again.
    mutating func reset() {
        current = first
    }
}
