/// Where a setting came from.
enum SettingsOrigin: Sendable, Equatable, CustomStringConvertible {
    /// Nobody said anything.
    case byDefault
    /// A file; the line is nil where it could not be found.
    case file(String, line: Int?)
    /// An environment variable.
    case environment(String)

    var description: String {
        switch self {
        case .byDefault: "default"
        case .file(let name, let line?): "\(name):\(line)"
        case .file(let name, nil): name
        case .environment(let name): "environment \(name)"
        }
    }
}

/// One thing that is wrong with the settings. Prints as one line: where, what, and what is allowed instead.
struct SettingsProblem: Sendable, Equatable, CustomStringConvertible {
    /// Kinds of mistakes.
    enum Kind: Sendable, Equatable { case unreadable, syntax, unknownKey, wrongType, badValue, conflict }

    var kind: Kind
    var origin: SettingsOrigin
    /// Dotted path of the key. Nil when the file as a whole is at fault.
    var key: String?
    /// What is wrong, and what is allowed.
    var message: String

    var description: String {
        if let key { "\(origin): \(key)\(message)" } else { "\(origin): \(message)" }
    }
}

/// The settings cannot be used. Prints one line per problem, every problem found.
struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Never empty; in the order of files and lines, the environment last.
    var problems: [SettingsProblem]

    var description: String { problems.map(\.description).joined(separator: "\n") }
}
