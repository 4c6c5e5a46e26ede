import Foundation
import Logging
import Storage

/// The node's log on standard error: one line an event, with the time, the node, what happened and its facts.
enum NodeLog {
    /// - Parameter name: the node's name, which tells several nodes on one terminal apart.
    static func bootstrap(name: String, level: Logger.Level) -> Logger {
        LoggingSystem.bootstrap { _ in LineLogHandler(node: name, logLevel: level) }
        return Logger(label: "meshcam")
    }
}

/// Writes lines such as `2026-11-20T12:34:56.789Z porch warning storage: /nas is full target=/nas`.
struct LineLogHandler: LogHandler {
    let node: String
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// A longer line loses its middle: at its ends stands what happened, and in between a name of somebody who wants to fill the log.
    static let lengthLimit = 2000

    /// One event, one line of bounded length, whatever somebody put into a name: what would begin a line, steer a terminal or reorder text is
    /// written as its number. By scalars, because `\r\n` is one character in Swift.
    static func escaped(_ line: String) -> String {
        let scalars = line.unicodeScalars
        let excess = scalars.count - lengthLimit
        if excess > 0 {
            let half = lengthLimit / 2
            return escaped(String(scalars.prefix(half))) + " …\(excess) characters left out… " + escaped(String(scalars.suffix(half)))
        }
        var safe = ""
        for scalar in scalars {
            if SettingsText.isPrintable(scalar) { safe.unicodeScalars.append(scalar) } else { safe += "\\u{\(String(scalar.value, radix: 16))}" }
        }
        return safe
    }

    func log(event: LogEvent) {
        var facts = metadata.merging(event.metadata ?? [:]) { $1 }
        let part = facts.removeValue(forKey: "part").map { "\($0): " } ?? ""
        let level = event.level == .info ? "" : "\(event.level.rawValue) "
        let tail = facts.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let line = "\(RFC3339.format(Date())) \(node) \(level)\(part)\(event.message)\(tail)"
        FileHandle.standardError.write(Data((Self.escaped(line) + "\n").utf8))
    }
}
