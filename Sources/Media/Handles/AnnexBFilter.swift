import CAV

/// Turns length-prefixed H.264 (avcC) into an Annex B byte stream (libavcodec's `h264_mp4toannexb`). For one thread.
final class AnnexBFilter {
    private var context: UnsafeMutablePointer<AVBSFContext>?

    init(parameters: UnsafeMutablePointer<AVCodecParameters>) throws(MediaError) {
        let operation = "prepare H.264 for passing through"
        let cure = "This needs libavcodec's h264_mp4toannexb filter; install Debian's libavcodec."
        guard let filter = av_bsf_get_by_name("h264_mp4toannexb") else {
            throw MediaError(operation: operation, text: "the filter is missing", cure: cure)
        }
        var code = av_bsf_alloc(filter, &context)
        guard code >= 0, let context else { throw AVLibrary.error(operation, code, cure: cure) }
        code = avcodec_parameters_copy(context.pointee.par_in, parameters)
        if code >= 0 { code = av_bsf_init(context) }
        guard code >= 0 else {
            av_bsf_free(&self.context)
            throw AVLibrary.error(operation, code, cure: cure)
        }
    }

    deinit {
        av_bsf_free(&context)
    }

    /// The packet's bytes as Annex B; empty if the filter makes nothing of it. `packet` is empty afterwards.
    func filter(_ packet: Packet) throws(MediaError) -> [UInt8] {
        guard let context else { return [] }
        var code = packet.withPointer { av_bsf_send_packet(context, $0) }
        let result = try Packet()
        if code >= 0 { code = result.withPointer { av_bsf_receive_packet(context, $0) } }
        if code == AVLibrary.again || code == AVLibrary.end { return [] }
        guard code >= 0 else {
            throw AVLibrary.error("pass H.264 through", code, cure: "The file may be damaged; try ffprobe on it.")
        }
        return result.bytes
    }
}
