/// Finds the line on which each key of a TOML text is written, which the TOML library does not tell.
///
/// Exact up to the first mistake in the text; beyond it finds what it can, and never fails. TOML 1.0, <https://toml.io/en/v1.0.0>.
struct TOMLKeyLines {
    /// Line, from 1, by path. A table counts as written where its header is, or its first key.
    private(set) var lines: [[String]: Int] = [:]
    /// The first mistake of a kind at which toml++ 3.4 ends the program (it asserts instead of reporting): a text with one must not reach it.
    /// Found by feeding it random texts; ``TOMLDocument`` refuses such a text by itself.
    private(set) var mistake: (line: Int, message: String)?

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1

    /// Inline tables and arrays nested deeper than this are not looked into.
    private static let deepest = 32

    init(_ text: String) {
        bytes = Array(text.utf8)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }  // byte order mark
        scan()
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func at(_ offset: Int) -> UInt8? { position + offset < bytes.count ? bytes[position + offset] : nil }

    private mutating func advance() {
        if current == UInt8(ascii: "\n") { line += 1 }
        position += 1
    }

    private mutating func scan() {
        var table: [String] = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): advance()
            case UInt8(ascii: "#"): skipLine()
            case UInt8(ascii: "["):
                let start = line
                advance()
                if current == UInt8(ascii: "[") { advance() }
                skipBlanks()
                if let byte = current, !isBare(byte), !"\"']".utf8.contains(byte) { report("a [ without a name") }
                table = keyPath()
                note(table, start)
                skipLine()
            default: keyValue(in: table, depth: 0)
            }
        }
    }

    private mutating func note(_ path: [String], _ line: Int) {
        for length in stride(from: 1, through: path.count, by: 1) {
            let prefix = Array(path.prefix(length))
            if lines[prefix] == nil { lines[prefix] = line }
        }
    }

    private mutating func report(_ message: String) {
        if mistake == nil { mistake = (line, message) }
    }

    /// Reads a key and its value. Tables inside arrays have no path (nil): nothing is noted there.
    private mutating func keyValue(in table: [String]?, depth: Int) {
        let before = position, start = line
        let key = keyPath()
        let path = table.map { $0 + key }
        if let path, !key.isEmpty { note(path, start) }
        if current == UInt8(ascii: "=") {
            advance()
            skipBlanks()
            value(of: path, depth: depth)
        } else if position == before {
            advance()  // nothing that can start a key: step over it, so that every round makes progress
        }
    }

    /// Reads `a.b."c d"` up to what cannot belong to it.
    private mutating func keyPath() -> [String] {
        var path: [String] = []
        while true {
            if path.count > Self.deepest {
                report("a key of more than \(Self.deepest) parts")
                position = bytes.count
                return path
            }
            skipBlanks()
            guard let byte = current else { return path }
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                path.append(string())
            } else {
                let start = position
                while let byte = current, isBare(byte) { position += 1 }
                if position == start { return path }
                path.append(String(decoding: bytes[start..<position], as: UTF8.self))
            }
            skipBlanks()
            guard current == UInt8(ascii: ".") else { return path }
            advance()
        }
    }

    private func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// Steps over a value; the keys of an inline table are noted below `path`.
    private mutating func value(of path: [String]?, depth: Int) {
        guard depth < Self.deepest else {
            report("tables or lists inside each other, more than \(Self.deepest) deep")
            return position = bytes.count
        }
        switch current {
        case nil: return
        case UInt8(ascii: "\""), UInt8(ascii: "'"): _ = string()
        case UInt8(ascii: "["):
            advance()
            while skipToContent(), current != UInt8(ascii: "]") {
                if current == UInt8(ascii: ",") { advance() } else { value(of: nil, depth: depth + 1) }
            }
            advance()
        case UInt8(ascii: "{"):
            advance()
            while skipToContent(), current != UInt8(ascii: "}") {
                if current == UInt8(ascii: ",") { advance() } else { keyValue(in: path, depth: depth + 1) }
            }
            advance()
        default: bareValue()
        }
    }

    /// Steps over a number, a truth value or a date, or over whatever is in place of one, at least one byte.
    private mutating func bareValue() {
        let start = position
        while let byte = current, !",]}#\n".utf8.contains(byte) { position += 1 }
        let token = bytes[start..<position]
        if !token.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") && $0 != UInt8(ascii: "\r") }) {
            report("a value is missing")
        } else if token.contains(where: { $0 >= 0x7F || $0 < 0x20 && $0 != UInt8(ascii: "\t") && $0 != UInt8(ascii: "\r") }) {
            report("a character that only a text in \"quotes\" may hold")
        } else if let space = token.firstIndex(of: UInt8(ascii: " ")), isDigit(space + 1), !isDigit(space + 2) {
            report("a number after a space")  // the library takes it for the hour after a date
        }
        if position == start, current != UInt8(ascii: "\n") { advance() }
    }

    private func isDigit(_ index: Int) -> Bool { index < bytes.count && (0x30...0x39).contains(bytes[index]) }

    /// Steps over blanks, line ends and comments; false at the end of the text.
    private mutating func skipToContent() -> Bool {
        while let byte = current {
            switch byte {
            case UInt8(ascii: "#"): skipLine()
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): advance()
            default: return true
            }
        }
        return false
    }

    /// Reads a string of any of the four kinds. Escapes are left as they are, but for the simple ones in keys.
    private mutating func string() -> String {
        guard let quote = current else { return "" }
        let isBasic = quote == UInt8(ascii: "\"")
        let isLong = at(1) == quote && at(2) == quote
        position += isLong ? 3 : 1
        var content: [UInt8] = []
        while let byte = current {
            if byte == quote {
                if !isLong {
                    advance()
                    break
                }
                var run = 0
                while at(run) == quote { run += 1 }
                position += run
                if run >= 3 { break }
                content += Array(repeating: quote, count: run)
            } else if isBasic, byte == UInt8(ascii: "\\") {
                advance()
                if let escaped = current { content.append(escaped) }
                advance()
            } else if !isLong, byte == UInt8(ascii: "\n") {
                break
            } else {
                content.append(byte)
                advance()
            }
        }
        return String(decoding: content, as: UTF8.self)
    }

    private mutating func skipBlanks() {
        while current == UInt8(ascii: " ") || current == UInt8(ascii: "\t") { position += 1 }
    }

    private mutating func skipLine() {
        while let byte = current {
            advance()
            if byte == UInt8(ascii: "\n") { return }
        }
    }
}
