import Foundation

/// Reads the clips of a target from their manifests, and remembers what has not changed since.
///
/// Not thread-safe; belongs to one serial queue, because every call may block for as long as the target does.
struct TargetScan {
    struct Found {
        let path: ClipPath
        let manifest: Manifest
        /// Of the video file, when the manifest was read.
        let videoBytes: Int
    }

    private struct Stamp: Equatable {
        let seconds: Int
        let nanoseconds: Int
        let size: Int
    }

    /// A manifest of more than this is nobody's.
    static let manifestLimit = 1 << 20

    private let target: DirectoryTarget
    private var known: [String: (stamp: Stamp, found: Found)] = [:]

    init(root: String) {
        target = DirectoryTarget(root: root)
    }

    /// Every readable manifest below the camera folders that `wanted` accepts. Files that are not ours, or not whole, are passed over.
    mutating func clips(inFolders wanted: (String) -> Bool = { _ in true }) throws(TargetError) -> [Found] {
        var found: [Found] = []
        var seen: Set<String> = []
        for folder in try target.list("") where wanted(folder) {
            for parent in [folder, "\(folder)/protected"] {
                for day in (try? target.list(parent)) ?? [] where day.utf8.count == 10 {
                    for name in (try? target.list("\(parent)/\(day)")) ?? [] where name.hasSuffix(".json") {
                        let file = "\(parent)/\(day)/\(name)"
                        guard let clip = look(at: file) else { continue }
                        seen.insert(file)
                        found.append(clip)
                    }
                }
            }
        }
        if known.count > seen.count { known = known.filter { file, _ in seen.contains(file) || !wanted(String(file.prefix { $0 != "/" })) } }
        return found
    }

    private mutating func look(at file: String) -> Found? {
        guard let path = ClipPath(manifest: file), let stamp = stamp(of: file) else { return nil }
        let videoBytes = (try? target.size(path.file(.video))) ?? 0
        if let old = known[file], old.stamp == stamp, old.found.videoBytes == videoBytes { return old.found }
        guard videoBytes > 0,
            let bytes = try? target.readAll(file, limit: Self.manifestLimit),
            let manifest = try? Manifest(parsing: bytes)
        else { return nil }
        let found = Found(path: path, manifest: manifest, videoBytes: videoBytes)
        known[file] = (stamp, found)
        return found
    }

    private func stamp(of file: String) -> Stamp? {
        var info = stat()
        guard stat("\(target.root)/\(file)", &info) == 0 else { return nil }
        return Stamp(seconds: info.st_mtim.tv_sec, nanoseconds: info.st_mtim.tv_nsec, size: Int(info.st_size))
    }
}

extension DirectoryTarget {
    /// The camera whose folder this is, by its `discovery.txt`; `nil` when there is none.
    func owner(of folder: String) -> String? {
        guard let bytes = try? readAll("\(folder)/discovery.txt", limit: 1 << 16) else { return nil }
        return DiscoveryNote(parsing: String(decoding: bytes, as: UTF8.self))?.camera
    }
}
