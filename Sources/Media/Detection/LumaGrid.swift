/// A picture's brightness averaged over square cells, about 160 of them side by side: small enough to look at every cell of every picture,
/// large enough that sensor noise averages out (a cell of 12x12 pixels at 1080p divides it by 12).
struct LumaGrid: Sendable {
    let columns: Int
    let rows: Int
    /// Pixels per side of a cell.
    let cell: Int
    /// Mean brightness 0…255 per cell, row by row.
    private(set) var values: [Float]
    private var sums: [UInt16]

    /// The grid for pictures of this size. Pixels at the right and lower edge that fill no whole cell are not looked at.
    init(width: Int, height: Int) {
        // Up to 16 rows of 255 fit 16 bits sixteen times over; the largest cell is 48 pixels at 7680.
        cell = max(1, Int((Double(width) / 160).rounded()))
        columns = max(1, width / cell)
        rows = max(1, height / cell)
        values = [Float](repeating: 0, count: columns * rows)
        sums = [UInt16](repeating: 0, count: columns * cell)
    }

    /// Whether `plane` has the size this grid was made for.
    func fits(_ plane: LumaPlane) -> Bool {
        plane.width >= columns * cell && plane.height >= rows * cell && plane.width < (columns + 1) * cell
            && plane.height < (rows + 1) * cell
    }

    /// Averages `plane`, which must fit.
    mutating func fill(from plane: LumaPlane) {
        precondition(fits(plane), "a plane of \(plane.width)x\(plane.height) for a grid of \(columns)x\(rows) cells of \(cell)")
        let (columns, rows, cell) = (columns, rows, cell)
        // Large cells lose nothing by every second line: the noise of a mean of 72 pixels is below a tenth of a level.
        let lineStep = cell >= 8 ? 2 : 1
        let scale = 1 / Float(cell * ((cell + lineStep - 1) / lineStep))
        values.withUnsafeMutableBufferPointer { values in
            sums.withUnsafeMutableBufferPointer { sums in
                for row in 0..<rows {
                    // Down first: plain loops over bytes in a row, which the compiler turns into vector additions.
                    for x in 0..<sums.count { sums[x] = 0 }
                    for line in stride(from: 0, to: cell, by: lineStep) {
                        let bytes = plane.base + (row * cell + line) * plane.stride
                        for x in 0..<sums.count { sums[x] &+= UInt16(truncatingIfNeeded: bytes[x]) }
                    }
                    for column in 0..<columns {
                        var sum: UInt32 = 0
                        for x in column * cell..<(column + 1) * cell { sum &+= UInt32(sums[x]) }
                        values[row * columns + column] = Float(sum) * scale
                    }
                }
            }
        }
    }
}
