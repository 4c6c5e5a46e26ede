/// How a capture device lays out raw pixels, and how they become planes.
enum RawLayout: Sendable, Hashable {
    /// Packed Y U Y V, 4:2:2.
    case yuyv
    /// A luma plane, then U and V interleaved at quarter size.
    case nv12
    /// Three planes: Y, U, V.
    case yuv420

    /// The least a row of luma (or packed pixels) can take.
    func minimumBytesPerLine(width: Int) -> Int {
        self == .yuyv ? width * 2 : width
    }

    /// Bytes of a whole picture.
    func byteCount(bytesPerLine: Int, height: Int) -> Int {
        switch self {
        case .yuyv: bytesPerLine * height
        case .nv12, .yuv420: bytesPerLine * height + bytesPerLine / 2 * (height / 2) * 2
        }
    }

    /// Copies `bytes` (at least `byteCount`) into `canvas`. 4:2:2 becomes 4:2:0 by averaging two rows of chroma.
    func copy(_ bytes: UnsafeRawBufferPointer, bytesPerLine: Int, to canvas: YUVCanvas) {
        guard bytes.count >= byteCount(bytesPerLine: bytesPerLine, height: canvas.height),
            bytesPerLine >= minimumBytesPerLine(width: canvas.width),
            let source = bytes.bindMemory(to: UInt8.self).baseAddress
        else { return }
        switch self {
        case .yuyv: copyPacked(source, bytesPerLine: bytesPerLine, to: canvas)
        case .nv12:
            copyLuma(source, bytesPerLine: bytesPerLine, to: canvas)
            let chroma = source + bytesPerLine * canvas.height
            for row in 0..<canvas.height / 2 {
                let from = chroma + row * bytesPerLine
                let u = canvas.u + row * canvas.chromaStride
                let v = canvas.v + row * canvas.chromaStride
                for x in 0..<canvas.width / 2 {
                    u[x] = from[2 * x]
                    v[x] = from[2 * x + 1]
                }
            }
        case .yuv420:
            copyLuma(source, bytesPerLine: bytesPerLine, to: canvas)
            let u = source + bytesPerLine * canvas.height
            let v = u + bytesPerLine / 2 * (canvas.height / 2)
            for row in 0..<canvas.height / 2 {
                (canvas.u + row * canvas.chromaStride).update(from: u + row * (bytesPerLine / 2), count: canvas.width / 2)
                (canvas.v + row * canvas.chromaStride).update(from: v + row * (bytesPerLine / 2), count: canvas.width / 2)
            }
        }
    }

    private func copyLuma(_ source: UnsafePointer<UInt8>, bytesPerLine: Int, to canvas: YUVCanvas) {
        for row in 0..<canvas.height {
            (canvas.y + row * canvas.lumaStride).update(from: source + row * bytesPerLine, count: canvas.width)
        }
    }

    private func copyPacked(_ source: UnsafePointer<UInt8>, bytesPerLine: Int, to canvas: YUVCanvas) {
        for row in 0..<canvas.height / 2 {
            let upper = source + 2 * row * bytesPerLine
            let lower = upper + bytesPerLine
            let upperLuma = canvas.y + 2 * row * canvas.lumaStride
            let lowerLuma = upperLuma + canvas.lumaStride
            let u = canvas.u + row * canvas.chromaStride
            let v = canvas.v + row * canvas.chromaStride
            for x in 0..<canvas.width / 2 {
                upperLuma[2 * x] = upper[4 * x]
                upperLuma[2 * x + 1] = upper[4 * x + 2]
                lowerLuma[2 * x] = lower[4 * x]
                lowerLuma[2 * x + 1] = lower[4 * x + 2]
                u[x] = UInt8((UInt16(upper[4 * x + 1]) + UInt16(lower[4 * x + 1]) + 1) / 2)
                v[x] = UInt8((UInt16(upper[4 * x + 3]) + UInt16(lower[4 * x + 3]) + 1) / 2)
            }
        }
    }
}
