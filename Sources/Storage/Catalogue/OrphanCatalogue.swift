import Foundation
import Synchronization

/// Clips of cameras that do not answer, read from the targets that this node shares with them.
public final class OrphanCatalogue: Sendable {
    private let catalogue: ClipCatalogue
    private let keys: FootageKeys
    private let looks = Mutex(Looks())

    private var targets: TargetSet { catalogue.targets }

    private struct Looks {
        var scans: [Int: TargetScan] = [:]
        /// When each camera's clips were looked for.
        var takenAt: [String: ContinuousClock.Instant] = [:]
        /// Of the catalogue at that time.
        var generation: Int?
    }

    /// Answers are at most this old.
    static let freshness = Duration.seconds(2)
    /// Of a single clip whose camera is gone: it changes no more.
    private static let clipFreshness = Duration.seconds(60)

    /// - Parameters:
    ///   - catalogue: remembers what was found.
    ///   - keys: what no member signed is not shown.
    public init(catalogue: ClipCatalogue, keys: FootageKeys) {
        self.catalogue = catalogue
        self.keys = keys
    }

    /// Clips of exactly these cameras, newest first. Of a target that cannot be read it is what was found last.
    public func clips(of cameras: Set<String>, _ query: ClipQuery) async -> [CatalogueEntry] {
        if targets.present.isEmpty || cameras.isEmpty { return [] }
        await refresh(cameras, freshness: Self.freshness)
        return catalogue.clips(query, of: cameras)
    }

    public func clip(_ id: ClipID, of camera: String) async -> CatalogueEntry? {
        if targets.present.isEmpty { return nil }
        // Who plays or exports it asks for it again and again.
        if catalogue.clip(id) != nil { await refresh([camera], freshness: Self.clipFreshness) } else { await refresh([camera], freshness: Self.freshness) }
        return catalogue.clip(id).flatMap { $0.facts.camera == camera ? $0 : nil }
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
        try await file(.manifest, of: entry) { target, file throws(TargetError) in try target.readAll(file, limit: FoundClip.manifestLimit) }
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

    /// Looks again for those who were looked for too long ago; the others are not asked for.
    private func refresh(_ cameras: Set<String>, freshness: Duration) async {
        try? await TargetQueue.shared.run { () throws(TargetError) in
            self.looks.withLock { looks in
                let now = ContinuousClock.now
                if looks.generation != self.catalogue.generation { (looks.takenAt, looks.generation) = ([:], self.catalogue.generation) }
                let stale = cameras.filter { camera in looks.takenAt[camera].map { now - $0 >= freshness } ?? true }
                if !stale.isEmpty { self.look(for: stale, &looks) }
                // From the look's end on: it may take longer than it stays fresh.
                for camera in stale { looks.takenAt[camera] = .now }
                looks.takenAt = looks.takenAt.filter { now - $0.value < Self.memory }
            }
        }
    }

    private static let memory = Duration.seconds(600)

    private func look(for cameras: Set<String>, _ looks: inout Looks) {
        let present = targets.present
        looks.scans = looks.scans.filter { scan in present.contains { $0.number == scan.key } }
        for (number, place) in present {
            catalogue.location(of: number)
            let target = place.reading
            try? looks.scans[number, default: TargetScan(target, number: number, catalogue: catalogue)].look { folder in
                target.owner(of: folder).map(cameras.contains) ?? false
            } take: { found throws(TargetError) in
                guard cameras.contains(found.manifest.facts.camera), self.keys.verifies(found.manifest) else { return nil }
                return Self.shown(found, on: target)
            }
        }
    }

    /// A clip that nobody has closed is as long as its file.
    private static func shown(_ found: FoundClip, on target: some TargetFiles) -> TargetScan.Known? {
        let (facts, signature) = (found.manifest.facts, found.manifest.signature)
        guard facts.state == .recording else { return (facts, signature) }
        return (try? TargetLister.interrupted(facts, video: found.path.file(.video), bytes: found.videoBytes, on: target)).map { ($0, signature) }
    }
}
