import ArgumentParser
import Foundation
import Storage

/// `meshcam clips`: recordings, newest first.
struct ClipsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "clips", abstract: "List recordings of every camera, newest first.")

    @OptionGroup var client: ClientOptions

    @OptionGroup var selection: ClipSelection

    @Option(help: ArgumentHelp("Only this kind: motion, manual or sound.", valueName: "kind"))
    var kind: String?

    @Option(help: ArgumentHelp("At most so many, 1 to 1000.", valueName: "number"))
    var limit = 50

    @Option(help: ArgumentHelp("Go on where an earlier list ended.", valueName: "cursor"))
    var cursor: String?

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit \(limit): must be 1 to 1000") }
    }

    func run() async throws {
        let (wording, options) = (Wording.current, self)
        try await client.withClient { api in
            let (camera, from, to) = try await options.selection.resolved(api, wording)
            let answer = try await api.get(
                "/clips",
                query: [
                    ("camera", camera), ("from", from.map(RFC3339.format)), ("to", to.map(RFC3339.format)), ("kind", options.kind),
                    ("cursor", options.cursor), ("limit", String(options.limit)),
                ])
            if options.client.json { return try Terminal.print(try JSONText(answer, "/clips").pretty()) }
            try Terminal.print(Self.text(try APIClient.decode(ClipPage.self, from: answer, "/clips"), wording))
        }
    }

    /// The list for people.
    static func text(_ page: ClipPage, _ wording: Wording) -> String {
        var lines: [String] = []
        if page.clips.isEmpty {
            lines.append(page.missing.isEmpty ? "No recordings." : "No recordings on the nodes that answered.")
        } else {
            var table = TextTable(
                ("START (\(wording.zoneName))", .left), ("CAMERA", .left), ("LENGTH", .right), ("KIND", .left), ("SIZE", .right),
                ("STATE", .left), ("EVENT", .left))
            let events = Wording.shortened(page.clips.map(\.event))
            for clip in page.clips {
                table.add([
                    wording.time(clip.start), clip.cameraName, Wording.length(clip.durationSeconds),
                    clip.label.map { "\(clip.kind.rawValue): \($0)" } ?? clip.kind.rawValue, ByteCount.rounded(clip.bytes), state(clip),
                    events[clip.event] ?? clip.event,
                ])
            }
            lines.append(table.render())
        }
        if let cursor = page.cursor { lines += ["", "Older ones: --cursor \(Terminal.printable(cursor))"] }
        return (lines + ProblemText.block(page.missing.map(ProblemText.missing))).joined(separator: "\n")
    }

    /// `recording`, `stored on NAS1 and garage, protected`.
    static func state(_ clip: ClipResource) -> String {
        let holders = clip.holders
        let places = holders.count < 2 ? holders.joined() : holders.dropLast().joined(separator: ", ") + " and " + (holders.last ?? "")
        var text: String
        switch clip.state {
        case .recording: text = "recording"
        case .spooled, .replicated: text = places.isEmpty ? "not stored yet" : "not stored yet, in memory on \(places)"
        case .stored: text = clip.state.rawValue + (places.isEmpty ? "" : " on \(places)")
        case .interrupted: text = "cut short" + (places.isEmpty ? "" : ", on \(places)")
        default: text = clip.state.rawValue
        }
        if clip.protected { text += ", protected" }
        return text
    }
}

/// A time as typed on a command line.
enum TimeArgument {
    /// Reads RFC 3339, a local `2026-11-20`, `2026-11-20 18:30` or `2026-11-20 18:30:15`, or an age: `90s`, `30min`, `2h`, `3d`.
    static func parse(_ text: String, _ wording: Wording) -> Date? {
        if let date = RFC3339.parse(text) { return date }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units: [String: Double] = ["s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400]
        if let number = Double(digits), let unit = units[text.dropFirst(digits.count).trimmingCharacters(in: .whitespaces)] {
            return number < 1e6 ? wording.now.addingTimeInterval(-number * unit) : nil
        }
        let full: String
        switch text.count {
        case 10: full = text + "T00:00:00Z"
        case 16: full = text + ":00Z"
        case 19: full = text + "Z"
        default: return nil
        }
        guard let utc = RFC3339.parse(full) else { return nil }
        // The zone's offset depends on the very moment we look for: one step from a first guess finds it.
        let guess = utc.addingTimeInterval(-TimeInterval(wording.zone.secondsFromGMT(for: utc)))
        return utc.addingTimeInterval(-TimeInterval(wording.zone.secondsFromGMT(for: guess)))
    }
}
