import CV4L2
import Glibc

/// One video capture device (Video4Linux2 by libv4l2): every ioctl of this room is here. For one thread.
final class V4L2Device {
    struct Capabilities: Sendable {
        var name: String
        var canCapture: Bool
    }

    /// What the driver really gives after it was asked.
    struct Stream: Sendable {
        var pixels: DeviceFormat.Pixels
        var width: Int
        var height: Int
        var bytesPerLine: Int
        var framesPerSecond: Double
    }

    enum Dequeued {
        /// Nothing ready.
        case nothing
        /// The driver marked the picture as damaged.
        case damaged
        /// Capture time on CLOCK_MONOTONIC, nil where the driver uses another clock.
        case picture(monotonicNanoseconds: Int64?)
    }

    let path: String
    let descriptor: Int32
    private var buffers: [UnsafeMutableRawBufferPointer] = []
    private var isStreaming = false

    init(path: String) throws(MediaError) {
        meshcam_v4l2_silence()
        self.path = path
        errno = 0
        descriptor = meshcam_v4l2_open(path)
        guard descriptor >= 0 else { throw Self.error("open the camera \(path)", errno, path: path) }
    }

    deinit {
        if isStreaming {
            var type = Int32(bitPattern: V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue)
            _ = meshcam_v4l2_ioctl(descriptor, meshcam_VIDIOC_STREAMOFF, &type)
        }
        for buffer in buffers { v4l2_munmap(buffer.baseAddress, buffer.count) }
        v4l2_close(descriptor)
    }

    private func call(_ request: UInt, _ argument: UnsafeMutableRawPointer) -> Int32 {
        while true {
            if meshcam_v4l2_ioctl(descriptor, request, argument) >= 0 { return 0 }
            if errno != EINTR { return errno }
        }
    }

    func capabilities() throws(MediaError) -> Capabilities {
        var capability = v4l2_capability()
        let code = call(meshcam_VIDIOC_QUERYCAP, &capability)
        guard code == 0 else { throw Self.error("open the camera \(path)", code, path: path) }
        let flags =
            capability.capabilities & meshcam_CAP_DEVICE_CAPS != 0 ? capability.device_caps : capability.capabilities
        let name = withUnsafeBytes(of: capability.card) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let needed = meshcam_CAP_VIDEO_CAPTURE | meshcam_CAP_STREAMING
        return Capabilities(name: name, canCapture: flags & needed == needed)
    }

    private static func fourCC(_ pixels: DeviceFormat.Pixels) -> UInt32 {
        switch pixels {
        case .yuyv: meshcam_PIX_FMT_YUYV
        case .nv12: meshcam_PIX_FMT_NV12
        case .yuv420: meshcam_PIX_FMT_YUV420
        case .mjpeg: meshcam_PIX_FMT_MJPEG
        case .h264: meshcam_PIX_FMT_H264
        }
    }

    private static func pixels(_ fourCC: UInt32) -> DeviceFormat.Pixels? {
        if fourCC == meshcam_PIX_FMT_JPEG { return .mjpeg }
        return DeviceFormat.Pixels.allCases.first { Self.fourCC($0) == fourCC }
    }

    /// Everything the device offers that we can use. `wanted` stands for sizes and rates given as a range. Bounded: 1024 entries.
    func formats(wantedWidth: Int, wantedHeight: Int, wantedRate: Int) -> [DeviceFormat] {
        var formats: [DeviceFormat] = []
        for index in 0..<UInt32(64) {
            var description = v4l2_fmtdesc()
            description.index = index
            description.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
            guard call(meshcam_VIDIOC_ENUM_FMT, &description) == 0 else { break }
            guard let pixels = Self.pixels(description.pixelformat) else { continue }
            for size in sizes(of: description.pixelformat, wantedWidth, wantedHeight) where formats.count < 1024 {
                let rate = fastestRate(of: description.pixelformat, width: size.width, height: size.height, wanted: wantedRate)
                formats.append(
                    DeviceFormat(pixels: pixels, width: Int(size.width), height: Int(size.height), framesPerSecond: rate))
            }
        }
        return formats
    }

    private func sizes(of fourCC: UInt32, _ wantedWidth: Int, _ wantedHeight: Int) -> [(width: UInt32, height: UInt32)] {
        var sizes: [(width: UInt32, height: UInt32)] = []
        for index in 0..<UInt32(128) {
            var size = v4l2_frmsizeenum()
            size.index = index
            size.pixel_format = fourCC
            guard call(meshcam_VIDIOC_ENUM_FRAMESIZES, &size) == 0 else { break }
            if size.type == V4L2_FRMSIZE_TYPE_DISCRETE.rawValue {
                sizes.append((size.discrete.width, size.discrete.height))
            } else {
                let range = size.stepwise
                let width = min(max(UInt32(clamping: wantedWidth), range.min_width), range.max_width)
                let height = min(max(UInt32(clamping: wantedHeight), range.min_height), range.max_height)
                return [(width, height)]
            }
        }
        // A driver that lists no sizes takes what it is asked for and answers with what it can.
        return sizes.isEmpty ? [(UInt32(clamping: wantedWidth), UInt32(clamping: wantedHeight))] : sizes
    }

    private func fastestRate(of fourCC: UInt32, width: UInt32, height: UInt32, wanted: Int) -> Double {
        var fastest = 0.0
        for index in 0..<UInt32(64) {
            var interval = v4l2_frmivalenum()
            interval.index = index
            interval.pixel_format = fourCC
            interval.width = width
            interval.height = height
            guard call(meshcam_VIDIOC_ENUM_FRAMEINTERVALS, &interval) == 0 else { break }
            if interval.type == V4L2_FRMIVAL_TYPE_DISCRETE.rawValue {
                fastest = max(fastest, Self.rate(interval.discrete))
            } else {
                return max(fastest, Self.rate(interval.stepwise.min))
            }
        }
        return fastest
    }

    private static func rate(_ interval: v4l2_fract) -> Double {
        interval.numerator == 0 ? 0 : Double(interval.denominator) / Double(interval.numerator)
    }

    /// Sets the format nearest to `format`, takes buffers and starts the stream.
    func start(_ format: DeviceFormat, framesPerSecond: Int) throws(MediaError) -> Stream {
        let operation = "start the camera \(path)"
        var request = v4l2_format()
        request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
        request.fmt.pix.width = UInt32(clamping: format.width)
        request.fmt.pix.height = UInt32(clamping: format.height)
        request.fmt.pix.pixelformat = Self.fourCC(format.pixels)
        request.fmt.pix.field = V4L2_FIELD_NONE.rawValue
        var code = call(meshcam_VIDIOC_S_FMT, &request)
        guard code == 0 else { throw Self.error(operation, code, path: path) }
        guard let pixels = Self.pixels(request.fmt.pix.pixelformat), request.fmt.pix.width >= 16, request.fmt.pix.height >= 16,
            request.fmt.pix.width <= 7680, request.fmt.pix.height <= 7680
        else {
            throw MediaError(
                operation: operation, text: "it gives no pixel format known here",
                cure: "Look at v4l2-ctl -d \(path) --list-formats-ext; YUYV, NV12, YU12, MJPG or H264 are needed.")
        }
        var stream = Stream(
            pixels: pixels, width: Int(request.fmt.pix.width) & ~1, height: Int(request.fmt.pix.height) & ~1,
            bytesPerLine: Int(request.fmt.pix.bytesperline), framesPerSecond: Double(framesPerSecond))
        var parameters = v4l2_streamparm()
        parameters.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
        parameters.parm.capture.timeperframe = v4l2_fract(numerator: 1, denominator: UInt32(clamping: framesPerSecond))
        // Not every driver knows rates; then the one it has is what comes.
        if call(meshcam_VIDIOC_S_PARM, &parameters) == 0 {
            let rate = Self.rate(parameters.parm.capture.timeperframe)
            if rate >= 0.1, rate <= 240 { stream.framesPerSecond = rate }
        }
        try mapBuffers(operation)
        var type = Int32(bitPattern: V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue)
        code = call(meshcam_VIDIOC_STREAMON, &type)
        guard code == 0 else { throw Self.error(operation, code, path: path) }
        isStreaming = true
        return stream
    }

    private func mapBuffers(_ operation: String) throws(MediaError) {
        var request = v4l2_requestbuffers()
        request.count = 4
        request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
        request.memory = V4L2_MEMORY_MMAP.rawValue
        let code = call(meshcam_VIDIOC_REQBUFS, &request)
        guard code == 0, request.count > 0, request.count <= 64 else {
            throw Self.error(operation, code == 0 ? ENOMEM : code, path: path)
        }
        for index in 0..<request.count {
            var buffer = emptyBuffer(index)
            let code = call(meshcam_VIDIOC_QUERYBUF, &buffer)
            guard code == 0 else { throw Self.error(operation, code, path: path) }
            let memory = v4l2_mmap(
                nil, Int(buffer.length), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, Int64(buffer.m.offset))
            guard let memory, memory != MAP_FAILED else { throw Self.error(operation, errno, path: path) }
            buffers.append(UnsafeMutableRawBufferPointer(start: memory, count: Int(buffer.length)))
            let queued = call(meshcam_VIDIOC_QBUF, &buffer)
            guard queued == 0 else { throw Self.error(operation, queued, path: path) }
        }
    }

    private func emptyBuffer(_ index: UInt32) -> v4l2_buffer {
        var buffer = v4l2_buffer()
        buffer.index = index
        buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
        buffer.memory = V4L2_MEMORY_MMAP.rawValue
        return buffer
    }

    /// Asks the device's own encoder for key frames every `pictures`, headers with each, no B-frames. Answers whether it agreed to all.
    func configureH264(keyFrameEvery pictures: Int) -> Bool {
        let wishes: [(id: UInt32, value: Int)] = [
            (meshcam_CID_H264_I_PERIOD, pictures), (meshcam_CID_REPEAT_SEQ_HEADER, 1), (meshcam_CID_B_FRAMES, 0),
        ]
        return wishes.allSatisfy { wish in
            var control = v4l2_control(id: wish.id, value: Int32(clamping: wish.value))
            return call(meshcam_VIDIOC_S_CTRL, &control) == 0
        }
    }

    /// Takes the next picture if there is one, lends its bytes to `body`, and gives the buffer back to the driver.
    func dequeue<Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void, failure: (MediaError) -> Failure
    ) throws(Failure) -> Dequeued {
        let operation = "read from the camera \(path)"
        var buffer = emptyBuffer(0)
        let code = call(meshcam_VIDIOC_DQBUF, &buffer)
        if code == EAGAIN { return .nothing }
        guard code == 0, Int(buffer.index) < buffers.count else {
            throw failure(Self.error(operation, code == 0 ? EIO : code, path: path))
        }
        let memory = buffers[Int(buffer.index)]
        let used = min(Int(buffer.bytesused), memory.count)
        let damaged = buffer.flags & meshcam_BUF_FLAG_ERROR != 0 || used == 0
        let isMonotonic = buffer.flags & meshcam_BUF_FLAG_TIMESTAMP_MASK == meshcam_BUF_FLAG_TIMESTAMP_MONOTONIC
        let time = Int64(buffer.timestamp.tv_sec) &* 1_000_000_000 &+ Int64(buffer.timestamp.tv_usec) &* 1000
        if !damaged { try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<used])) }
        let queued = call(meshcam_VIDIOC_QBUF, &buffer)
        guard queued == 0 else { throw failure(Self.error(operation, queued, path: path)) }
        return damaged ? .damaged : .picture(monotonicNanoseconds: isMonotonic ? time : nil)
    }

    private static func error(_ operation: String, _ code: Int32, path: String) -> MediaError {
        let text = code == 0 ? "unknown error" : String(cString: strerror(code))
        let cure =
            switch code {
            case ENOENT, ENXIO: "Plug the camera in, or look for its path with v4l2-ctl --list-devices; it is tried again by itself."
            case EACCES, EPERM: "Add the user who runs meshcam to the group video: sudo usermod -aG video USER."
            case EBUSY: "Another program uses it: find it with fuser \(path) and stop it; it is tried again by itself."
            case ENOTTY, EINVAL: "This is no camera, or not its capture node: look with v4l2-ctl --list-devices."
            case ENODEV, EIO: "The camera was unplugged or hangs: check cable and power; it is tried again by itself."
            default: "It is tried again by itself; if this repeats, look at v4l2-ctl -d \(path) --all and dmesg."
            }
        return MediaError(operation: operation, code: code, text: text, cure: cure)
    }
}
