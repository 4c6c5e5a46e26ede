/// A pattern that scrolls, with a ``CaptureStamp`` in each picture: to measure how old what is seen is. Making it costs next to nothing, as a
/// camera's pictures do.
final class StampedSource: PictureSource {
    let format: SourceFormat
    private let pool: PicturePool
    private let pattern: [UInt8]
    private let start = ContinuousClock.now
    private let framesPerSecond: Int64
    private var nextPicture: Int64 = 0

    /// Pixels from one picture to the next: everything moves, as it never does in a yard.
    private static let speed = 2
    /// Side of a square of the pattern in pixels.
    private static let square = 8

    init(settings: CameraSettings) throws(MediaError) {
        let (width, height) = (settings.width & ~1, settings.height & ~1)
        guard (64...7680).contains(width), (64...7680).contains(height), (1...120).contains(settings.framesPerSecond) else {
            throw MediaError(
                operation: "make a picture to measure by", text: "\(width)x\(height) at \(settings.framesPerSecond) is out of range",
                cure: "Choose 64x64 to 7680x7680 at 1 to 120 pictures per second.")
        }
        pool = try PicturePool(width: width, height: height)
        framesPerSecond = Int64(settings.framesPerSecond)
        format = SourceFormat(width: width, height: height, framesPerSecond: Double(settings.framesPerSecond), hasAudio: false)
        // Any noise does: a linear congruential generator's (Knuth, TAOCP 3.3.4, MMIX).
        var state = settings.seed
        let squares = (0..<(height / Self.square + 1) * (width / Self.square + 1)).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(40 + (state >> 33) % 160)
        }
        // Twice as wide as the picture, so that each row scrolls without a seam.
        var pattern = [UInt8](repeating: 0, count: 2 * width * height)
        for y in 0..<height {
            for x in 0..<2 * width { pattern[y * 2 * width + x] = squares[y / Self.square * (width / Self.square + 1) + x % width / Self.square] }
        }
        self.pattern = pattern
    }

    func next(stop: StopSignal) throws(MediaError) -> CaptureItem? {
        // A machine that cannot keep up shows the present.
        let present = Int64((ContinuousClock.now - start).inSeconds * Double(framesPerSecond))
        nextPicture = max(nextPicture, present)
        guard stop.wait(until: start + .nanoseconds(nextPicture * 1_000_000_000 / framesPerSecond)) else { return nil }
        let captured = ContinuousClock.now
        let offset = Int(nextPicture) * Self.speed % format.width
        let picture = try pool.picture(captured: captured, duration90k: MediaTime.ticksPerSecond / framesPerSecond) { canvas in
            for line in 0..<canvas.height {
                pattern.withUnsafeBufferPointer { pattern in
                    guard let row = pattern.baseAddress.map({ $0 + line * 2 * canvas.width + offset }) else { return }
                    (canvas.y + line * canvas.lumaStride).update(from: row, count: canvas.width)
                }
            }
            for line in 0..<canvas.height / 2 {
                (canvas.u + line * canvas.chromaStride).update(repeating: 110, count: canvas.width / 2)
                (canvas.v + line * canvas.chromaStride).update(repeating: 140, count: canvas.width / 2)
            }
            CaptureStamp.now().draw(into: canvas)
        }
        nextPicture += 1
        return .picture(picture)
    }
}
