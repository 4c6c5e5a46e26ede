import Foundation
import Synchronization

/// Clips of cameras that do not answer, read from the targets that this node shares with them.
public final class OrphanCatalogue: Sendable {
    private let catalogue: ClipCatalogue
    private let keys: FootageKeys
    private let looks = Mutex<[Int: OrphanLook]>([:])
    private let ended = ChangeFeed<Void>(capacity: 1)

    private var targets: TargetSet { catalogue.targets }

    /// Answers are at most this old, unless a target takes longer than anybody waits.
    static let freshness = Duration.seconds(2)
    /// How long an answer waits for a target where something is known already, and where nothing is.
    private static let patience = Duration.milliseconds(150)
    private static let firstPatience = Duration.seconds(2)
    /// Of a single clip whose camera is gone: it changes no more.
    private static let clipFreshness = Duration.seconds(60)

    /// - Parameters:
    ///   - catalogue: remembers what was found.
    ///   - keys: what no member signed is not shown.
    public init(catalogue: ClipCatalogue, keys: FootageKeys) {
        self.catalogue = catalogue
        self.keys = keys
    }

    /// Clips of exactly these cameras, newest first. Of a target that cannot be read, or takes long, it is what was found last.
    public func clips(of cameras: Set<String>, _ query: ClipQuery) async -> [CatalogueEntry] {
        if targets.present.isEmpty || cameras.isEmpty { return [] }
        await refresh(cameras, freshness: Self.freshness)
        return catalogue.clips(query, of: cameras)
    }

    public func clip(_ id: ClipID, of camera: String) async -> CatalogueEntry? {
        if targets.present.isEmpty { return nil }
        // Who plays or exports it asks for it again and again.
        if catalogue.clip(id) != nil {
            await refresh([camera], freshness: Self.clipFreshness)
        } else {
            // "There is none" must not mean "not yet".
            await refresh([camera], freshness: Self.freshness, patience: TargetProcess.patience)
        }
        return catalogue.clip(id).flatMap { $0.facts.camera == camera ? $0 : nil }
    }

    public func read(_ entry: CatalogueEntry, at offset: Int, count: Int) async throws -> [UInt8] {
        let end = min(offset + count, entry.facts.bytes)
        var bytes: [UInt8] = []
        while offset + bytes.count < end {
            let place = offset + bytes.count
            let part = try await file(.video, of: entry, told: \.count) { target, file throws(TargetError) in try target.read(file, at: place, count: end - place) }
            if part.isEmpty { break }
            bytes += part
        }
        return bytes
    }

    public func poster(of entry: CatalogueEntry) async throws -> [UInt8] {
        try await file(.poster, of: entry) { target, file throws(TargetError) in try target.readAll(file, limit: 8 << 20) }
    }

    /// Its sidecar.
    public func manifest(of entry: CatalogueEntry) async throws -> [UInt8] {
        try await file(.manifest, of: entry, told: entry.told) { target, file throws(TargetError) in try target.readAll(file, limit: FoundClip.manifestLimit) }
    }

    /// - Parameter told: see ``BestAnswer``.
    private func file(
        _ kind: ClipPath.Kind, of entry: CatalogueEntry, told: ([UInt8]) -> Int = { _ in .max },
        _ read: @escaping @Sendable (TargetProcess, String) throws(TargetError) -> [UInt8]
    ) async throws -> [UInt8] {
        let present = looks.withLock { $0 }
        // Those that work first: one that hangs takes its time.
        let broken = Set(present.filter { $0.value.hasFailed }.keys)
        var best = kind == .video ? BestAnswer(least: 1, wanted: 1) : BestAnswer(least: 0, wanted: entry.facts.bytes)
        for (number, path) in entry.places(broken: broken) {
            guard let target = targets[number]?.reading, !broken.contains(number) || !best.isSomething else { continue }
            do {
                let bytes = try await TargetQueue.shared.run { () throws(TargetError) in try read(target, path.file(kind)) }
                if best.take(bytes, told: told(bytes)) { return bytes }
            } catch {
                if error.code == ETIMEDOUT { present[number]?.hangs() }
                best.problem = "\(error)"
            }
        }
        return try best.get(otherwise: "no target holds it")
    }

    /// Looks again for those who were looked for too long ago, on all targets at once; a target that hangs holds up neither the others nor the answer.
    ///
    /// - Parameter patience: how long to wait; nil: as long as a list may take.
    private func refresh(_ cameras: Set<String>, freshness: Duration, patience: Duration? = nil) async {
        let news = ended.subscribe()
        let looks = presentLooks()
        // All of them, so that each begins.
        @Sendable func areFresh() -> Bool { looks.filter { !$0.isFresh(cameras, within: freshness) }.isEmpty }
        if areFresh() { return }
        let first = looks.compactMap { $0.firstLookTime(cameras) }.min()
        let patience = patience ?? max(Self.patience, first.map { Self.firstPatience - $0 } ?? .zero)
        await withTaskGroup { group in
            group.addTask { for await _ in news where areFresh() { return } }
            group.addTask { try? await ContinuousClock().sleep(for: patience) }
            await group.next()
            group.cancelAll()
        }
    }

    private func presentLooks() -> [OrphanLook] {
        let present = targets.present
        return looks.withLock { looks in
            looks = looks.filter { look in present.contains { $0.number == look.key } }
            for (number, target) in present where looks[number] == nil {
                catalogue.location(of: number)
                looks[number] = OrphanLook(target.reading, number: number, catalogue: catalogue, keys: keys, ended: ended)
            }
            return Array(looks.values)
        }
    }
}
