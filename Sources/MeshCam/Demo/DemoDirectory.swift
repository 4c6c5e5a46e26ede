import Foundation
import Gossip

/// A demo's files: one mesh, its nodes, and a directory that stands for their NAS.
///
/// ```
/// <dir>/mesh/      genesis' keys (0600), password, lock
/// <dir>/nas/       the shared storage target
/// <dir>/<node>/    meshcam.toml and state/, as on that node's card
/// ```
final class DemoDirectory: Sendable {
    let root: String
    private let lock: FileLock

    var nas: String { "\(root)/nas" }
    var mesh: String { "\(root)/mesh" }
    func node(_ name: String) -> String { "\(root)/\(name)" }
    func state(_ name: String) -> String { "\(root)/\(name)/state" }

    /// Creates what is missing and keeps other demos out.
    init(_ root: String) throws {
        self.root = root
        do {
            for directory in [root, "\(root)/nas", "\(root)/mesh"] {
                try FileManager.default.createDirectory(
                    atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
        } catch {
            throw NodeError("cannot create \(root): \(error.systemReason)", cure: "Name another directory with --dir.")
        }
        lock = try FileLock("\(root)/mesh/lock", held: "another demo uses \(root)", cure: "Stop it, or name another directory with --dir.")
    }

    /// Reads a small private file; `nil` when there is none.
    func secret(_ name: String) -> String? {
        FileManager.default.contents(atPath: "\(mesh)/\(name)").map { String(decoding: $0, as: UTF8.self) }
    }

    /// Writes a small private file, whole or not at all.
    func setSecret(_ name: String, _ value: String) throws {
        let path = "\(mesh)/\(name)"
        guard FileManager.default.createFile(atPath: path + ".new", contents: Data(value.utf8), attributes: [.posixPermissions: 0o600]),
            rename(path + ".new", path) == 0
        else { throw NodeError("cannot write \(path): \(String(cString: strerror(errno)))", cure: "Name another directory with --dir.") }
    }
}
