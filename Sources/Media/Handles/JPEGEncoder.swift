import CAV

/// Makes stills of one size (libswscale, libavcodec's mjpeg). For one thread.
final class JPEGEncoder {
    let width: Int
    let height: Int
    private var context: UnsafeMutablePointer<AVCodecContext>?
    private let scaler = Scaler()
    private let packet: Packet
    private var count: Int64 = 0
    private static let cure = "Ask for another width."

    /// - Parameters: width and height of the still in pixels, even.
    init(width: Int, height: Int) throws(MediaError) {
        _ = AVLibrary.silenced
        self.width = width
        self.height = height
        packet = try Packet()
        let operation = "open the JPEG encoder"
        guard let codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG) else {
            throw MediaError(
                operation: operation, text: "this libavcodec was built without it", cure: "Install Debian's libavcodec.")
        }
        context = avcodec_alloc_context3(codec)
        guard let context else { throw AVLibrary.outOfMemory(operation) }
        context.pointee.width = Int32(clamping: width)
        context.pointee.height = Int32(clamping: height)
        context.pointee.pix_fmt = AV_PIX_FMT_YUVJ420P
        context.pointee.color_range = AVCOL_RANGE_JPEG
        context.pointee.time_base = AVRational(num: 1, den: 30)
        context.pointee.thread_count = 1
        context.pointee.flags |= AV_CODEC_FLAG_QSCALE
        // Quantizer 4 of 31: about quality 85, 200 kB at 1080p.
        context.pointee.global_quality = FF_QP2LAMBDA * 4
        // The standard's own Huffman tables: 5 % more bytes, half the time.
        av_opt_set(context.pointee.priv_data, "huffman", "default", 0)
        let code = avcodec_open2(context, codec, nil)
        guard code >= 0 else {
            avcodec_free_context(&self.context)
            throw AVLibrary.error(operation, code, cure: Self.cure)
        }
    }

    deinit {
        avcodec_free_context(&context)
    }

    func encode(_ picture: Picture) throws(MediaError) -> JPEGPicture {
        let operation = "encode a still"
        guard let context else { throw AVLibrary.outOfMemory(operation) }
        let scaled = try picture.withFrame { (frame) throws(MediaError) in
            try scaler.convert(frame, width: width, height: height, fullRange: true)
        }
        defer {
            var scaled: UnsafeMutablePointer<AVFrame>? = scaled
            av_frame_free(&scaled)
        }
        scaled.pointee.pts = count
        scaled.pointee.quality = context.pointee.global_quality
        count += 1
        var code = avcodec_send_frame(context, scaled)
        if code >= 0 { code = packet.withPointer { avcodec_receive_packet(context, $0) } }
        guard code >= 0 else { throw AVLibrary.error(operation, code, cure: Self.cure) }
        defer { packet.withPointer { av_packet_unref($0) } }
        return JPEGPicture(bytes: packet.bytes, width: width, height: height, captured: picture.captured)
    }
}
