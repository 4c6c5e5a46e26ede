import Foundation
import Synchronization

/// Clips of cameras that do not answer, read from the targets that this node shares with them.
public final class OrphanCatalogue: Sendable {
    private let targets: TargetSet
    private let keys: FootageKeys
    private let cache: Mutex<Cache>

    private struct Cache {
        var scans: [Int: TargetScan] = [:]
        var cameras: [String: Shelf] = [:]
    }

    /// One camera's clips.
    private struct Shelf {
        var index = ClipIndex()
        var takenAt: ContinuousClock.Instant
    }

    /// Answers are at most this old.
    static let freshness = Duration.seconds(2)
    /// Of a single clip whose camera is gone: it changes no more.
    private static let clipFreshness = Duration.seconds(60)

    /// - Parameter keys: what no member signed is not shown.
    public init(targets: TargetSet, keys: FootageKeys) {
        self.targets = targets
        self.keys = keys
        cache = Mutex(Cache())
    }

    /// Clips of exactly these cameras, newest first. A target that cannot be read contributes nothing.
    public func clips(of cameras: Set<String>, _ query: ClipQuery) async -> [CatalogueEntry] {
        if targets.present.isEmpty || cameras.isEmpty { return [] }
        return await blocking { cache in
            self.refresh(&cache, cameras)
            let found = cameras.flatMap { cache.cameras[$0]?.index.clips(query) ?? [] }
            return Array(found.sorted { ($0.facts.start, $0.facts.id) > ($1.facts.start, $1.facts.id) }.prefix(query.limit))
        } ?? []
    }

    public func clip(_ id: ClipID, of camera: String) async -> CatalogueEntry? {
        if targets.present.isEmpty { return nil }
        return await blocking { cache in
            // Who plays or exports it asks for it again and again.
            if let shelf = cache.cameras[camera], ContinuousClock.now - shelf.takenAt < Self.clipFreshness, let entry = shelf.index[id] { return entry }
            self.refresh(&cache, [camera])
            return cache.cameras[camera]?.index[id]
        } ?? nil
    }

    public func read(_ entry: CatalogueEntry, at offset: Int, count: Int) async throws -> [UInt8] {
        try await file(.video, of: entry) { target, file throws(TargetError) in
            try target.read(file, at: offset, count: min(count, max(0, entry.facts.bytes - offset)))
        }
    }

    public func poster(of entry: CatalogueEntry) async throws -> [UInt8] {
        try await file(.poster, of: entry) { target, file throws(TargetError) in try target.readAll(file, limit: 8 << 20) }
    }

    /// Its sidecar.
    public func manifest(of entry: CatalogueEntry) async throws -> [UInt8] {
        try await file(.manifest, of: entry) { target, file throws(TargetError) in try target.readAll(file, limit: TargetScan.manifestLimit) }
    }

    private func file(
        _ kind: ClipPath.Kind, of entry: CatalogueEntry,
        _ read: @escaping @Sendable (TargetProcess, String) throws(TargetError) -> [UInt8]
    ) async throws -> [UInt8] {
        var problem = "no target holds it"
        for (number, path) in entry.places.sorted(by: { $0.key < $1.key }) {
            guard let target = targets[number]?.reading else { continue }
            do {
                return try await TargetQueue.shared.run { () throws(TargetError) in try read(target, path.file(kind)) }
            } catch {
                problem = "\(error)"
            }
        }
        throw ClipReadError.unavailable(problem)
    }

    private func blocking<Result: Sendable>(_ work: @escaping @Sendable (inout Cache) -> Result) async -> Result? {
        try? await TargetQueue.shared.run { () throws(TargetError) in self.cache.withLock { work(&$0) } }
    }

    /// Looks again for those of whom nothing is known that is fresh enough; the others are not asked for.
    private func refresh(_ cache: inout Cache, _ cameras: Set<String>) {
        let now = ContinuousClock.now
        let stale = cameras.filter { camera in cache.cameras[camera].map { now - $0.takenAt >= Self.freshness } ?? true }
        if stale.isEmpty { return }
        var shelves = Dictionary(uniqueKeysWithValues: stale.map { ($0, Shelf(takenAt: now)) })
        let present = targets.present
        cache.scans = cache.scans.filter { scan in present.contains { $0.number == scan.key } }
        for (number, place) in present {
            let target = place.reading
            let found = (try? cache.scans[number, default: TargetScan(target)].clips { folder in target.owner(of: folder).map(stale.contains) ?? false }) ?? []
            for clip in found where stale.contains(clip.manifest.facts.camera) {
                guard let entry = entry(of: clip, known: shelves[clip.manifest.facts.camera]?.index[clip.manifest.facts.id], on: target, number) else { continue }
                shelves[clip.manifest.facts.camera]?.index.set(entry)
            }
        }
        cache.cameras.merge(shelves) { _, new in new }
        // Who answers again is asked for no more.
        cache.cameras = cache.cameras.filter { now - $0.value.takenAt < Self.memory }
    }

    private static let memory = Duration.seconds(600)

    private func entry(of clip: TargetScan.Found, known: CatalogueEntry?, on target: some TargetFiles, _ number: Int) -> CatalogueEntry? {
        var facts = clip.manifest.facts
        guard keys.verifies(clip.manifest) else { return nil }
        if known == nil, facts.state == .recording {
            guard let closed = try? TargetLister.interrupted(facts, video: clip.path.file(.video), bytes: clip.videoBytes, on: target) else { return nil }
            facts = closed
        }
        var entry = known ?? CatalogueEntry(facts: facts, signature: clip.manifest.signature.hex, isStored: true)
        entry.places[number] = clip.path
        return entry
    }
}
