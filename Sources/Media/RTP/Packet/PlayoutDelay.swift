/// How long a receiver may hold pictures back, as an RTP header extension
/// (http://www.webrtc.org/experiments/rtp-hdrext/playout-delay): twice 12 bits in steps of 10 ms.
///
/// 0/0 tells a browser to show each picture at once: the lowest latency, and no help against jitter.
struct PlayoutDelay: Sendable, Hashable {
    static let uri = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
    /// The largest delay that can be said: 40.95 s.
    static let longest = Duration.milliseconds(40_950)

    var minimum: Duration
    var maximum: Duration

    static let none = PlayoutDelay(minimum: .zero, maximum: .zero)

    init(minimum: Duration, maximum: Duration) {
        self.minimum = minimum
        self.maximum = maximum
    }

    /// nil if `data` is not three bytes.
    init?(_ data: [UInt8]) {
        guard data.count == 3 else { return nil }
        minimum = .milliseconds(10 * (Int(data[0]) << 4 | Int(data[1]) >> 4))
        maximum = .milliseconds(10 * (Int(data[1] & 0x0f) << 8 | Int(data[2])))
    }

    /// The three bytes; what lies outside the range becomes its nearest end, and a maximum below the minimum becomes the minimum.
    var data: [UInt8] {
        let low = Self.steps(minimum)
        let high = max(low, Self.steps(maximum))
        return [UInt8(low >> 4), UInt8((low & 0x0f) << 4 | high >> 8), UInt8(high & 0xff)]
    }

    private static func steps(_ duration: Duration) -> Int {
        Int((max(.zero, min(duration, longest)).inSeconds * 100).rounded())
    }
}
