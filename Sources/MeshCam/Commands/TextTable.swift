/// Rows in aligned columns, for people.
struct TextTable: Sendable {
    /// On which side a column's texts are flush.
    enum Alignment: Sendable { case left, right }

    private let headings: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []

    /// Headings with their alignment, from left to right.
    init(_ columns: (String, Alignment)...) {
        headings = columns.map(\.0)
        alignments = columns.map(\.1)
    }

    /// Adds a row. Missing cells stay empty, surplus ones are left out; what would control the terminal is replaced.
    mutating func add(_ cells: [String]) {
        rows.append(headings.indices.map { $0 < cells.count ? Terminal.printable(cells[$0]) : "" })
    }

    /// The table, without a final line feed and without blanks at the ends of lines.
    func render() -> String {
        let all = [headings] + rows
        let widths = headings.indices.map { column in all.map { Terminal.columns($0[column]) }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: max(0, widths[column] - Terminal.columns(cell)))
                line += (column == 0 ? "" : "  ") + (alignments[column] == .left ? cell + padding : padding + cell)
            }
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}
