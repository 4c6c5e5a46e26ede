/// A clip as it lies on a target: its sidecar, and how long its video is.
struct FoundClip {
    let path: ClipPath
    let manifest: Manifest
    /// Of the video file, when the manifest was read.
    let videoBytes: Int
    /// Whether the manifest lies under its temporary name still, because whoever wrote it was killed in that moment.
    var isUnplaced = false

    /// A manifest of more than this is nobody's.
    static let manifestLimit = 1 << 20
}

extension TargetFiles {
    /// A camera folder's directories of clips, those of its protected ones included.
    func days(in folder: String) throws(TargetError) -> [String] {
        var days: [String] = []
        for parent in [folder, "\(folder)/protected"] {
            days += try list(parent).filter { $0.isDirectory && $0.name.utf8.count == 10 }.map { "\(parent)/\($0.name)" }
        }
        return days
    }

    /// Clips whose manifest never came to its place.
    func unplacedClips(in directory: String, _ entries: [TargetEntry]) -> [FoundClip] {
        let names = Set(entries.map(\.name))
        return entries.compactMap { entry in
            let ending = ".\(ClipPath.Kind.video.rawValue)"
            guard entry.name.hasSuffix(ending), entry.size > 0 else { return nil }
            let name = entry.name.dropLast(ending.count) + ".\(ClipPath.Kind.manifest.rawValue)"
            guard !names.contains(String(name)), let path = ClipPath(manifest: "\(directory)/\(name)"),
                let bytes = try? readAll(TemporaryName.of(path.file(.manifest)), limit: FoundClip.manifestLimit),
                let manifest = try? Manifest(parsing: bytes)
            else { return nil }
            return FoundClip(path: path, manifest: manifest, videoBytes: entry.size, isUnplaced: true)
        }
    }

    /// Every clip of a small target. Files that are not ours, or not whole, are passed over; so are directories that cannot be listed, but for the root.
    ///
    /// - Parameter isOver: asked again and again; once it is, `ECANCELED` ends the work.
    func allClips(isOver: () -> Bool) throws(TargetError) -> [FoundClip] {
        var found: [FoundClip] = []
        for folder in try list("") where folder.isDirectory {
            for directory in (try? days(in: folder.name)) ?? [] {
                guard let entries = try? list(directory) else { continue }
                let sizes = Dictionary(entries.map { ($0.name, $0.size) }) { first, _ in first }
                for entry in entries where entry.name.hasSuffix(".json") && entry.size <= FoundClip.manifestLimit {
                    if isOver() { throw TargetError(operation: "list", path: "", code: TargetError.cancelled) }
                    guard let path = ClipPath(manifest: "\(directory)/\(entry.name)"), let size = sizes["\(path.stem).\(ClipPath.Kind.video.rawValue)"], size > 0,
                        let bytes = try? readAll(path.file(.manifest), limit: FoundClip.manifestLimit), let manifest = try? Manifest(parsing: bytes)
                    else { continue }
                    found.append(FoundClip(path: path, manifest: manifest, videoBytes: size))
                }
                found += unplacedClips(in: directory, entries)
            }
        }
        return found
    }
}
