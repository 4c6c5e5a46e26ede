import CAV

/// Encodes 20 ms blocks of 48 kHz mono sound to Opus (libavcodec's libopus). For one thread.
final class OpusEncoder {
    /// Samples per packet: 20 ms at 48 kHz.
    static let frameSize = 960
    /// libopus's look-ahead at 48 kHz (RFC 7845, section 4.2): what a player drops at the beginning.
    static let preSkip: UInt16 = 312

    private var context: UnsafeMutablePointer<AVCodecContext>?
    private var frame: UnsafeMutablePointer<AVFrame>?
    private let packet: Packet
    private var samplesSent: Int64 = 0

    init(bitRate: Int = 32_000) throws(MediaError) {
        _ = AVLibrary.silenced
        let operation = "open the sound encoder libopus"
        let cure = "Install Debian's libavcodec, which has libopus, or set camera.audio = false."
        packet = try Packet()
        guard let codec = avcodec_find_encoder_by_name("libopus") else {
            throw MediaError(operation: operation, text: "this libavcodec was built without it", cure: cure)
        }
        context = avcodec_alloc_context3(codec)
        frame = av_frame_alloc()
        var code: Int32 = meshcam_averror(ENOMEM)
        if let context, frame != nil {
            context.pointee.sample_rate = Int32(AudioDecoder.sampleRate)
            context.pointee.sample_fmt = AV_SAMPLE_FMT_FLT
            context.pointee.bit_rate = Int64(bitRate)
            context.pointee.time_base = AVRational(num: 1, den: Int32(AudioDecoder.sampleRate))
            av_channel_layout_default(&context.pointee.ch_layout, 1)
            av_opt_set(context.pointee.priv_data, "frame_duration", "20", 0)
            av_opt_set(context.pointee.priv_data, "application", "audio", 0)
            // The lowest third of the effort costs a third of the time and no audible quality for a microphone.
            context.pointee.compression_level = 5
            code = avcodec_open2(context, codec, nil)
        }
        guard code >= 0 else {
            avcodec_free_context(&context)
            av_frame_free(&frame)
            throw AVLibrary.error(operation, code, cure: cure)
        }
    }

    deinit {
        av_frame_free(&frame)
        avcodec_free_context(&context)
    }

    /// One packet of exactly `frameSize` samples; empty if the encoder holds it back.
    func encode(_ samples: ArraySlice<Float>) throws(MediaError) -> [UInt8] {
        guard let context, let frame, samples.count == Self.frameSize else { return [] }
        let operation = "encode sound"
        let cure = "Set camera.audio = false if this repeats."
        frame.pointee.nb_samples = Int32(Self.frameSize)
        frame.pointee.format = AV_SAMPLE_FMT_FLT.rawValue
        frame.pointee.sample_rate = Int32(AudioDecoder.sampleRate)
        av_channel_layout_default(&frame.pointee.ch_layout, 1)
        frame.pointee.pts = samplesSent
        samplesSent += Int64(Self.frameSize)
        var code = av_frame_get_buffer(frame, 0)
        if code >= 0, let target = frame.pointee.data.0 {
            samples.withUnsafeBytes { source in
                if let base = source.baseAddress {
                    UnsafeMutableRawPointer(target).copyMemory(from: base, byteCount: source.count)
                }
            }
            code = avcodec_send_frame(context, frame)
        }
        av_frame_unref(frame)
        guard code >= 0 else { throw AVLibrary.error(operation, code, cure: cure) }
        code = packet.withPointer { avcodec_receive_packet(context, $0) }
        if code == AVLibrary.again { return [] }
        guard code >= 0 else { throw AVLibrary.error(operation, code, cure: cure) }
        defer { packet.withPointer { av_packet_unref($0) } }
        return packet.bytes
    }
}
