/// Connected groups of foreground cells.
struct Blobs: Sendable {
    struct Blob: Sendable, Hashable {
        var cells = 0
        var minimumColumn = Int.max
        var maximumColumn = 0
        var minimumRow = Int.max
        var maximumRow = 0
    }

    private var visited: [Bool] = []
    private var stack: [Int] = []

    /// The groups (cells that touch, corners included) of at least `minimumCells`.
    mutating func find(in mask: [Bool], columns: Int, rows: Int, minimumCells: Int) -> [Blob] {
        guard mask.count == columns * rows, columns > 0 else { return [] }
        visited = [Bool](repeating: false, count: mask.count)
        var blobs: [Blob] = []
        for start in mask.indices where mask[start] && !visited[start] {
            var blob = Blob()
            visited[start] = true
            stack.append(start)
            while let index = stack.popLast() {
                let (row, column) = index.quotientAndRemainder(dividingBy: columns)
                blob.cells += 1
                blob.minimumColumn = min(blob.minimumColumn, column)
                blob.maximumColumn = max(blob.maximumColumn, column)
                blob.minimumRow = min(blob.minimumRow, row)
                blob.maximumRow = max(blob.maximumRow, row)
                for y in max(0, row - 1)...min(rows - 1, row + 1) {
                    for x in max(0, column - 1)...min(columns - 1, column + 1) {
                        let neighbour = y * columns + x
                        if mask[neighbour], !visited[neighbour] {
                            visited[neighbour] = true
                            stack.append(neighbour)
                        }
                    }
                }
            }
            if blob.cells >= minimumCells { blobs.append(blob) }
        }
        return blobs
    }
}
