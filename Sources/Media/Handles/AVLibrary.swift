import CAV

/// What all users of FFmpeg's libraries share: their error texts, and silence on stderr.
enum AVLibrary {
    /// FFmpeg's own log goes to stderr by a variadic callback Swift cannot provide; our errors carry its texts instead, so it is
    /// switched off once for the process.
    static let silenced: Void = av_log_set_level(AV_LOG_QUIET)

    /// The library's text for an AVERROR code.
    static func text(_ code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        guard av_strerror(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        let end = buffer.firstIndex(of: 0) ?? buffer.endIndex
        return String(decoding: buffer[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func error(_ operation: String, _ code: Int32, cure: String) -> MediaError {
        MediaError(operation: operation, code: code, text: text(code), cure: cure)
    }

    static func outOfMemory(_ operation: String) -> MediaError {
        MediaError(
            operation: operation, code: meshcam_averror(ENOMEM), text: "no memory",
            cure: "Free some memory or choose a smaller picture.")
    }

    static let again = meshcam_averror(EAGAIN)
    static let end = meshcam_averror_eof()
}
