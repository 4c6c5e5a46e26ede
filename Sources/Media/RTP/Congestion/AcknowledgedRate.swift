/// How much arrives in a second, by the receiver's clock: R_hat of draft-ietf-rmcat-gcc-02 §5.5.
struct AcknowledgedRate: Sendable {
    /// Seconds that are looked at: the half second of §5.5.
    private static let window = 0.5
    private static let packetLimit = 2048

    private var arrivals: [(time: Double, bytes: Int)] = []
    /// Of `arrivals`, the first that counts; those before are removed many at once.
    private var first = 0
    private var bytes = 0
    private var latest = -Double.infinity

    init() {}

    mutating func add(bytes count: Int, arrived: Double) {
        // A clock that jumped far back, or so far ahead that all before it is gone.
        if arrived < latest - 3 { self = AcknowledgedRate() }
        latest = max(latest, arrived)
        arrivals.append((arrived, count))
        bytes += count
        while first < arrivals.count, arrivals[first].time <= latest - Self.window || arrivals.count - first > Self.packetLimit {
            bytes -= arrivals[first].bytes
            first += 1
        }
        guard first > 64, first > arrivals.count / 2 else { return }
        arrivals.removeFirst(first)
        first = 0
    }

    /// Bit/s; nil while less than a third of the window is filled.
    var bitRate: Double? {
        guard first < arrivals.count, latest - arrivals[first].time >= Self.window / 3 else { return nil }
        // The first packet's bytes came before the span began.
        return Double(bytes - arrivals[first].bytes) * 8 / (latest - arrivals[first].time)
    }
}
