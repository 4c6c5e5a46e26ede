import CAV

/// Writes a fragmented MP4 file (ISO/IEC 14496-12) into memory with libavformat: H.264 as `avc1`, Opus beside it.
///
/// The durations of samples are the true distances to the next one (a unit is held until its successor comes), so dropped pictures and
/// uneven rates never shift the file's timeline. No `moof` crosses a page (`MovieFragmentPadding`). Writes to memory only: no call here blocks. For one thread.
final class FragmentedMP4Muxer {
    struct VideoParameters {
        var width: Int
        var height: Int
        var framesPerSecond: Double
        /// SPS and PPS as an Annex B byte stream.
        var parameterSets: [UInt8]
    }

    private var context: UnsafeMutablePointer<AVFormatContext>?
    private var io: UnsafeMutablePointer<AVIOContext>?
    private let packet: UnsafeMutablePointer<AVPacket>
    /// What libavformat wrote since the last `take()`. Bounded by one fragment.
    fileprivate var written: [UInt8] = []
    /// Bytes of the file so far.
    private var position = 0
    private var pending: [Int32: (unit: AccessUnit, pts90k: Int64)] = [:]
    private let hasAudio: Bool
    /// Whether any sound was added yet.
    private var hasSound = false

    private static let videoIndex: Int32 = 0
    private static let audioIndex: Int32 = 1
    private static let ioBufferSize: Int32 = 64 << 10
    /// 20 ms of Opus silence, mono (RFC 6716: configuration 31, code 0, an empty CELT frame).
    private static let silence = AccessUnit(
        codec: .opus, bytes: SharedBytes([0xf8, 0xff, 0xfe]), pts90k: 0, duration90k: 1800, isKeyFrame: true,
        captured: ContinuousClock.now)
    private static let cure = "The next clip starts anew; if this repeats, report it with the log."

    /// `ftyp` and `moov`.
    private(set) var initializationSegment: [UInt8] = []

    init(video: VideoParameters, hasAudio: Bool) throws(MediaError) {
        _ = AVLibrary.silenced
        self.hasAudio = hasAudio
        guard let packet = av_packet_alloc() else { throw AVLibrary.outOfMemory("begin a clip") }
        self.packet = packet
        do throws(MediaError) {
            try open(video: video)
        } catch {
            release()
            throw error
        }
    }

    deinit {
        release()
        var packet: UnsafeMutablePointer<AVPacket>? = packet
        av_packet_free(&packet)
    }

    private func release() {
        avformat_free_context(context)
        context = nil
        if let io {
            // libavformat may have replaced the buffer we gave it: free the one it has now.
            av_free(io.pointee.buffer)
            avio_context_free(&self.io)
        }
    }

    private func open(video: VideoParameters) throws(MediaError) {
        let operation = "begin a clip"
        var code = avformat_alloc_output_context2(&context, nil, "mp4", nil)
        guard code >= 0, let context else { throw AVLibrary.error(operation, code, cure: Self.cure) }
        guard let buffer = av_malloc(Int(Self.ioBufferSize)) else { throw AVLibrary.outOfMemory(operation) }
        io = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), Self.ioBufferSize, 1, Unmanaged.passUnretained(self).toOpaque(), nil,
            { opaque, bytes, count in
                guard let opaque, let bytes, count > 0 else { return count }
                // The muxer owns this I/O context and frees it in deinit, so `opaque` is alive whenever libavformat calls.
                let muxer = Unmanaged<FragmentedMP4Muxer>.fromOpaque(opaque).takeUnretainedValue()
                muxer.written.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: Int(count)))
                return count
            }, nil)
        guard let io else {
            av_free(buffer)
            throw AVLibrary.outOfMemory(operation)
        }
        context.pointee.pb = io
        context.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
        context.pointee.strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL
        try addVideo(video, to: context)
        if hasAudio { try addAudio(to: context) }
        // frag_discont: a track may begin later than 0, which `tfdt` then says. skip_trailer: the file is whole after every fragment.
        av_opt_set(context.pointee.priv_data, "movflags", "empty_moov+default_base_moof+frag_custom+frag_discont+skip_trailer", 0)
        av_opt_set_int(context.pointee.priv_data, "video_track_timescale", MediaTime.ticksPerSecond, 0)
        code = avformat_write_header(context, nil)
        guard code >= 0 else { throw AVLibrary.error(operation, code, cure: Self.cure) }
        initializationSegment = take()
    }

    private func addVideo(_ video: VideoParameters, to context: UnsafeMutablePointer<AVFormatContext>) throws(MediaError) {
        guard let stream = avformat_new_stream(context, nil), let parameters = stream.pointee.codecpar else {
            throw AVLibrary.outOfMemory("begin a clip")
        }
        parameters.pointee.codec_type = AVMEDIA_TYPE_VIDEO
        parameters.pointee.codec_id = AV_CODEC_ID_H264
        parameters.pointee.width = Int32(clamping: video.width)
        parameters.pointee.height = Int32(clamping: video.height)
        parameters.pointee.format = AV_PIX_FMT_YUV420P.rawValue
        try Self.setExtradata(video.parameterSets, of: parameters)
        stream.pointee.time_base = AVRational(num: 1, den: Int32(MediaTime.ticksPerSecond))
        stream.pointee.avg_frame_rate = AVRational(num: Int32(clamping: Int(video.framesPerSecond * 1000)), den: 1000)
    }

    private func addAudio(to context: UnsafeMutablePointer<AVFormatContext>) throws(MediaError) {
        guard let stream = avformat_new_stream(context, nil), let parameters = stream.pointee.codecpar else {
            throw AVLibrary.outOfMemory("begin a clip")
        }
        parameters.pointee.codec_type = AVMEDIA_TYPE_AUDIO
        parameters.pointee.codec_id = AV_CODEC_ID_OPUS
        parameters.pointee.sample_rate = Int32(AudioDecoder.sampleRate)
        parameters.pointee.frame_size = Int32(OpusEncoder.frameSize)
        av_channel_layout_default(&parameters.pointee.ch_layout, 1)
        // OpusHead (RFC 7845, section 5.1): version 1, one channel, pre-skip, 48 kHz, no gain, mapping family 0.
        let skip = OpusEncoder.preSkip
        let head: [UInt8] =
            Array("OpusHead".utf8) + [1, 1, UInt8(skip & 0xff), UInt8(skip >> 8), 0x80, 0xbb, 0, 0, 0, 0, 0]
        try Self.setExtradata(head, of: parameters)
        stream.pointee.time_base = AVRational(num: 1, den: Int32(AudioDecoder.sampleRate))
    }

    private static func setExtradata(
        _ bytes: [UInt8], of parameters: UnsafeMutablePointer<AVCodecParameters>
    ) throws(MediaError) {
        guard let memory = av_mallocz(bytes.count + Int(AV_INPUT_BUFFER_PADDING_SIZE)) else {
            throw AVLibrary.outOfMemory("begin a clip")
        }
        memory.copyMemory(from: bytes, byteCount: bytes.count)
        parameters.pointee.extradata = memory.assumingMemoryBound(to: UInt8.self)
        parameters.pointee.extradata_size = Int32(clamping: bytes.count)
    }

    /// Adds `unit`, whose media time in this file is `pts90k` (0 for the first picture). What lies before 0, or not after its predecessor, is left out.
    func append(_ unit: AccessUnit, pts90k: Int64) throws(MediaError) {
        let index = unit.codec.isVideo ? Self.videoIndex : Self.audioIndex
        guard pts90k >= 0, unit.codec.isVideo || hasAudio else { return }
        if index == Self.audioIndex, !hasSound {
            hasSound = true
            // libavformat stretches a track's first sample back to the file's start: let that be silence, not the first sound.
            if pts90k > 0 { try write((Self.silence, 0), duration90k: pts90k, index: index) }
        }
        if let previous = pending[index] {
            guard pts90k > previous.pts90k else { return }
            try write(previous, duration90k: pts90k - previous.pts90k, index: index)
        }
        pending[index] = (unit, pts90k)
    }

    /// Ends the fragment before the picture at `pts90k`: the bytes of `moof` and `mdat`, empty if there was nothing.
    func cut(at pts90k: Int64) throws(MediaError) -> [UInt8] {
        if let last = pending.removeValue(forKey: Self.videoIndex) {
            try write(last, duration90k: max(1, pts90k - last.pts90k), index: Self.videoIndex)
        }
        return try flush()
    }

    /// Ends the last fragment.
    func finish() throws(MediaError) -> [UInt8] {
        for (index, last) in pending.sorted(by: { $0.key < $1.key }) {
            try write(last, duration90k: max(1, last.unit.duration90k), index: index)
        }
        pending = [:]
        return try flush()
    }

    private func write(_ entry: (unit: AccessUnit, pts90k: Int64), duration90k: Int64, index: Int32) throws(MediaError) {
        guard let context, let stream = context.pointee.streams?[Int(index)] else { return }
        let operation = "write a clip"
        guard let count = Int32(exactly: entry.unit.bytes.count), av_new_packet(packet, count) >= 0 else {
            throw AVLibrary.outOfMemory(operation)
        }
        defer { av_packet_unref(packet) }
        entry.unit.bytes.withUnsafeBytes { source in
            if let target = packet.pointee.data, let base = source.baseAddress {
                UnsafeMutableRawPointer(target).copyMemory(from: base, byteCount: source.count)
            }
        }
        let source = AVRational(num: 1, den: Int32(MediaTime.ticksPerSecond))
        packet.pointee.stream_index = index
        packet.pointee.pts = av_rescale_q(entry.pts90k, source, stream.pointee.time_base)
        packet.pointee.dts = packet.pointee.pts
        packet.pointee.duration =
            av_rescale_q(entry.pts90k + duration90k, source, stream.pointee.time_base) - packet.pointee.pts
        if entry.unit.isKeyFrame { packet.pointee.flags |= AV_PKT_FLAG_KEY }
        let code = av_write_frame(context, packet)
        guard code >= 0 else { throw AVLibrary.error(operation, code, cure: Self.cure) }
    }

    private func flush() throws(MediaError) -> [UInt8] {
        let code = av_write_frame(context, nil)
        guard code >= 0 else { throw AVLibrary.error("write a clip", code, cure: Self.cure) }
        return take()
    }

    private func take() -> [UInt8] {
        avio_flush(io)
        let padding = written.isEmpty ? 0 : MovieFragmentPadding.count(before: written, at: position)
        defer {
            position += padding + written.count
            written = []
        }
        return padding == 0 ? written : MovieFragmentPadding.box(padding) + written
    }
}
