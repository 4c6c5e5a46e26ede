/// A value as a file or the environment gives it, before anything is known about what it should be.
enum SettingsValue: Sendable, Equatable {
    case text(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case list([SettingsValue])
    case table
    /// A date, a time, or a mixture the settings have no use for, as written.
    case other(String)

    /// How it looks in an error message: short, one line, without passwords.
    var quoted: String {
        switch self {
        case .text(let text): "\"\(SettingsText.shown(text))\""
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .boolean(let value): String(value)
        case .list(let values):
            "[" + values.prefix(4).map(\.quoted).joined(separator: ", ") + (values.count > 4 ? ", …" : "") + "]"
        case .table: "a table"
        case .other(let text): SettingsText.shown(text)
        }
    }
}

/// Rules for texts in settings.
enum SettingsText {
    /// Whether a character may be part of a name: no control characters, no line or paragraph separators, none that reorder others.
    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
        case .format: scalar == "\u{200D}"  // zero-width joiner, part of many emoji; the others reorder or hide text
        default: true
        }
    }

    /// 1…63 printable characters (and at most 255 bytes), no space at either end.
    static func isName(_ text: String) -> Bool {
        (1...63).contains(text.count) && text.utf8.count <= 255 && text.unicodeScalars.allSatisfy(isPrintable)
            && text.first?.isWhitespace == false && text.last?.isWhitespace == false
    }

    /// A word beside an event: at most 64 printable characters, at most 200 bytes.
    static func isLabel(_ text: String) -> Bool {
        text.count <= 64 && text.utf8.count <= 200 && text.unicodeScalars.allSatisfy(isPrintable)
    }

    /// A path that can be handed to the system: not empty, no NUL or other control character.
    static func isPath(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 4095 && !text.utf8.contains { $0 < 0x20 || $0 == 0x7F }
    }

    /// The path without empty and `.` components or a slash at its end: two texts that name one place become one. `..` stays, because links may
    /// stand before it.
    static func normalPath(_ path: String) -> String {
        "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// At most 60 characters on one line; whatever stands between `://` and `@` (user and password) is left out.
    static func shown(_ text: String) -> String {
        var visible = String(
            String.UnicodeScalarView(text.unicodeScalars.map { isPrintable($0) ? $0 : "\u{FFFD}" }))
        if let scheme = visible.range(of: "://"), let at = visible.lastIndex(of: "@"), scheme.upperBound <= at {
            visible.replaceSubrange(scheme.upperBound..<at, with: "…")
        }
        return visible.count > 60 ? visible.prefix(59) + "…" : visible
    }
}
