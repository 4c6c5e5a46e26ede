import CAV
import Glibc

/// Reads packets from a file (libavformat). For one thread.
final class Demuxer {
    /// What a stream is, in the terms this room needs.
    struct Stream {
        let index: Int
        /// Seconds per tick of the packets' times.
        let secondsPerTick: Double
        let codecName: String
    }

    struct VideoStream {
        let stream: Stream
        let width: Int
        let height: Int
        let framesPerSecond: Double
        var isH264: Bool { stream.codecName == "h264" }
    }

    let path: String
    let video: VideoStream
    let audio: Stream?
    private let context: UnsafeMutablePointer<AVFormatContext>

    /// Opens `path`, a file on this machine; other protocols are refused.
    init(path: String) throws(MediaError) {
        _ = AVLibrary.silenced
        self.path = path
        let operation = "open the file \(path)"
        var options: OpaquePointer?
        av_dict_set(&options, "protocol_whitelist", "file", 0)
        defer { av_dict_free(&options) }
        var context: UnsafeMutablePointer<AVFormatContext>?
        var code = avformat_open_input(&context, "file:\(path)", nil, &options)
        guard code >= 0, let context else { throw Self.openError(operation, code, path: path) }
        code = avformat_find_stream_info(context, nil)
        let index = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, nil, 0)
        guard code >= 0, index >= 0, let stream = Self.stream(context, Int(index)),
            let parameters = stream.pointee.codecpar, parameters.pointee.width >= 16, parameters.pointee.height >= 16
        else {
            var context: UnsafeMutablePointer<AVFormatContext>? = context
            avformat_close_input(&context)
            throw MediaError(
                operation: operation, code: code, text: "it holds no video",
                cure: "Give a file with a video track, or set camera.source = \"synthetic\".")
        }
        let rate = av_guess_frame_rate(context, stream, nil)
        let framesPerSecond = rate.num > 0 && rate.den > 0 ? Double(rate.num) / Double(rate.den) : 25
        self.context = context
        video = VideoStream(
            stream: Self.describe(stream), width: Int(parameters.pointee.width), height: Int(parameters.pointee.height),
            framesPerSecond: min(max(framesPerSecond, 0.1), 240))
        let audioIndex = av_find_best_stream(context, AVMEDIA_TYPE_AUDIO, -1, index, nil, 0)
        audio = audioIndex >= 0 ? Self.stream(context, Int(audioIndex)).map(Self.describe) : nil
    }

    deinit {
        var context: UnsafeMutablePointer<AVFormatContext>? = context
        avformat_close_input(&context)
    }

    /// The file's start time in seconds; packets' times count from there.
    var startSeconds: Double {
        context.pointee.start_time == meshcam_nopts() ? 0 : Double(context.pointee.start_time) / Double(AV_TIME_BASE)
    }

    /// The next packet of the video or audio stream; nil at the end of the file. A damaged packet is skipped by libavformat.
    func next() throws(MediaError) -> Packet? {
        while true {
            let packet = try Packet()
            let code = packet.withPointer { av_read_frame(context, $0) }
            if code == AVLibrary.end { return nil }
            guard code >= 0 else {
                throw AVLibrary.error("read the file \(path)", code, cure: "Check the disk and whether the file is complete.")
            }
            if packet.streamIndex == video.stream.index || packet.streamIndex == audio?.index { return packet }
        }
    }

    func makeVideoDecoder() throws(MediaError) -> VideoDecoder {
        guard let parameters = Self.stream(context, video.stream.index)?.pointee.codecpar else {
            preconditionFailure("the video stream \(video.stream.index) vanished")
        }
        return try VideoDecoder(parameters: parameters, path: path)
    }

    func makeAudioDecoder() throws(MediaError) -> AudioDecoder? {
        guard let audio, let parameters = Self.stream(context, audio.index)?.pointee.codecpar else { return nil }
        return try AudioDecoder(parameters: parameters)
    }

    /// Turns the file's H.264 into an Annex B byte stream.
    func makeAnnexBFilter() throws(MediaError) -> AnnexBFilter {
        guard let parameters = Self.stream(context, video.stream.index)?.pointee.codecpar else {
            preconditionFailure("the video stream \(video.stream.index) vanished")
        }
        return try AnnexBFilter(parameters: parameters)
    }

    private static func stream(
        _ context: UnsafeMutablePointer<AVFormatContext>, _ index: Int
    ) -> UnsafeMutablePointer<AVStream>? {
        guard index >= 0, index < Int(context.pointee.nb_streams) else { return nil }
        return context.pointee.streams?[index]
    }

    private static func describe(_ stream: UnsafeMutablePointer<AVStream>) -> Stream {
        let base = stream.pointee.time_base
        let name = avcodec_get_name(stream.pointee.codecpar?.pointee.codec_id ?? AV_CODEC_ID_NONE)
        return Stream(
            index: Int(stream.pointee.index), secondsPerTick: Double(base.num) / Double(max(1, base.den)),
            codecName: name.map { String(cString: $0) } ?? "")
    }

    private static func openError(_ operation: String, _ code: Int32, path: String) -> MediaError {
        switch code {
        case meshcam_averror(ENOENT):
            AVLibrary.error(operation, code, cure: "Check the path in camera.source; it is read as given, from \(currentDirectory).")
        case meshcam_averror(EACCES):
            AVLibrary.error(operation, code, cure: "Let the user who runs meshcam read the file: chmod a+r \"\(path)\".")
        case meshcam_averror(EISDIR):
            MediaError(operation: operation, code: code, text: "it is a directory", cure: "Name a video file in camera.source.")
        default:
            MediaError(
                operation: operation, code: code, text: "it is no video file that libavformat reads (\(AVLibrary.text(code)))",
                cure: "Try ffprobe on it; give another file, or set camera.source = \"synthetic\".")
        }
    }

    private static var currentDirectory: String {
        guard let name = getcwd(nil, 0) else { return "the current directory" }
        defer { free(name) }
        return String(cString: name)
    }
}
