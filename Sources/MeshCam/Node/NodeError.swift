/// Why the node cannot start or a part of it cannot go on, and what to do about it.
struct NodeError: Error, CustomStringConvertible {
    let message: String
    let cure: String

    init(_ message: String, cure: String) {
        self.message = message
        self.cure = cure
    }

    /// One line, as the command line prints it.
    var description: String { "\(message). \(cure)" }
}
