import CAV

/// Encodes pictures to H.264, Annex B, no B-frames, one picture in and one out where the encoder can. For one thread.
final class H264Encoder {
    struct Configuration: Sendable {
        var width: Int
        var height: Int
        var framesPerSecond: Double
        /// The most to spend, bits per second over about one second.
        var bitRate: Int
        /// Whether luma is 0…255.
        var fullRange = false
    }

    struct Output {
        let bytes: [UInt8]
        let pts90k: Int64
        let isKeyFrame: Bool
    }

    /// The encoder's name in libavcodec.
    let name: String
    let configuration: Configuration
    private var context: UnsafeMutablePointer<AVCodecContext>?
    private var frame: UnsafeMutablePointer<AVFrame>?
    private let packet: Packet

    /// Hardware first, then the one that always works.
    static let candidates = ["h264_v4l2m2m", "libx264"]

    init(name: String, configuration: Configuration) throws(MediaError) {
        _ = AVLibrary.silenced
        let operation = "open the video encoder \(name)"
        self.name = name
        self.configuration = configuration
        packet = try Packet()
        guard let codec = avcodec_find_encoder_by_name(name) else {
            throw MediaError(
                operation: operation, text: "this libavcodec was built without it", cure: "Install Debian's libavcodec59 or newer.")
        }
        context = avcodec_alloc_context3(codec)
        frame = av_frame_alloc()
        guard let context, frame != nil else {
            avcodec_free_context(&context)
            av_frame_free(&frame)
            throw AVLibrary.outOfMemory(operation)
        }
        Self.configure(context, name: name, configuration)
        let code = avcodec_open2(context, codec, nil)
        guard code >= 0 else {
            avcodec_free_context(&self.context)
            av_frame_free(&frame)
            throw AVLibrary.error(
                operation, code,
                cure: name == "libx264"
                    ? "Choose an even size up to 3840x2160 and check free memory."
                    : "This machine has no such encoder; libx264 is used instead.")
        }
    }

    deinit {
        av_frame_free(&frame)
        avcodec_free_context(&context)
    }

    private static func configure(
        _ context: UnsafeMutablePointer<AVCodecContext>, name: String, _ configuration: Configuration
    ) {
        let rate = max(1, configuration.framesPerSecond)
        context.pointee.width = Int32(clamping: configuration.width)
        context.pointee.height = Int32(clamping: configuration.height)
        context.pointee.pix_fmt = AV_PIX_FMT_YUV420P
        context.pointee.time_base = AVRational(num: 1, den: Int32(MediaTime.ticksPerSecond))
        context.pointee.framerate = AVRational(num: Int32(clamping: Int(rate * 1000)), den: 1000)
        context.pointee.color_range = configuration.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
        context.pointee.colorspace = AVCOL_SPC_SMPTE170M
        context.pointee.max_b_frames = 0
        context.pointee.thread_count = 1
        // We force key frames by time, which also holds when the frame rate varies; this is only the far limit.
        context.pointee.gop_size = Int32(clamping: Int(rate * 60))
        if name == "libx264" {
            // Constant quality under a ceiling: a quiet scene costs little, a busy one at most `bitRate` over a second.
            context.pointee.rc_max_rate = Int64(configuration.bitRate)
            context.pointee.rc_buffer_size = Int32(clamping: configuration.bitRate)
            av_opt_set(context.pointee.priv_data, "preset", "superfast", 0)
            av_opt_set(context.pointee.priv_data, "tune", "zerolatency", 0)
            av_opt_set(context.pointee.priv_data, "crf", "23", 0)
            av_opt_set(context.pointee.priv_data, "forced-idr", "1", 0)
            av_opt_set(context.pointee.priv_data, "x264-params", "scenecut=0:repeat-headers=1", 0)
        } else {
            context.pointee.bit_rate = Int64(configuration.bitRate)
        }
    }

    /// Encodes `picture` at the given media time. Hardware may answer with nothing first and catch up later.
    func encode(_ picture: Picture, pts90k: Int64, forceKeyFrame: Bool) throws(MediaError) -> [Output] {
        guard let context, let frame else { return [] }
        let operation = "encode a picture with \(name)"
        let cure = "The encoder is opened again by itself; if this repeats, choose a smaller picture."
        guard picture.width == configuration.width, picture.height == configuration.height else {
            throw MediaError(operation: operation, text: "its size changed to \(picture.width)x\(picture.height)", cure: cure)
        }
        var code = picture.withFrame { av_frame_ref(frame, $0) }
        guard code >= 0 else { throw AVLibrary.error(operation, code, cure: cure) }
        frame.pointee.format = AV_PIX_FMT_YUV420P.rawValue
        frame.pointee.pts = pts90k
        frame.pointee.pict_type = forceKeyFrame ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
        code = avcodec_send_frame(context, frame)
        av_frame_unref(frame)
        guard code >= 0 || code == AVLibrary.again else { throw AVLibrary.error(operation, code, cure: cure) }
        return try receive(operation, cure: cure)
    }

    /// What the encoder still holds.
    func flush() throws(MediaError) -> [Output] {
        guard let context else { return [] }
        let operation = "finish encoding with \(name)"
        let code = avcodec_send_frame(context, nil)
        guard code >= 0 || code == AVLibrary.end else { throw AVLibrary.error(operation, code, cure: "Start the camera again.") }
        return try receive(operation, cure: "Start the camera again.")
    }

    private func receive(_ operation: String, cure: String) throws(MediaError) -> [Output] {
        guard let context else { return [] }
        var outputs: [Output] = []
        while true {
            let code = packet.withPointer { avcodec_receive_packet(context, $0) }
            if code == AVLibrary.again || code == AVLibrary.end { return outputs }
            guard code >= 0 else { throw AVLibrary.error(operation, code, cure: cure) }
            outputs.append(Output(bytes: packet.bytes, pts90k: packet.pts ?? 0, isKeyFrame: packet.isKeyFrame))
            packet.withPointer { av_packet_unref($0) }
        }
    }
}
