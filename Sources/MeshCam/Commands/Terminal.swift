import Foundation

/// What commands print, and where: data to the standard output, remarks to the standard error.
enum Terminal {
    /// Writes one line of data.
    static func print(_ line: String) throws {
        try write(Data((line + "\n").utf8))
    }

    /// Writes data as it is.
    static func write(_ data: Data) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: data)
        } catch {
            throw TerminalError(message: "cannot write the output: \(String(cString: strerror(errno)))")
        }
    }

    /// Writes a remark for the person at the terminal.
    static func remark(_ line: String) {
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
    }

    /// A text from elsewhere without what would control the terminal: such characters become U+FFFD.
    static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { SettingsText.isPrintable($0) ? $0 : "\u{FFFD}" }))
    }

    /// How many columns a text takes: two for wide East Asian characters and emoji, one for all others.
    static func columns(_ text: String) -> Int {
        text.reduce(0) { sum, character in
            guard let scalar = character.unicodeScalars.first else { return sum }
            let isEmoji = scalar.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}")
            switch scalar.value {
            case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
                0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
                return sum + 2
            default: return sum + (isEmoji ? 2 : 1)
            }
        }
    }
}

/// The output could not be written, e.g. because nobody reads it any more.
struct TerminalError: Error, Sendable, CustomStringConvertible {
    var message: String
    var description: String { message }
}
