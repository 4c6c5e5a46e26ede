/// How much arrives in a second, by the receiver's clock: R_hat of draft-ietf-rmcat-gcc-02 §5.5.
struct AcknowledgedRate: Sendable {
    /// Seconds that are looked at: the half second of §5.5.
    private static let window = 0.5
    private static let packetLimit = 2048

    private var arrivals: [(time: Double, bytes: Int)] = []
    private var bytes = 0
    private var latest = -Double.infinity

    init() {}

    mutating func add(bytes count: Int, arrived: Double) {
        // A clock that jumped far back, or so far ahead that all before it is gone.
        if arrived < latest - 3 { self = AcknowledgedRate() }
        latest = max(latest, arrived)
        arrivals.append((arrived, count))
        bytes += count
        var gone = 0
        while gone < arrivals.count, arrivals[gone].time <= latest - Self.window || arrivals.count - gone > Self.packetLimit {
            bytes -= arrivals[gone].bytes
            gone += 1
        }
        if gone > 0 { arrivals.removeFirst(gone) }
    }

    /// Bit/s; nil while less than a third of the window is filled.
    var bitRate: Double? {
        guard let first = arrivals.first, latest - first.time >= Self.window / 3 else { return nil }
        // The first packet's bytes came before the span began.
        return Double(bytes - first.bytes) * 8 / (latest - first.time)
    }
}
