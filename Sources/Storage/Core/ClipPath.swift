public import Foundation

/// The layout of a target, as product.md promises it to people with a file manager:
/// `<camera>/2026-11-20/2026-11-20T12-34-56.789Z_<event>.mp4`, with `.jpg` and `.json` beside it,
/// and the same again under `<camera>/protected/`.
public struct ClipPath: Hashable, Sendable {
    /// The camera's folder name on the target.
    public var folder: String
    public var isProtected: Bool
    /// `2026-11-20`, in UTC.
    public var day: String
    /// File name without its ending.
    public var stem: String

    public enum Kind: String, Sendable, CaseIterable {
        case video = "mp4"
        case poster = "jpg"
        case manifest = "json"
    }

    /// - Parameter attempt: 0 for the plain name; more when a file of that name exists already.
    public init(folder: String, start: Date, event: String, attempt: Int = 0) {
        let stamp = Self.stamp(start)
        self.folder = folder
        self.isProtected = false
        self.day = String(stamp.prefix(10))
        self.stem = "\(stamp)_\(event)" + (attempt == 0 ? "" : "-\(attempt)")
    }

    /// Reads a manifest's path, relative to the target's root. `nil` for files that are not ours.
    public init?(manifest path: String) {
        var parts = path.split(separator: "/").map(String.init)
        guard parts.count == 3 || parts.count == 4, let file = parts.popLast(), let day = parts.popLast() else { return nil }
        isProtected = parts.count == 2
        if isProtected, parts.popLast() != "protected" { return nil }
        guard file.hasSuffix(".json"), !file.hasPrefix("."), day.utf8.count == 10, file.hasPrefix(day), file.contains("_") else {
            return nil
        }
        self.folder = parts[0]
        self.day = day
        self.stem = String(file.dropLast(5))
    }

    /// Relative to the target's root.
    public var directory: String { isProtected ? "\(folder)/protected/\(day)" : "\(folder)/\(day)" }

    /// Relative to the target's root.
    public func file(_ kind: Kind) -> String { "\(directory)/\(stem).\(kind.rawValue)" }

    /// Where a node's copy of the mesh's public keys lies, relative to the target's root; ``keysDirectory`` holds all nodes' copies.
    static func keys(of node: String) -> String { "\(keysDirectory)/\(node)" }
    public static let keysDirectory = ".meshcam/keys"

    /// RFC 3339 in UTC with milliseconds, and `-` for `:` so that every file system takes it: `2026-11-20T12-34-56.789Z`.
    static func stamp(_ date: Date) -> String {
        RFC3339.format(date).replacing(":", with: "-")
    }

    /// A folder name that a person recognizes and that every file system takes: letters, digits, `-`, `_` and `.` stay,
    /// everything else becomes `-`; at most 48 characters; never empty, hidden or `protected`.
    public static func folderName(for cameraName: String) -> String {
        var name = ""
        for character in cameraName.prefix(48) {
            let keep = character.isLetter || character.isNumber || "-_.".contains(character)
            name.append(keep ? character : "-")
        }
        while name.utf8.count > 120 { name.removeLast() }
        let trimmed = name.drop { $0 == "." || $0 == "-" }
        return trimmed.isEmpty || trimmed == "protected" ? "camera" : String(trimmed)
    }
}
