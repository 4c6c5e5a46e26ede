import Logging

/// What happens to each captured item on the encode thread: encode, publish, look for motion, keep the picture for stills.
final class EncodeLoop {
    private let settings: CameraSettings
    private let format: SourceFormat
    private let outlet: CameraOutlet
    private let videoEncoder: H264Encoder?
    private var soundEncoder: OpusEncoder?
    private var framer = SoundFramer()
    private var parameterSets = ParameterSets()
    private var motion: MotionDetector
    private var lastKeyFrame: ContinuousClock.Instant?
    private var lastPts90k: Int64 = .min
    /// Capture times of pictures inside the encoder, by media time: hardware answers later than it is asked. At most 64.
    private var inEncoder: [(pts90k: Int64, captured: ContinuousClock.Instant, duration90k: Int64)] = []

    init(settings: CameraSettings, format: SourceFormat, outlet: CameraOutlet) throws(MediaError) {
        self.settings = settings
        self.format = format
        self.outlet = outlet
        motion = MotionDetector(settings: settings.motion)
        videoEncoder =
            format.passThrough
            ? nil
            : try EncoderProbe.firstWorking(
                H264Encoder.Configuration(
                    width: format.width, height: format.height, framesPerSecond: format.framesPerSecond,
                    bitRate: settings.bitRate))
        if format.hasAudio && settings.audio { soundEncoder = try OpusEncoder() }
        outlet.opened(format, encoder: videoEncoder?.name ?? "", hasAudio: soundEncoder != nil)
    }

    func take(_ item: CaptureItem) throws(MediaError) {
        switch item {
        case .picture(let picture):
            // Privacy masks will be burnt in here, before anything else sees the picture.
            if let videoEncoder { try encode(picture, videoEncoder) }
            outlet.saw(picture)
            let reading = picture.withLuma { motion.look(at: $0, captured: picture.captured) }
            outlet.motion(reading)
        case .encoded(let picture): passOn(picture)
        case .sound(let block): try encode(block)
        }
    }

    /// Lets the encoder give what it holds.
    func finish() throws(MediaError) {
        if let videoEncoder { publish(try videoEncoder.flush()) }
    }

    private func encode(_ picture: Picture, _ encoder: H264Encoder) throws(MediaError) {
        let pts90k = outlet.mediaTime(picture.captured)
        // Media time only rises: an encoder refuses what stands still.
        guard pts90k > lastPts90k else { return }
        lastPts90k = pts90k
        let isDue = lastKeyFrame.map { picture.captured - $0 >= settings.keyFrameInterval } ?? true
        let isRequested = outlet.takeKeyFrameRequest()
        if isDue || isRequested { lastKeyFrame = picture.captured }
        if inEncoder.count >= 64 { inEncoder.removeFirst() }
        inEncoder.append((pts90k, picture.captured, picture.duration90k))
        publish(try encoder.encode(picture, pts90k: pts90k, forceKeyFrame: isDue || isRequested))
    }

    private func publish(_ outputs: [H264Encoder.Output]) {
        for output in outputs {
            guard let index = inEncoder.firstIndex(where: { $0.pts90k == output.pts90k }) else { continue }
            let entry = inEncoder.remove(at: index)
            let bytes = output.isKeyFrame ? parameterSets.completing(keyFrame: output.bytes) : output.bytes
            outlet.publish(
                AccessUnit(
                    codec: .h264, bytes: SharedBytes(bytes), pts90k: output.pts90k, duration90k: entry.duration90k,
                    isKeyFrame: output.isKeyFrame, captured: entry.captured))
        }
    }

    private func passOn(_ picture: EncodedPicture) {
        let pts90k = outlet.mediaTime(picture.captured)
        guard pts90k > lastPts90k else { return }
        lastPts90k = pts90k
        outlet.publish(
            AccessUnit(
                codec: .h264, bytes: SharedBytes(picture.bytes), pts90k: pts90k, duration90k: picture.duration90k,
                isKeyFrame: picture.isKeyFrame, captured: picture.captured))
    }

    private func encode(_ block: SoundBlock) throws(MediaError) {
        guard let soundEncoder else { return }
        for frame in framer.push(block) {
            let bytes = try soundEncoder.encode(frame.samples)
            guard !bytes.isEmpty else { continue }
            outlet.publish(
                AccessUnit(
                    codec: .opus, bytes: SharedBytes(bytes), pts90k: outlet.mediaTime(frame.captured), duration90k: 1800,
                    isKeyFrame: true, captured: frame.captured))
        }
    }
}
