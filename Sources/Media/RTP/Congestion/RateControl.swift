/// The rate that the delays allow: up slowly while all is well, down to what arrived when a queue grows
/// (draft-ietf-rmcat-gcc-02 §5.5: additive or multiplicative increase, multiplicative decrease).
struct RateControl: Sendable {
    private enum State: Sendable {
        case hold
        case increase
    }

    /// Beta of §5.5.
    static let decrease = 0.85
    /// Eta: multiplicative increase in a second.
    private static let growth = 1.08
    /// The rate may not run away from what is really sent: the first is multiplied, the second added.
    private static let headroom = (factor: 1.5, constant: 10_000.0)
    /// As long as the link has shown no limit, the rate is at least this multiple of what arrives: a stream that is larger than the first
    /// guess is not taken back because nobody knows better.
    private static let benefitOfDoubt = 1.25

    private(set) var bitRate: Double
    private let limits: ClosedRange<Double>
    private var state = State.increase
    private var lastChange: MonotonicTime?
    private var lastDecrease: MonotonicTime?
    private var capacity = LinkCapacity()
    /// Whether the link ever showed a limit.
    private var sawLimit = false

    init(bitRate: Double, limits: ClosedRange<Double>) {
        self.bitRate = min(max(bitRate, limits.lowerBound), limits.upperBound)
        self.limits = limits
    }

    mutating func update(
        _ signal: OveruseDetector.Signal, acknowledged: Double?, roundTrip: Duration, now: MonotonicTime
    ) {
        switch signal {
        case .overuse:
            reduce(acknowledged: acknowledged, roundTrip: roundTrip, now: now)
        case .underuse:
            // Queues drain: what arrives now is more than the link carries.
            state = .hold
            lastChange = now
        case .normal:
            if state == .increase { grow(acknowledged: acknowledged, roundTrip: roundTrip, now: now) }
            state = .increase
            lastChange = now
        }
    }

    /// A probe showed what the link carries.
    mutating func raise(to rate: Double, now: MonotonicTime) {
        guard rate > bitRate else { return }
        bitRate = min(rate, limits.upperBound)
        if let upper = capacity.upper, rate > upper { capacity = LinkCapacity() }
        lastChange = now
    }

    /// Nothing is heard from the other side.
    mutating func halve() {
        sawLimit = true
        bitRate = max(bitRate / 2, limits.lowerBound)
        state = .hold
    }

    private mutating func reduce(acknowledged: Double?, roundTrip: Duration, now: MonotonicTime) {
        state = .hold
        lastChange = now
        let arrived = acknowledged ?? bitRate / 2
        // One decrease needs a round trip to show; unless less than half arrives.
        let pause = min(max(roundTrip, .milliseconds(10)), .milliseconds(200))
        if let lastDecrease, now - lastDecrease < pause, arrived >= bitRate / 2 { return }
        lastDecrease = now
        sawLimit = true
        if let lower = capacity.lower, arrived < lower { capacity = LinkCapacity() }
        capacity.add(arrived)
        bitRate = min(bitRate, max(arrived * Self.decrease, limits.lowerBound))
    }

    private mutating func grow(acknowledged: Double?, roundTrip: Duration, now: MonotonicTime) {
        guard let lastChange else { return }
        if let acknowledged, let upper = capacity.upper, acknowledged > upper { capacity = LinkCapacity() }
        let elapsed = min(now.seconds(since: lastChange), 1)
        var next: Double
        if capacity.isKnown {
            // Near the limit: about a packet more in a response time.
            let response = roundTrip.inSeconds + 0.1
            let frameBits = bitRate / 30
            let packetBits = frameBits / (frameBits / (1200 * 8)).rounded(.up)
            next = bitRate + max(4000, packetBits / response) * elapsed
        } else {
            next = max(bitRate * Self.growthFactor(elapsed), bitRate + 1000 * elapsed)
        }
        if let acknowledged, !sawLimit { next = max(next, acknowledged * Self.benefitOfDoubt) }
        if let acknowledged { next = min(next, Self.headroom.factor * acknowledged + Self.headroom.constant) }
        bitRate = min(max(bitRate, next), limits.upperBound)
    }

    private static func growthFactor(_ elapsed: Double) -> Double {
        // 1.08 to the power of a time below 1 s, by the first terms of its series; the error is below 1e-6.
        let exponent = elapsed * 0.076_961_041_136_128_39
        return 1 + exponent + exponent * exponent / 2 + exponent * exponent * exponent / 6
    }
}

/// Where the limit of the link was seen: mean and spread of what arrived when queues grew (§5.5).
private struct LinkCapacity: Sendable {
    private static let weight = 0.05

    /// Bit/s.
    private var mean: Double?
    /// Variance divided by the mean, in kbit/s.
    private var spread = 0.4

    var isKnown: Bool { mean != nil }

    mutating func add(_ rate: Double) {
        guard let old = mean else {
            mean = rate
            return
        }
        let new = (1 - Self.weight) * old + Self.weight * rate
        let error = (new - rate) / 1000
        spread = (1 - Self.weight) * spread + Self.weight * error * error / max(new / 1000, 1)
        spread = min(max(spread, 0.4), 2.5)
        mean = new
    }

    private var deviation: Double? { mean.map { (spread * $0 / 1000).squareRoot() * 1000 } }
    var upper: Double? { mean.flatMap { mean in deviation.map { mean + 3 * $0 } } }
    var lower: Double? { mean.flatMap { mean in deviation.map { max(0, mean - 3 * $0) } } }
}
