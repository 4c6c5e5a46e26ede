/// Bit/s of a stream and of its key frames alone, measured over seconds.
struct StreamRate: Sendable {
    /// One measurement; the rate is the mean of the last and all before it, halved each time.
    private static let span = 1.0
    /// Key frames are seconds apart.
    private static let keyFrameSpan = 4.0

    private(set) var bitRate: Double?
    private(set) var keyFrameBitRate: Double?
    private var bytes = 0
    private var begin: MonotonicTime?
    private var keyFrameBytes = 0
    private var keyFrameBegin: MonotonicTime?

    init() {}

    mutating func add(_ unit: PacketizedAccessUnit, now: MonotonicTime) {
        let started = begin ?? now
        let keyFramesStarted = keyFrameBegin ?? now
        begin = started
        keyFrameBegin = keyFramesStarted
        if now.seconds(since: started) >= Self.span {
            let measured = Double(bytes * 8) / now.seconds(since: started)
            bitRate = bitRate.map { ($0 + measured) / 2 } ?? measured
            (bytes, begin) = (0, now)
        }
        if unit.isKeyFrame, now.seconds(since: keyFramesStarted) >= Self.keyFrameSpan {
            let measured = Double(keyFrameBytes * 8) / now.seconds(since: keyFramesStarted)
            keyFrameBitRate = keyFrameBitRate.map { ($0 + measured) / 2 } ?? measured
            (keyFrameBytes, keyFrameBegin) = (0, now)
        }
        bytes += unit.byteCount
        if unit.isKeyFrame { keyFrameBytes += unit.byteCount }
    }
}
