/// What went wrong in the media room, with the library's own words and what to do about it.
public struct MediaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was being done, in the words of a reader: "open the file yard.mp4".
    public var operation: String
    /// The library's or the system's code (a negative AVERROR, an errno), 0 where there is none.
    public var code: Int32
    /// The library's own text for `code`, or our finding.
    public var text: String
    /// What the user can do about it, a whole sentence.
    public var cure: String

    public init(operation: String, code: Int32 = 0, text: String, cure: String) {
        self.operation = operation
        self.code = code
        self.text = text
        self.cure = cure
    }

    /// One line: what, why, cure.
    public var description: String { "\(message). \(cure)" }

    /// What and why, without the cure.
    public var message: String { "Cannot \(operation): \(text)" }

    /// The two halves as shown on a dashboard.
    public var problem: MediaProblem { MediaProblem(message: message, cure: cure) }
}

/// A fault as a user meets it: what is wrong and what to do.
public struct MediaProblem: Sendable, Hashable {
    /// What is wrong, one line without a full stop.
    public var message: String
    /// What to do about it, a whole sentence.
    public var cure: String

    public init(message: String, cure: String) {
        self.message = message
        self.cure = cure
    }
}
