/// Connected groups of foreground cells.
struct Blobs: Sendable {
    struct Blob: Sendable, Hashable {
        var cells = 0
        var minimumColumn = Int.max
        var maximumColumn = 0
        var minimumRow = Int.max
        var maximumRow = 0
    }

    /// The cells of all groups that were large enough.
    private(set) var members: [Bool] = []
    private var visited: [Bool] = []
    private var stack: [Int] = []
    private var cells: [Int] = []

    /// The groups (cells that touch, corners included) of at least `minimumCells`.
    mutating func find(in mask: [Bool], columns: Int, rows: Int, minimumCells: Int) -> [Blob] {
        members = []
        guard mask.count == columns * rows, columns > 0 else { return [] }
        visited = [Bool](repeating: false, count: mask.count)
        members = visited
        var blobs: [Blob] = []
        for start in mask.indices where mask[start] && !visited[start] {
            var blob = Blob()
            visited[start] = true
            cells.removeAll(keepingCapacity: true)
            stack.append(start)
            while let index = stack.popLast() {
                let (row, column) = index.quotientAndRemainder(dividingBy: columns)
                blob.cells += 1
                cells.append(index)
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
            if blob.cells >= minimumCells {
                blobs.append(blob)
                for index in cells { members[index] = true }
            }
        }
        return blobs
    }
}
