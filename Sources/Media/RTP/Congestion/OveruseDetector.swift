/// Whether a queue on the way grows, by a threshold that adapts itself (draft-ietf-rmcat-gcc-02 §5.4): a fixed one would be starved by
/// flows that fill queues, such as TCP.
struct OveruseDetector: Sendable {
    enum Signal: Sendable, Hashable {
        case normal
        case overuse
        case underuse
    }

    /// The slope is multiplied by the number of groups, at most this, and by the gain: 5 % longer each second is then worth 12, about the
    /// threshold.
    private static let countLimit = 60
    private static let gain = 4.0
    /// How fast the threshold follows, per millisecond, up and down (§5.4, table: K_u, K_d).
    private static let rising = 0.0087
    private static let falling = 0.039
    /// The threshold's range.
    private static let range = 6.0...600.0
    /// An excess above the threshold by more than this is a spike and does not move it.
    private static let spike = 15.0
    /// The slope must stay above the threshold this long, in milliseconds.
    private static let patience = 10.0

    private(set) var signal = Signal.normal
    private var threshold = 12.5
    private var lastUpdate: Double?
    private var overuseTime: Double?
    private var overuseCount = 0
    private var previousTrend = 0.0

    init() {}

    /// - Parameters:
    ///   - slope: Of the trendline.
    ///   - groups: How many groups it knows.
    ///   - step: From the group before to this, at the sender, in seconds.
    ///   - arrived: When the group arrived, in seconds.
    mutating func update(slope: Double, groups: Int, step: Double, arrived: Double) {
        guard groups >= 2 else { return }
        let trend = Double(min(groups, Self.countLimit)) * slope * Self.gain
        if trend > threshold {
            overuseTime = overuseTime.map { $0 + step * 1000 } ?? step * 500
            overuseCount += 1
            if let time = overuseTime, time > Self.patience, overuseCount > 1, trend >= previousTrend {
                overuseTime = 0
                overuseCount = 0
                signal = .overuse
            }
        } else {
            overuseTime = nil
            overuseCount = 0
            signal = trend < -threshold ? .underuse : .normal
        }
        previousTrend = trend
        adapt(to: abs(trend), now: arrived * 1000)
    }

    private mutating func adapt(to trend: Double, now: Double) {
        let last = lastUpdate ?? now
        lastUpdate = now
        guard trend - threshold <= Self.spike else { return }
        let elapsed = min(max(0, now - last), 100)
        threshold += (trend < threshold ? Self.falling : Self.rising) * (trend - threshold) * elapsed
        threshold = min(max(threshold, Self.range.lowerBound), Self.range.upperBound)
    }
}
