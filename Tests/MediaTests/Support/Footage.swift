import Foundation
import Testing

@testable import Media

/// The labelled recordings beside the package, where they exist.
enum Footage {
    static let directory = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "shared/footage")

    /// The path of a recording; nil where the footage is not there.
    static func path(_ name: String) -> String? {
        let path = directory.appending(path: name).path
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    struct Span {
        var start: Double
        var end: Double
        var kind: String
    }

    /// The labels of `<name>.events.csv`: start_frame,end_frame,start_s,end_s,kind,label.
    static func labels(_ name: String) throws -> [Span] {
        let text = try String(contentsOf: directory.appending(path: "\(name).events.csv"), encoding: .utf8)
        return text.split(whereSeparator: \.isNewline).dropFirst().compactMap { line in
            let fields = line.split(separator: ",", maxSplits: 5)
            guard fields.count >= 5, let start = Double(fields[2]), let end = Double(fields[3]) else { return nil }
            return Span(start: start, end: end, kind: String(fields[4]))
        }
    }
}

/// A directory that goes away with its test.
final class ScratchDirectory {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "meshcam-media-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func file(_ name: String) -> String { url.appending(path: name).path }
}

/// A generator whose whole sequence follows from its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
