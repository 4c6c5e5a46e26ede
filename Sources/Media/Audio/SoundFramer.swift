/// Cuts sound into packets of 20 ms and gives each its media time: steady within a run, anew after a gap.
struct SoundFramer: Sendable {
    struct Frame: Sendable {
        var samples: ArraySlice<Float>
        var captured: ContinuousClock.Instant
    }

    private var buffer: [Float] = []
    /// Capture time of the first buffered sample.
    private var start: ContinuousClock.Instant?
    /// More than this between expected and told time is a gap; less is the jitter of a source's clock.
    private static let tolerance = Duration.milliseconds(40)
    private static let frame = Duration.milliseconds(20)

    /// Takes a block and answers the whole frames there are now.
    mutating func push(_ block: SoundBlock) -> [Frame] {
        if let start {
            let expected = start + .nanoseconds(Int64(buffer.count) * 1_000_000_000 / Int64(AudioDecoder.sampleRate))
            let offset = block.captured - expected
            if offset > Self.tolerance || offset < .zero - Self.tolerance {
                buffer = []
                self.start = block.captured
            }
        } else {
            start = block.captured
        }
        buffer += block.samples
        var frames: [Frame] = []
        var head = 0
        while buffer.count - head >= OpusEncoder.frameSize, let start {
            frames.append(Frame(samples: buffer[head..<head + OpusEncoder.frameSize], captured: start))
            self.start = start + Self.frame
            head += OpusEncoder.frameSize
        }
        if head > 0 { buffer.removeFirst(head) }
        return frames
    }
}
