import CAV

/// Decodes sound and brings it to 48 kHz mono floating point (libavcodec, libswresample). For one thread.
final class AudioDecoder {
    static let sampleRate = 48_000

    private var context: UnsafeMutablePointer<AVCodecContext>?
    private var frame: UnsafeMutablePointer<AVFrame>?
    private var resampler: OpaquePointer?
    /// What the resampler was made for; made anew when the stream changes.
    private var input: (format: Int32, rate: Int32, channels: Int32) = (-1, 0, 0)
    private static let cure = "Set camera.audio = false, or give a file with a common sound format such as AAC."

    init(parameters: UnsafeMutablePointer<AVCodecParameters>) throws(MediaError) {
        _ = AVLibrary.silenced
        let operation = "decode the sound"
        guard let codec = avcodec_find_decoder(parameters.pointee.codec_id) else {
            throw MediaError(operation: operation, text: "libavcodec has no decoder for it", cure: Self.cure)
        }
        context = avcodec_alloc_context3(codec)
        frame = av_frame_alloc()
        var code: Int32 = meshcam_averror(ENOMEM)
        if let context, frame != nil {
            code = avcodec_parameters_to_context(context, parameters)
            context.pointee.thread_count = 1
            if code >= 0 { code = avcodec_open2(context, codec, nil) }
        }
        guard code >= 0 else {
            avcodec_free_context(&context)
            av_frame_free(&frame)
            throw AVLibrary.error(operation, code, cure: Self.cure)
        }
    }

    deinit {
        swr_free(&resampler)
        av_frame_free(&frame)
        avcodec_free_context(&context)
    }

    /// The samples of one packet, with the time of the first in the stream's own time base. Damaged packets give nothing.
    func decode(_ packet: Packet) throws(MediaError) -> [(samples: [Float], pts: Int64?)] {
        guard let context, let frame else { return [] }
        guard packet.withPointer({ avcodec_send_packet(context, $0) }) >= 0 else { return [] }
        var blocks: [(samples: [Float], pts: Int64?)] = []
        while avcodec_receive_frame(context, frame) >= 0 {
            let best = frame.pointee.best_effort_timestamp
            let samples = try resample(frame)
            if !samples.isEmpty { blocks.append((samples, best == meshcam_nopts() ? nil : best)) }
            av_frame_unref(frame)
        }
        return blocks
    }

    private func resample(_ frame: UnsafeMutablePointer<AVFrame>) throws(MediaError) -> [Float] {
        let operation = "resample the sound"
        let format = (frame.pointee.format, frame.pointee.sample_rate, frame.pointee.ch_layout.nb_channels)
        if resampler == nil || format != input {
            swr_free(&resampler)
            var mono = AVChannelLayout()
            av_channel_layout_default(&mono, 1)
            let code = swr_alloc_set_opts2(
                &resampler, &mono, AV_SAMPLE_FMT_FLT, Int32(Self.sampleRate), &frame.pointee.ch_layout,
                AVSampleFormat(rawValue: frame.pointee.format), frame.pointee.sample_rate, 0, nil)
            guard code >= 0, let resampler else { throw AVLibrary.error(operation, code, cure: Self.cure) }
            let opened = swr_init(resampler)
            guard opened >= 0 else { throw AVLibrary.error(operation, opened, cure: Self.cure) }
            input = format
        }
        guard let resampler else { return [] }
        let capacity = swr_get_out_samples(resampler, frame.pointee.nb_samples)
        guard capacity > 0, let planes = frame.pointee.extended_data else { return [] }
        let count = frame.pointee.nb_samples
        var written: Int32 = 0
        let samples = [Float](unsafeUninitializedCapacity: Int(capacity)) { buffer, initialized in
            buffer.withMemoryRebound(to: UInt8.self) { bytes in
                var output: UnsafeMutablePointer<UInt8>? = bytes.baseAddress
                planes.withMemoryRebound(to: UnsafePointer<UInt8>?.self, capacity: 1) { source in
                    written = swr_convert(resampler, &output, capacity, source, count)
                }
            }
            initialized = Int(max(0, written))
        }
        guard written >= 0 else { throw AVLibrary.error(operation, written, cure: Self.cure) }
        return samples
    }
}
