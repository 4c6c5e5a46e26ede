import Foundation
import Synchronization

/// Clips of cameras that do not answer, read from the targets that this node shares with them.
public final class OrphanCatalogue: Sendable {
    private let targets: TargetSet
    private let verify: @Sendable (_ signer: String, _ bytes: [UInt8], _ signature: [UInt8]) -> Bool
    private let cache: Mutex<Cache>

    private struct Cache {
        var scans: [Int: TargetScan] = [:]
        var index = ClipIndex()
        var cameras: Set<String> = []
        var takenAt: ContinuousClock.Instant?
    }

    /// Answers are at most this old.
    static let freshness = Duration.seconds(2)

    /// - Parameter verify: whether `signature` is the signer's over these bytes; manifests that fail are not shown.
    public init(
        targets: TargetSet,
        verify: @escaping @Sendable (_ signer: String, _ bytes: [UInt8], _ signature: [UInt8]) -> Bool
    ) {
        self.targets = targets
        self.verify = verify
        cache = Mutex(Cache())
    }

    /// Clips of exactly these cameras, newest first. A target that cannot be read contributes nothing.
    public func clips(of cameras: Set<String>, _ query: ClipQuery) async -> [CatalogueEntry] {
        if targets.present.isEmpty || cameras.isEmpty { return [] }
        return await blocking { cache in self.refresh(&cache, cameras); return cache.index.clips(query) } ?? []
    }

    public func clip(_ id: ClipID, of camera: String) async -> CatalogueEntry? {
        if targets.present.isEmpty { return nil }
        return await blocking { cache in self.refresh(&cache, [camera]); return cache.index[id] } ?? nil
    }

    public func read(_ entry: CatalogueEntry, at offset: Int, count: Int) async throws -> [UInt8] {
        try await file(.video, of: entry) { target, file throws(TargetError) in
            try target.read(file, at: offset, count: min(count, max(0, entry.facts.bytes - offset)))
        }
    }

    public func poster(of entry: CatalogueEntry) async throws -> [UInt8] {
        try await file(.poster, of: entry) { target, file throws(TargetError) in try target.readAll(file, limit: 8 << 20) }
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

    private func refresh(_ cache: inout Cache, _ cameras: Set<String>) {
        let now = ContinuousClock.now
        if let takenAt = cache.takenAt, now - takenAt < Self.freshness, cameras.isSubset(of: cache.cameras) {
            if cameras != cache.cameras { cache.takenAt = nil } else { return }
        }
        var index = ClipIndex()
        let present = targets.present
        cache.scans = cache.scans.filter { scan in present.contains { $0.number == scan.key } }
        for (number, place) in present {
            let target = place.reading
            let found = (try? cache.scans[number, default: TargetScan(target)].clips { folder in target.owner(of: folder).map(cameras.contains) ?? false }) ?? []
            for clip in found where cameras.contains(clip.manifest.facts.camera) {
                let facts = clip.manifest.facts
                guard clip.manifest.signer == facts.id.node,
                    verify(clip.manifest.signer, clip.manifest.factsBytes, clip.manifest.signature)
                else { continue }
                var entry =
                    index[facts.id]
                    ?? CatalogueEntry(
                        facts: facts.state == .recording
                            ? TargetLister.interrupted(facts, video: clip.path.file(.video), bytes: clip.videoBytes, on: target) : facts,
                        signature: clip.manifest.signature.hex, isStored: true)
                entry.places[number] = clip.path
                index.set(entry)
            }
        }
        cache.index = index
        cache.cameras = cameras
        cache.takenAt = now
    }
}
