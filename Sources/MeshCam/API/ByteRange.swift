/// One byte range of a representation (RFC 9110 §14). Of several ranges in one request only the first is served, as §14.2 allows.
struct ByteRange: Equatable, Sendable {
    /// First byte and the one behind the last.
    let lowerBound: Int
    let upperBound: Int

    var count: Int { upperBound - lowerBound }

    enum Outcome: Equatable {
        /// No `Range`, or one that a server must ignore: the whole representation, 200.
        case whole
        /// 206 with this part.
        case part(ByteRange)
        /// 416: no byte of it exists.
        case unsatisfiable
    }

    /// Reads a `Range` field for a representation of `size` bytes.
    static func parse(_ field: String?, size: Int) -> Outcome {
        guard let field, field.lowercased().hasPrefix("bytes=") else { return .whole }
        let first = field.dropFirst(6).split(separator: ",", omittingEmptySubsequences: false)[0]
        let parts = first.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            .map { $0.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" } }
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else { return .whole }
        if parts[0].isEmpty {
            guard !parts[1].isEmpty else { return .whole }
            // A suffix longer than an Int holds asks for everything.
            let suffix = Int(parts[1]) ?? size
            guard suffix > 0, size > 0 else { return .unsatisfiable }
            return .part(ByteRange(lowerBound: max(0, size - suffix), upperBound: size))
        }
        guard let lower = Int(parts[0]) else { return .unsatisfiable }
        let last = parts[1].isEmpty ? Int.max - 1 : Int(parts[1]) ?? Int.max - 1
        guard lower <= last else { return .whole }
        guard lower < size else { return .unsatisfiable }
        return .part(ByteRange(lowerBound: lower, upperBound: min(last, size - 1) + 1))
    }

    /// The `Content-Range` field of a 206.
    func contentRange(of size: Int) -> String { "bytes \(lowerBound)-\(upperBound - 1)/\(size)" }
}
