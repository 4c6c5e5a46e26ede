/// Whether the way gets longer: the slope of a line through the smoothed delays of the last groups (Carlucci et al., "Congestion Control
/// for Web Real-Time Communication", 2017, the successor of the filter in draft-ietf-rmcat-gcc-02 §5.3).
struct TrendlineEstimator: Sendable {
    /// Groups that the line is drawn through.
    private static let window = 20
    /// How much of the last smoothed delay stays.
    private static let smoothing = 0.9

    private var delay = 0.0
    private var smoothedDelay = 0.0
    private var firstArrival: Double?
    private var points: [(time: Double, delay: Double)] = []
    /// Groups so far.
    private(set) var count = 0
    /// Seconds of delay gained in a second; 0 as long as there are too few groups.
    private(set) var slope = 0.0

    init() {}

    mutating func add(_ variation: PacketGroups.Variation) {
        count = min(count + 1, 1000)
        delay += variation.arrival - variation.departure
        smoothedDelay = Self.smoothing * smoothedDelay + (1 - Self.smoothing) * delay
        let first = firstArrival ?? variation.arrived
        firstArrival = first
        if points.count == Self.window { points.removeFirst() }
        points.append((variation.arrived - first, smoothedDelay))
        guard points.count == Self.window else { return }
        slope = Self.slope(of: points) ?? slope
    }

    /// Least squares; nil if all points have one time.
    private static func slope(of points: [(time: Double, delay: Double)]) -> Double? {
        let count = Double(points.count)
        let meanTime = points.reduce(0) { $0 + $1.time } / count
        let meanDelay = points.reduce(0) { $0 + $1.delay } / count
        var numerator = 0.0
        var denominator = 0.0
        for point in points {
            numerator += (point.time - meanTime) * (point.delay - meanDelay)
            denominator += (point.time - meanTime) * (point.time - meanTime)
        }
        return denominator > 0 ? numerator / denominator : nil
    }
}
