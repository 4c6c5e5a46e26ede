import TOMLKit

/// What a TOML text says, read out of the library's own objects (which are not `Sendable`) into plain values.
struct TOMLDocument: Sendable, Equatable {
    /// One key, or a table that holds none.
    struct Entry: Sendable, Equatable {
        /// One part for what stands at the top, two for what stands in a table.
        var path: [String]
        /// `.table` for tables below the second level.
        var value: SettingsValue
        /// Line of the key, from 1; nil where it was not found.
        var line: Int?
    }

    /// Name of the file for messages.
    var file: String
    /// In the order of their lines.
    var entries: [Entry]

    /// Reads a text.
    /// - Throws: one problem of kind `syntax`, with the line.
    init(file: String, text: String) throws(SettingsError) {
        func refusal(_ line: Int?, _ message: String) -> SettingsError {
            SettingsError(problems: [
                SettingsProblem(kind: .syntax, origin: .file(file, line: line), key: nil, message: message)
            ])
        }
        // The library takes a C string: a NUL would silently end the text there.
        if let nul = text.utf8.firstIndex(of: 0) {
            let line = text.utf8[..<nul].count { $0 == UInt8(ascii: "\n") } + 1
            throw refusal(line, "not valid TOML: a NUL character; write the file again with a text editor")
        }
        let positions = TOMLKeyLines(text)
        if let mistake = positions.mistake {
            throw refusal(mistake.line, "not valid TOML: \(mistake.message)\(Self.cure)")
        }
        let root: TOMLTable
        do {
            root = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            let reason = error.description.split(whereSeparator: \.isNewline).joined(separator: " ")
            throw refusal(
                error.source.begin.line,
                "not valid TOML: \(reason)\(Self.cure)")
        } catch {
            throw refusal(nil, "not valid TOML: \(error)")
        }
        let lines = positions.lines
        var entries: [Entry] = []
        for key in root.keys {
            guard let value = root[key] else { continue }
            if let table = value.table {
                for inner in table.keys {
                    guard let value = table[inner] else { continue }
                    entries.append(Entry(path: [key, inner], value: Self.plain(value), line: lines[[key, inner]] ?? lines[[key]]))
                }
                if table.isEmpty { entries.append(Entry(path: [key], value: .table, line: lines[[key]])) }
            } else {
                entries.append(Entry(path: [key], value: Self.plain(value), line: lines[[key]]))
            }
        }
        self.file = file
        self.entries = entries.sorted { ($0.line ?? .max, $0.path.joined(separator: ".")) < ($1.line ?? .max, $1.path.joined(separator: ".")) }
    }

    private static let cure = "; write KEY = VALUE lines below a [section], texts in \"quotes\""

    private static func plain(_ value: any TOMLValueConvertible) -> SettingsValue {
        if let text = value.string { return .text(text) }
        if let flag = value.bool { return .boolean(flag) }
        if let number = value.int { return .integer(number) }
        if let number = value.double { return .number(number) }
        if let array = value.array { return .list(array.map { plain($0) }) }
        if value.type == .table { return .table }
        return .other(value.debugDescription)
    }
}
