import CAV

/// Decodes pictures (libavcodec). One thread of its own work, no frame threading: what goes in comes out at once. For one thread.
final class VideoDecoder {
    /// A decoded picture's times, in the unit of the packets' times.
    struct Output {
        let picture: Picture
        let pts: Int64?
    }

    private var context: UnsafeMutablePointer<AVCodecContext>?
    private var frame: UnsafeMutablePointer<AVFrame>?
    private let scaler = Scaler()
    /// Size of the first picture: later ones are brought to it.
    private var size: (width: Int, height: Int)?
    private static let cure = "The recording may be damaged or of a kind libavcodec cannot decode; try ffprobe on it."

    /// For a stream of a file.
    convenience init(parameters: UnsafeMutablePointer<AVCodecParameters>, path: String) throws(MediaError) {
        let name = avcodec_get_name(parameters.pointee.codec_id).map { String(cString: $0) } ?? "?"
        guard let codec = avcodec_find_decoder(parameters.pointee.codec_id) else {
            throw MediaError(
                operation: "decode the file \(path)", text: "libavcodec has no decoder for \(name)",
                cure: "Convert it to H.264: ffmpeg -i IN -c:v libx264 OUT.mp4")
        }
        try self.init(codec: codec, parameters: parameters)
    }

    /// For a byte stream without a container: H.264 Annex B or one JPEG per packet.
    convenience init(byteStream: ByteStream) throws(MediaError) {
        let id = byteStream == .h264 ? AV_CODEC_ID_H264 : AV_CODEC_ID_MJPEG
        guard let codec = avcodec_find_decoder(id) else {
            throw MediaError(
                operation: "decode \(byteStream)", text: "libavcodec has no decoder for it", cure: "Install Debian's libavcodec.")
        }
        try self.init(codec: codec, parameters: nil)
    }

    enum ByteStream {
        case h264, mjpeg
    }

    private init(
        codec: UnsafePointer<AVCodec>, parameters: UnsafeMutablePointer<AVCodecParameters>?
    ) throws(MediaError) {
        _ = AVLibrary.silenced
        context = avcodec_alloc_context3(codec)
        frame = av_frame_alloc()
        guard let context, frame != nil else {
            avcodec_free_context(&context)
            av_frame_free(&frame)
            throw AVLibrary.outOfMemory("open a decoder")
        }
        var code: Int32 = 0
        if let parameters { code = avcodec_parameters_to_context(context, parameters) }
        context.pointee.thread_count = 1
        context.pointee.flags |= AV_CODEC_FLAG_LOW_DELAY
        if code >= 0 { code = avcodec_open2(context, codec, nil) }
        guard code >= 0 else {
            avcodec_free_context(&self.context)
            av_frame_free(&frame)
            throw AVLibrary.error("open a decoder", code, cure: Self.cure)
        }
    }

    deinit {
        av_frame_free(&frame)
        avcodec_free_context(&context)
    }

    /// Decodes one packet; nil flushes what the decoder still holds. Damaged packets give no picture and are counted in `damaged`.
    func decode(_ packet: Packet?, captured: ContinuousClock.Instant, duration90k: Int64) throws(MediaError) -> [Output] {
        guard let context, let frame else { return [] }
        let code = packet?.withPointer { avcodec_send_packet(context, $0) } ?? avcodec_send_packet(context, nil)
        if code < 0, code != AVLibrary.end, code != AVLibrary.again {
            damaged += 1
            return []
        }
        var outputs: [Output] = []
        while true {
            let code = avcodec_receive_frame(context, frame)
            if code == AVLibrary.again || code == AVLibrary.end { return outputs }
            guard code >= 0 else {
                damaged += 1
                return outputs
            }
            let best = frame.pointee.best_effort_timestamp
            let picture = try Picture.adopting(
                frame, scaler: scaler, size: size, captured: captured, duration90k: duration90k)
            if size == nil { size = (picture.width, picture.height) }
            outputs.append(Output(picture: picture, pts: best == meshcam_nopts() ? nil : best))
        }
    }

    /// Packets and pictures that could not be decoded.
    private(set) var damaged = 0
}
