import Foundation

/// Looks through a target's sidecars, one directory after the other, and brings what is new of them into the ``ClipCatalogue``.
///
/// Not thread-safe; belongs to one serial queue, because every call may block for as long as the target does.
struct TargetScan {
    /// What is remembered of it.
    typealias Known = (facts: ClipFacts, signature: [UInt8])

    /// Files that were not taken are looked at again after this long, and not more of them are remembered.
    private static let refusalTime = Duration.seconds(60)
    private static let refusalLimit = 10_000

    private let target: any TargetFiles
    private let number: Int
    private let catalogue: ClipCatalogue
    private var refused: [String: Refused] = [:]
    /// What kept this look from reading something.
    private var missed: TargetError?

    private struct Refused {
        let entry: TargetEntry
        let videoBytes: Int
        let at: ContinuousClock.Instant
    }

    /// - Parameter number: the target's in its ``TargetSet``.
    init(_ target: any TargetFiles, number: Int, catalogue: ClipCatalogue) {
        (self.target, self.number, self.catalogue) = (target, number, catalogue)
    }

    /// Every readable manifest below the camera folders that `wanted` accepts. Files that are not ours, or not whole, are passed over; so is what
    /// cannot be read, but for the root. What is known of files that are gone is forgotten.
    ///
    /// - Parameters:
    ///   - isOver: asked again and again; once it is, `ECANCELED` ends the work.
    ///   - take: gets what is new, and says how to know it; nil: not at all.
    /// - Returns: why something could not be read that another look may read; nil: there is no such thing.
    @discardableResult
    mutating func look(
        inFolders wanted: (String) -> Bool = { _ in true }, isOver: () -> Bool = { false }, take: (FoundClip) throws(TargetError) -> Known?
    ) throws(TargetError) -> TargetError? {
        let now = ContinuousClock.now
        missed = nil
        refused = refused.filter { now - $0.value.at < Self.refusalTime }
        // An empty mount point holds nothing, and says nothing of what the storage holds.
        let identity = try? TargetIdentity.find(on: target)
        if let identity { catalogue.reached(identity, on: number) }
        // Read before the storage is: what is stored meanwhile is not taken for gone.
        let known = catalogue.directories(on: number)
        let folders = try target.list("").filter(\.isDirectory)
        if identity != nil {
            let names = Set(folders.map(\.name))
            catalogue.forget(known.filter { !names.contains(String($0.prefix { $0 != "/" })) }, on: number)
        }
        for folder in folders {
            // A target that hangs takes its time for each question.
            if isOver() { throw TargetError(operation: "list", path: "", code: TargetError.cancelled) }
            guard wanted(folder.name) else { continue }
            let days: [String]
            do throws(TargetError) { days = try target.days(in: folder.name) } catch {
                try pass(over: error)
                continue
            }
            for directory in days { try look(in: directory, mayForget: identity != nil, isOver, take) }
            if identity != nil { catalogue.forget(known.filter { $0.hasPrefix("\(folder.name)/") && !days.contains($0) }, on: number) }
        }
        return missed
    }

    private mutating func pass(over error: TargetError) throws(TargetError) {
        // What hangs here hangs at the next file, too.
        if error.code == ETIMEDOUT || error.code == TargetError.cancelled { throw error }
        if error.mayPass { missed = missed ?? error }
    }

    private mutating func look(
        in directory: String, mayForget: Bool, _ isOver: () -> Bool, _ take: (FoundClip) throws(TargetError) -> Known?
    ) throws(TargetError) {
        if isOver() { throw TargetError(operation: "list", path: "", code: TargetError.cancelled) }
        // Before the listing, too.
        let known = catalogue.files(on: number, in: directory)
        let entries: [TargetEntry]
        do throws(TargetError) { entries = try target.list(directory) } catch { return try pass(over: error) }
        let sizes = Dictionary(entries.map { ($0.name, $0.size) }) { first, _ in first }
        var found: [ClipCatalogue.FoundFile] = []
        var gone = Set(mayForget ? known.values.filter(\.isHere).map(\.number) : [])
        for entry in entries where entry.name.hasSuffix(".json") {
            if isOver() { throw TargetError(operation: "list", path: "", code: TargetError.cancelled) }
            let file = "\(directory)/\(entry.name)"
            guard let path = ClipPath(manifest: file) else { continue }
            let videoBytes = sizes["\(path.stem).\(ClipPath.Kind.video.rawValue)"] ?? 0
            let old = known[path.stem]
            if let old {
                // Who deletes a video and leaves its sidecar has deleted the clip.
                if videoBytes > 0 { gone.remove(old.number) }
                if old.size == entry.size, old.modified == entry.modified, old.videoBytes == videoBytes, videoBytes > 0, old.isHere || !mayForget { continue }
            }
            if let last = refused[file], last.entry == entry, last.videoBytes == videoBytes { continue }
            guard videoBytes > 0, entry.size <= FoundClip.manifestLimit else { continue }
            do throws(TargetError) {
                let bytes = try target.readAll(file, limit: FoundClip.manifestLimit)
                let taken: Known? = if let manifest = try? Manifest(parsing: bytes) { try take(FoundClip(path: path, manifest: manifest, videoBytes: videoBytes)) } else { nil }
                if let old { gone.insert(old.number) }
                if let taken {
                    // Where taking it changed the file, the next look sees that once.
                    found.append(.init(path: path, entry: entry, videoBytes: videoBytes, facts: taken.facts.upTo(videoBytes), signature: taken.signature.hex))
                } else if refused.count < Self.refusalLimit {
                    refused[file] = Refused(entry: entry, videoBytes: videoBytes, at: .now)
                }
            } catch {
                try pass(over: error)
            }
        }
        for clip in target.unplacedClips(in: directory, entries) {
            if isOver() { throw TargetError(operation: "list", path: "", code: TargetError.cancelled) }
            let taken: Known?
            do throws(TargetError) { taken = try take(clip) } catch {
                try pass(over: error)
                continue
            }
            guard let taken else { continue }
            found.append(.init(path: clip.path, entry: nil, videoBytes: clip.videoBytes, facts: taken.facts, signature: taken.signature.hex))
            if let old = known[clip.path.stem] { gone.insert(old.number) }
        }
        catalogue.take(found, gone: Array(gone), on: number, in: directory)
    }
}

extension ClipFacts {
    /// No more of it than its file holds, whoever says what.
    fileprivate func upTo(_ videoBytes: Int) -> ClipFacts {
        var facts = self
        facts.bytes = min(facts.bytes, videoBytes)
        return facts
    }
}
