import CAV

/// One decoded picture: 8 bit YUV 4:2:0, planar, even size. Shared by reference between encoder, detector and stills.
final class Picture: @unchecked Sendable {
    // Invariant behind @unchecked: the frame is filled before init returns and nobody writes to it, or to its planes, afterwards.
    private let frame: UnsafeMutablePointer<AVFrame>
    private let luma: UnsafePointer<UInt8>

    let width: Int
    let height: Int
    /// When it was captured, on the boot clock.
    let captured: ContinuousClock.Instant
    /// Nominal duration in 1/90000 s.
    let duration90k: Int64

    /// Takes over `frame`, which must be YUV420P or YUVJ420P of even size with its planes in place.
    fileprivate init(owning frame: UnsafeMutablePointer<AVFrame>, captured: ContinuousClock.Instant, duration90k: Int64) {
        guard let luma = frame.pointee.data.0 else { preconditionFailure("a picture without luma: \(frame.pointee.format)") }
        self.frame = frame
        self.luma = UnsafePointer(luma)
        width = Int(frame.pointee.width)
        height = Int(frame.pointee.height)
        self.captured = captured
        self.duration90k = duration90k
    }

    deinit {
        var frame: UnsafeMutablePointer<AVFrame>? = frame
        av_frame_free(&frame)
    }

    /// The same pixels at another time.
    func retimed(captured: ContinuousClock.Instant, duration90k: Int64) throws(MediaError) -> Picture {
        guard let copy = av_frame_clone(frame) else { throw AVLibrary.outOfMemory("keep a picture") }
        return Picture(owning: copy, captured: captured, duration90k: duration90k)
    }

    /// The same moment, smaller or larger. Its own picture when the size is the same.
    func scaled(width: Int, height: Int, by scaler: Scaler) throws(MediaError) -> Picture {
        if width == self.width, height == self.height { return self }
        let copy = try withFrame { (frame) throws(MediaError) in try scaler.convert(frame, width: width, height: height, fullRange: false) }
        return Picture(owning: copy, captured: captured, duration90k: duration90k)
    }

    /// Lends the luma plane.
    func withLuma<Result>(_ body: (LumaPlane) -> Result) -> Result {
        withExtendedLifetime(self) {
            body(LumaPlane(base: luma, width: width, height: height, stride: Int(frame.pointee.linesize.0)))
        }
    }

    /// Lends the frame to other handles, for reading only.
    func withFrame<Result, Failure: Error>(
        _ body: (UnsafeMutablePointer<AVFrame>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(frame)
    }

    /// Makes a picture of a decoder's frame; takes its references over. Converts what is not 4:2:0 of even size, by `scaler`.
    static func adopting(
        _ source: UnsafeMutablePointer<AVFrame>, scaler: Scaler, size: (width: Int, height: Int)? = nil,
        captured: ContinuousClock.Instant, duration90k: Int64
    ) throws(MediaError) -> Picture {
        guard var owned = av_frame_alloc() else { throw AVLibrary.outOfMemory("keep a picture") }
        av_frame_move_ref(owned, source)
        let width = size?.width ?? (Int(owned.pointee.width) & ~1)
        let height = size?.height ?? (Int(owned.pointee.height) & ~1)
        let planar = owned.pointee.format == AV_PIX_FMT_YUV420P.rawValue || owned.pointee.format == AV_PIX_FMT_YUVJ420P.rawValue
        if !planar || Int(owned.pointee.width) != width || Int(owned.pointee.height) != height {
            defer {
                var source: UnsafeMutablePointer<AVFrame>? = owned
                av_frame_free(&source)
            }
            owned = try scaler.convert(owned, width: width, height: height, fullRange: false)
        }
        return Picture(owning: owned, captured: captured, duration90k: duration90k)
    }
}

/// Gives out pictures to draw on and takes their memory back when the last reader is done. Bounded by who holds pictures.
final class PicturePool {
    let width: Int
    let height: Int
    private let pool: OpaquePointer
    private let lumaStride: Int
    private let chromaStride: Int

    /// - Parameters: width and height in pixels, even.
    init(width: Int, height: Int) throws(MediaError) {
        self.width = width
        self.height = height
        lumaStride = (width + 63) & ~63
        chromaStride = (width / 2 + 63) & ~63
        guard let pool = av_buffer_pool_init(lumaStride * height + 2 * chromaStride * (height / 2) + 64, nil) else {
            throw AVLibrary.outOfMemory("prepare pictures")
        }
        self.pool = pool
    }

    deinit {
        // Buffers still in use stay valid; the pool frees itself after the last of them.
        var pool: OpaquePointer? = pool
        av_buffer_pool_uninit(&pool)
    }

    /// A picture of undefined content handed to `draw`, then closed for writing. Tagged BT.601, limited range.
    func picture(
        captured: ContinuousClock.Instant, duration90k: Int64, draw: (YUVCanvas) -> Void
    ) throws(MediaError) -> Picture {
        guard let frame = av_frame_alloc() else { throw AVLibrary.outOfMemory("draw a picture") }
        guard let buffer = av_buffer_pool_get(pool), let base = buffer.pointee.data else {
            var frame: UnsafeMutablePointer<AVFrame>? = frame
            av_frame_free(&frame)
            throw AVLibrary.outOfMemory("draw a picture")
        }
        let u = base + lumaStride * height
        let v = u + chromaStride * (height / 2)
        frame.pointee.buf.0 = buffer
        frame.pointee.data.0 = base
        frame.pointee.data.1 = u
        frame.pointee.data.2 = v
        frame.pointee.linesize.0 = Int32(lumaStride)
        frame.pointee.linesize.1 = Int32(chromaStride)
        frame.pointee.linesize.2 = Int32(chromaStride)
        frame.pointee.width = Int32(width)
        frame.pointee.height = Int32(height)
        frame.pointee.format = AV_PIX_FMT_YUV420P.rawValue
        frame.pointee.color_range = AVCOL_RANGE_MPEG
        frame.pointee.colorspace = AVCOL_SPC_SMPTE170M
        draw(YUVCanvas(y: base, u: u, v: v, lumaStride: lumaStride, chromaStride: chromaStride, width: width, height: height))
        return Picture(owning: frame, captured: captured, duration90k: duration90k)
    }

    /// A picture whose planes are copied from raw 4:2:0 or 4:2:2 bytes of a capture device; nil if there are too few bytes.
    func picture(
        raw bytes: UnsafeRawBufferPointer, layout: RawLayout, bytesPerLine: Int,
        captured: ContinuousClock.Instant, duration90k: Int64
    ) throws(MediaError) -> Picture? {
        guard bytes.count >= layout.byteCount(bytesPerLine: bytesPerLine, height: height),
            bytesPerLine >= layout.minimumBytesPerLine(width: width)
        else { return nil }
        return try picture(captured: captured, duration90k: duration90k) { canvas in
            layout.copy(bytes, bytesPerLine: bytesPerLine, to: canvas)
        }
    }
}
