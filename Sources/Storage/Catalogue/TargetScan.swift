/// Reads the clips of a target from their manifests, and remembers what has not changed since.
///
/// Not thread-safe; belongs to one serial queue, because every call may block for as long as the target does.
struct TargetScan {
    struct Found {
        let path: ClipPath
        let manifest: Manifest
        /// Of the video file, when the manifest was read.
        let videoBytes: Int
        /// Whether the manifest lies under its temporary name still, because whoever wrote it was killed in that moment.
        var isUnplaced = false
    }

    /// A manifest of more than this is nobody's.
    static let manifestLimit = 1 << 20

    private let target: any TargetFiles
    private var known: [String: Known] = [:]

    private struct Known {
        let manifest: TargetEntry
        let found: Found
    }

    init(_ target: any TargetFiles) {
        self.target = target
    }

    /// Every readable manifest below the camera folders that `wanted` accepts. Files that are not ours, or not whole, are passed over; so are
    /// directories that cannot be listed, but for the root.
    ///
    /// - Parameter isOver: asked again and again; once it is, `ECANCELED` ends the work.
    mutating func clips(
        inFolders wanted: (String) -> Bool = { _ in true }, isOver: () -> Bool = { false }
    ) throws(TargetError) -> [Found] {
        var found: [Found] = []
        var seen: Set<String> = []
        var passedOver: Set<Substring> = []
        for folder in try target.list("") where folder.isDirectory {
            guard wanted(folder.name) else {
                passedOver.insert(folder.name[...])
                continue
            }
            for parent in [folder.name, "\(folder.name)/protected"] {
                for day in (try? target.list(parent)) ?? [] where day.isDirectory && day.name.utf8.count == 10 {
                    let entries = (try? target.list("\(parent)/\(day.name)")) ?? []
                    let sizes = Dictionary(entries.map { ($0.name, $0.size) }) { first, _ in first }
                    for entry in entries where entry.name.hasSuffix(".json") {
                        let file = "\(parent)/\(day.name)/\(entry.name)"
                        if isOver() { throw TargetError(operation: "list", path: "", code: TargetError.cancelled) }
                        guard let path = ClipPath(manifest: file),
                            let clip = look(at: entry, file, path, videoBytes: sizes["\(path.stem).\(ClipPath.Kind.video.rawValue)"] ?? 0)
                        else { continue }
                        seen.insert(file)
                        found.append(clip)
                    }
                    found += unplaced(in: "\(parent)/\(day.name)", entries)
                }
            }
        }
        if known.count > seen.count { known = known.filter { file, _ in seen.contains(file) || passedOver.contains(file.prefix { $0 != "/" }) } }
        return found
    }

    /// Clips whose manifest never came to its place. There are next to none, so nothing is remembered of them.
    private func unplaced(in directory: String, _ entries: [TargetEntry]) -> [Found] {
        let names = Set(entries.map(\.name))
        return entries.compactMap { entry in
            let ending = ".\(ClipPath.Kind.video.rawValue)"
            guard entry.name.hasSuffix(ending), entry.size > 0 else { return nil }
            let name = entry.name.dropLast(ending.count) + ".\(ClipPath.Kind.manifest.rawValue)"
            guard !names.contains(String(name)), let path = ClipPath(manifest: "\(directory)/\(name)"),
                let bytes = try? target.readAll(TemporaryName.of(path.file(.manifest)), limit: Self.manifestLimit),
                let manifest = try? Manifest(parsing: bytes)
            else { return nil }
            return Found(path: path, manifest: manifest, videoBytes: entry.size, isUnplaced: true)
        }
    }

    private mutating func look(at entry: TargetEntry, _ file: String, _ path: ClipPath, videoBytes: Int) -> Found? {
        if let old = known[file], old.manifest == entry, old.found.videoBytes == videoBytes { return old.found }
        guard videoBytes > 0, entry.size <= Self.manifestLimit,
            let bytes = try? target.readAll(file, limit: Self.manifestLimit),
            let manifest = try? Manifest(parsing: bytes)
        else { return nil }
        let found = Found(path: path, manifest: manifest, videoBytes: videoBytes)
        known[file] = Known(manifest: entry, found: found)
        return found
    }
}
