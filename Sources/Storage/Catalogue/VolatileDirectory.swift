import Foundation
import Glibc

/// A directory for what need not outlive the machine's next start.
enum VolatileDirectory {
    /// Makes the directory where it is missing.
    ///
    /// - Returns: whether it lies in memory (tmpfs), is this user's, and nobody else can write there.
    static func make(_ path: String) -> Bool {
        // Not even the directory belongs on a card.
        var existing = URL(filePath: path)
        while existing.path != "/", !FileManager.default.fileExists(atPath: existing.path) { existing.deleteLastPathComponent() }
        guard fileSystem(at: existing.resolvingSymlinksInPath().path) == "tmpfs" else { return false }
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // Who may write in the parent may put another directory in this one's place.
        return isOwn(path) && isOwn(URL(filePath: path).deletingLastPathComponent().path, orSystems: true)
    }

    private static func isOwn(_ path: String, orSystems: Bool = false) -> Bool {
        var facts = stat()
        guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR, facts.st_uid == geteuid() || orSystems && facts.st_uid == 0 else { return false }
        return facts.st_mode & 0o022 == 0 || orSystems && facts.st_mode & S_ISVTX != 0
    }

    /// The type of the file system that an absolute path lies on, by /proc/self/mountinfo (proc(5)).
    private static func fileSystem(at path: String) -> String? {
        guard let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) else { return nil }
        var found: (point: String, type: String)?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            // Optional fields end with a hyphen; the type follows.
            guard fields.count > 4, let hyphen = fields.firstIndex(of: "-"), fields.indices.contains(hyphen + 1) else { continue }
            let point = String(fields[4].replacing("\\040", with: " "))
            // Of two on one point the later one is seen.
            if point == "/" || path == point || path.hasPrefix(point + "/"), point.count >= found?.point.count ?? 0 { found = (point, String(fields[hyphen + 1])) }
        }
        return found?.type
    }
}
