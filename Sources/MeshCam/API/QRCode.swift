import CQREncode

/// A QR code (ISO/IEC 18004), made by libqrencode: bytes in the smallest version that holds them, error correction level L, because what
/// it shows is on a screen and carries a checksum of its own.
struct QRCode: Sendable {
    /// Modules on each side, without the margin.
    let width: Int
    /// Row by row; true is dark.
    private let modules: [Bool]
    /// Light modules that a reader needs around the code (§9.1 of the standard).
    private static let margin = 4

    /// `nil` for nothing, and for more than a code holds (2953 bytes).
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, let code = QRcode_encodeData(Int32(clamping: bytes.count), bytes, 0, QR_ECLEVEL_L) else { return nil }
        defer { QRcode_free(code) }
        width = Int(code.pointee.width)
        // The lowest bit is the colour, the others are the library's own.
        modules = UnsafeBufferPointer(start: code.pointee.data, count: width * width).map { $0 & 1 == 1 }
    }

    private func isDark(_ x: Int, _ y: Int) -> Bool {
        (0..<width).contains(x) && (0..<width).contains(y) && modules[y * width + x]
    }

    /// Black on white whatever the page's colours, with its margin; one unit a module.
    var svg: String {
        var path = ""
        for y in 0..<width {
            var x = 0
            while x < width {
                let start = x
                while isDark(x, y) { x += 1 }
                if x > start { path += "M\(start + Self.margin) \(y + Self.margin)h\(x - start)v1h-\(x - start)z" } else { x += 1 }
            }
        }
        let side = width + 2 * Self.margin
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(side) \(side)\" shape-rendering=\"crispEdges\">"
            + "<path fill=\"#fff\" d=\"M0 0h\(side)v\(side)h-\(side)z\"/><path fill=\"#000\" d=\"\(path)\"/></svg>"
    }

    /// For a terminal: two modules in each character, black on white by escape sequences, so that the terminal's own colours do not matter.
    var terminalText: String {
        let range = -Self.margin..<width + Self.margin
        return stride(from: range.lowerBound, to: range.upperBound, by: 2).map { y in
            let row = range.map { x -> Character in
                switch (isDark(x, y), isDark(x, y + 1)) {
                case (false, false): " "
                case (true, false): "▀"
                case (false, true): "▄"
                case (true, true): "█"
                }
            }
            return "\u{1b}[30;107m\(String(row))\u{1b}[0m"
        }.joined(separator: "\n")
    }
}
