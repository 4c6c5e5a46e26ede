import Foundation

/// A recording played as a camera: at its own size and rate, in real time, from the start again when it ends.
///
/// Reads ahead only as far as sound and picture lie apart in the file: at most `maximumAhead` packets and 10 s of sound.
final class FileSource: PictureSource {
    private(set) var format: SourceFormat
    private let path: String
    private let wantsAudio: Bool
    private var reader: FileReader
    /// When the present round of the loop began, on the boot clock.
    private var roundStart: ContinuousClock.Instant
    private var started = false
    private var roundItems = 0

    /// How late a picture may be before the timeline is moved: a machine that was asleep or too busy does not race to catch up.
    private static let maximumLag = Duration.milliseconds(500)

    /// - Parameter keyFrameInterval: The longest distance of key frames that H.264 may have to be passed through.
    init(path: String, audio: Bool, keyFrameInterval: Duration) throws(MediaError) {
        self.path = path
        wantsAudio = audio
        let passThrough = try PassThroughCheck.allows(path: path, maximumInterval: keyFrameInterval)
        reader = try FileReader(path: path, audio: audio, passThrough: passThrough)
        format = reader.format
        roundStart = .now
    }

    func next(stop: StopSignal) throws(MediaError) -> CaptureItem? {
        while !stop.isStopped {
            guard let item = try reader.next() else {
                guard roundItems > 0 else {
                    throw MediaError(
                        operation: "play the file \(path)", text: "no picture in it can be decoded",
                        cure: "Try ffprobe on it; give another file, or set camera.source = \"synthetic\".")
                }
                // The end: once more, and time goes on where it is.
                roundStart += .seconds(reader.duration)
                roundItems = 0
                reader = try FileReader(path: path, audio: wantsAudio, passThrough: format.passThrough)
                continue
            }
            if !started {
                roundStart = .now
                started = true
            }
            roundItems += 1
            var due = roundStart + .seconds(item.time)
            let lag = ContinuousClock.now - due
            if lag > Self.maximumLag {
                roundStart += lag
                due += lag
            }
            guard stop.wait(until: due) else { return nil }
            return try item.captured(at: due)
        }
        return nil
    }
}

extension FileReader.Item {
    /// The item as captured at `instant`.
    fileprivate func captured(at instant: ContinuousClock.Instant) throws(MediaError) -> CaptureItem {
        switch content {
        case .picture(let picture):
            return .picture(try picture.retimed(captured: instant, duration90k: picture.duration90k))
        case .encoded(var picture):
            picture.captured = instant
            return .encoded(picture)
        case .sound(let samples): return .sound(SoundBlock(samples: samples, captured: instant))
        }
    }
}
