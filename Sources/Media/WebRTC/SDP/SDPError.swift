/// Why a text is not a session description.
public enum SDPError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Longer than any browser writes.
    case tooLarge(limitBytes: Int)
    case tooManyLines(limit: Int)
    case tooManySections(limit: Int)
    /// A line that cannot be read; counted from 1.
    case malformed(line: Int, expected: String)
    /// `ice-ufrag` or `ice-pwd` alone, or not what RFC 8839 §5.4 allows.
    case badCredentials

    public var description: String {
        switch self {
        case .tooLarge(let limit): "The session description is longer than \(limit) bytes"
        case .tooManyLines(let limit): "The session description has more than \(limit) lines"
        case .tooManySections(let limit): "The session description has more than \(limit) media sections"
        case .badCredentials: "The fragment's ice-ufrag and ice-pwd are not what RFC 8839 allows"
        case .malformed(let line, let expected): "Line \(line) of the session description is not \(expected)"
        }
    }
}
