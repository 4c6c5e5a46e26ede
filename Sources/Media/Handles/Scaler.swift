import CAV

/// Scales and converts pictures (libswscale). Keeps the tables of its last conversion. For one thread.
final class Scaler {
    private var context: OpaquePointer?

    init() {}

    deinit {
        sws_freeContext(context)
    }

    /// A new frame of `source` as YUV 4:2:0 in the given size (even), full range (JPEG) or limited.
    func convert(
        _ source: UnsafeMutablePointer<AVFrame>, width: Int, height: Int, fullRange: Bool
    ) throws(MediaError) -> UnsafeMutablePointer<AVFrame> {
        _ = AVLibrary.silenced
        let operation = "convert a picture"
        let cure = "Choose another format or size for this camera."
        // The J formats are how libswscale is told of full range before its tables are made.
        let target = fullRange ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P
        var format = AVPixelFormat(rawValue: source.pointee.format)
        if format == AV_PIX_FMT_YUV420P, source.pointee.color_range == AVCOL_RANGE_JPEG { format = AV_PIX_FMT_YUVJ420P }
        context = sws_getCachedContext(
            context, source.pointee.width, source.pointee.height, format, Int32(width), Int32(height), target,
            Int32(SWS_FAST_BILINEAR), nil, nil, nil)
        guard let context else {
            throw MediaError(operation: operation, text: "the pixel format cannot be converted", cure: cure)
        }
        guard let result = av_frame_alloc() else { throw AVLibrary.outOfMemory(operation) }
        result.pointee.width = Int32(width)
        result.pointee.height = Int32(height)
        result.pointee.format = target.rawValue
        var code = av_frame_get_buffer(result, 0)
        if code >= 0 { code = sws_scale_frame(context, result, source) }
        guard code >= 0 else {
            var result: UnsafeMutablePointer<AVFrame>? = result
            av_frame_free(&result)
            throw AVLibrary.error(operation, code, cure: cure)
        }
        result.pointee.color_range = fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
        result.pointee.colorspace = source.pointee.colorspace
        return result
    }
}
