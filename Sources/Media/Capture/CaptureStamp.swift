import Glibc

/// The moment at which a picture was taken, burnt into it so that whoever sees the picture can say how old it is: 64 blocks, dark for 0 and
/// bright for 1, highest bit first: a marker byte, 48 bits of milliseconds since 1970, and the exclusive or of their six bytes.
public struct CaptureStamp: Sendable, Hashable {
    /// Width and height of a block in pixels: H.264 does not smear it at any rate worth watching.
    public static let block = 16
    /// Blocks begin so far from the left and the top, in pixels.
    public static let margin = 8
    static let blocks = 64
    static let marker: UInt64 = 0xA5
    /// Blocks beyond a picture's width go on below.
    public static func columns(width: Int) -> Int { max(1, min(blocks, (width - margin) / block)) }
    /// What is to be read: the top of the picture.
    public static func rows(width: Int) -> Int { (blocks + columns(width: width) - 1) / columns(width: width) }

    /// Since 1970.
    public let milliseconds: UInt64

    public init(milliseconds: UInt64) { self.milliseconds = milliseconds & (1 << 48 - 1) }

    /// Now, by the wall clock, which page and camera on one machine share.
    public static func now() -> CaptureStamp {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return CaptureStamp(milliseconds: UInt64(now.tv_sec) * 1000 + UInt64(now.tv_nsec) / 1_000_000)
    }

    var word: UInt64 { Self.marker << 56 | milliseconds << 8 | Self.check(milliseconds) }

    private static func check(_ milliseconds: UInt64) -> UInt64 { (0..<6).reduce(0) { $0 ^ (milliseconds >> ($1 * 8)) & 0xFF } }

    /// Burns it in; luma 16…235. A picture that is too low for it keeps what fits.
    func draw(into canvas: YUVCanvas) {
        let columns = Self.columns(width: canvas.width)
        for index in 0..<Self.blocks {
            let (row, column) = index.quotientAndRemainder(dividingBy: columns)
            let (x, y) = (Self.margin + column * Self.block, Self.margin + row * Self.block)
            guard y + Self.block <= canvas.height, x + Self.block <= canvas.width else { return }
            let value: UInt8 = word >> (63 - index) & 1 == 1 ? 235 : 16
            for line in y..<y + Self.block { (canvas.y + line * canvas.lumaStride + x).update(repeating: value, count: Self.block) }
        }
    }

    /// Reads one from a picture's top left corner.
    ///
    /// - Parameters:
    ///   - luma: 8 bit for each pixel, row by row.
    ///   - width: of a row in pixels; also what the picture's width was.
    /// - Returns: nil where none can be read: covered, or caught in the middle of a change.
    public init?(luma: borrowing Span<UInt8>, width: Int) {
        let columns = Self.columns(width: width)
        var word: UInt64 = 0
        for index in 0..<Self.blocks {
            let (row, column) = index.quotientAndRemainder(dividingBy: columns)
            let at = (Self.margin + row * Self.block + Self.block / 2) * width + Self.margin + column * Self.block + Self.block / 2
            guard at < luma.count else { return nil }
            word = word << 1 | (luma[at] > 128 ? 1 : 0)
        }
        let milliseconds = word >> 8 & (1 << 48 - 1)
        guard word >> 56 == Self.marker, word & 0xFF == Self.check(milliseconds) else { return nil }
        self.milliseconds = milliseconds
    }
}
