import Glibc

/// A V4L2 camera: raw pixels, JPEG, or H.264 of its own.
final class V4L2Source: PictureSource {
    let format: SourceFormat
    private let device: V4L2Device
    private let stream: V4L2Device.Stream
    private let pool: PicturePool
    private let decoder: VideoDecoder?
    private var parameterSets = ParameterSets()
    /// Made of one buffer and not yet handed over, oldest first; at most the encoded and the decoded form of it.
    private var ready: [CaptureItem] = []

    /// A camera that delivers nothing for so long has hung.
    private static let patience = Duration.seconds(5)

    init(path: String, settings: CameraSettings) throws(MediaError) {
        device = try V4L2Device(path: path)
        let capabilities = try device.capabilities()
        guard capabilities.canCapture else {
            throw MediaError(
                operation: "open the camera \(path)", text: "\(capabilities.name) does not capture video",
                cure: "Choose another path: v4l2-ctl --list-devices.")
        }
        let offered = device.formats(
            wantedWidth: settings.width, wantedHeight: settings.height, wantedRate: settings.framesPerSecond)
        guard
            let best = DeviceFormat.best(
                of: offered, width: settings.width, height: settings.height, framesPerSecond: settings.framesPerSecond)
        else {
            throw MediaError(
                operation: "open the camera \(path)", text: "it offers no pixel format known here",
                cure: "Look at v4l2-ctl -d \(path) --list-formats-ext; YUYV, NV12, YU12, MJPG or H264 are needed.")
        }
        stream = try device.start(best, framesPerSecond: settings.framesPerSecond)
        let keyFrameEvery = Int(settings.keyFrameInterval.inSeconds * stream.framesPerSecond)
        let passThrough = stream.pixels == .h264 && device.configureH264(keyFrameEvery: max(1, keyFrameEvery))
        decoder =
            switch stream.pixels {
            case .h264: try VideoDecoder(byteStream: .h264)
            case .mjpeg: try VideoDecoder(byteStream: .mjpeg)
            case .yuyv, .nv12, .yuv420: nil
            }
        pool = try PicturePool(width: stream.width, height: stream.height)
        format = SourceFormat(
            width: stream.width, height: stream.height, framesPerSecond: stream.framesPerSecond, hasAudio: false,
            passThrough: passThrough)
    }

    func next(stop: StopSignal) throws(MediaError) -> CaptureItem? {
        let limit = ContinuousClock.now + Self.patience
        while !stop.isStopped {
            if !ready.isEmpty { return ready.removeFirst() }
            try dequeue()
            if !ready.isEmpty { continue }
            let rest = limit - ContinuousClock.now
            guard rest > .zero else {
                throw MediaError(
                    operation: "read from the camera \(device.path)", text: "it delivered no picture for 5 s",
                    cure: "Check cable and power supply; it is opened again by itself.")
            }
            _ = stop.wait(forInputOn: device.descriptor, timeout: rest)
        }
        return nil
    }

    private func dequeue() throws(MediaError) {
        var bytes: [UInt8] = []
        var raw: Picture?
        let dequeued = try device.dequeue(
            { (buffer) throws(MediaError) in
                // Planes are copied once, out of the driver's memory, so that it has its buffer back at once.
                if let layout = stream.layout {
                    raw = try pool.picture(
                        raw: buffer, layout: layout, bytesPerLine: stream.rowBytes, captured: .now, duration90k: frame90k)
                } else {
                    bytes = Array(buffer)
                }
            }, failure: { $0 })
        guard case .picture(let monotonic) = dequeued else { return }
        let captured = Self.bootTime(monotonicNanoseconds: monotonic)
        if let raw {
            ready.append(.picture(try raw.retimed(captured: captured, duration90k: frame90k)))
        } else if let decoder, !bytes.isEmpty {
            if format.passThrough { passOn(bytes, captured: captured) }
            let packet = try SharedBytes(bytes).withUnsafeBytes { (buffer) throws(MediaError) in try Packet(copying: buffer) }
            for output in try decoder.decode(packet, captured: captured, duration90k: frame90k) {
                ready.append(.picture(output.picture))
            }
        }
    }

    private func passOn(_ bytes: [UInt8], captured: ContinuousClock.Instant) {
        let isKeyFrame = bytes.withUnsafeBytes { buffer in
            AnnexB.units(in: buffer, limit: 16).contains { AnnexB.type(of: $0, in: buffer) == AnnexB.UnitType.idrSlice }
        }
        let complete = isKeyFrame ? parameterSets.completing(keyFrame: bytes) : bytes
        ready.append(
            .encoded(
                EncodedPicture(bytes: complete, isKeyFrame: isKeyFrame, captured: captured, duration90k: frame90k)))
    }

    private var frame90k: Int64 { Int64((Double(MediaTime.ticksPerSecond) / stream.framesPerSecond).rounded()) }

    /// The driver's CLOCK_MONOTONIC as an instant of the boot clock: both run alike except in suspend, so the age is the same on both.
    private static func bootTime(monotonicNanoseconds: Int64?) -> ContinuousClock.Instant {
        let now = ContinuousClock.now
        guard let monotonicNanoseconds else { return now }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let age = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) - monotonicNanoseconds
        // A picture is never from the future and never older than the driver's few buffers.
        return now - .nanoseconds(min(max(age, 0), 1_000_000_000))
    }
}

extension V4L2Device.Stream {
    fileprivate var layout: RawLayout? {
        switch pixels {
        case .yuyv: .yuyv
        case .nv12: .nv12
        case .yuv420: .yuv420
        case .mjpeg, .h264: nil
        }
    }

    /// Bytes per row; some drivers say 0 and mean "as narrow as possible".
    fileprivate var rowBytes: Int {
        max(bytesPerLine, layout?.minimumBytesPerLine(width: width) ?? 0)
    }
}
