import Synchronization

/// Looks at one target for clips of cameras that are gone. One look at a time; nobody has to wait for its end.
final class OrphanLook: Sendable {
    private struct State {
        var isUnderWay = false
        var hasFailed = false
        /// When each camera's clips were first asked for, and when a look for them had last ended.
        var begunAt: [String: ContinuousClock.Instant] = [:]
        var takenAt: [String: ContinuousClock.Instant] = [:]
        /// Of the catalogue at that time.
        var generation: Int?
    }

    /// A camera that nobody asked for so long is forgotten.
    private static let memory = Duration.seconds(600)

    private let target: TargetProcess
    private let catalogue: ClipCatalogue
    private let keys: FootageKeys
    private let ended: ChangeFeed<Void>
    private let state = Mutex(State())
    private let scan: Mutex<TargetScan>

    /// - Parameter ended: hears of the end of each look.
    init(_ target: TargetProcess, number: Int, catalogue: ClipCatalogue, keys: FootageKeys, ended: ChangeFeed<Void>) {
        (self.target, self.catalogue, self.keys, self.ended) = (target, catalogue, keys, ended)
        scan = Mutex(TargetScan(target, number: number, catalogue: catalogue))
    }

    /// Whether what is known of these cameras is no older than that; begins a look otherwise, unless one is under way.
    func isFresh(_ cameras: Set<String>, within freshness: Duration) -> Bool {
        let now = ContinuousClock.now
        let stale: Set<String>? = state.withLock { state in
            if state.generation != catalogue.generation { (state.begunAt, state.takenAt, state.generation) = ([:], [:], catalogue.generation) }
            let stale = cameras.filter { camera in state.takenAt[camera].map { now - $0 >= freshness } ?? true }
            if stale.isEmpty { return nil }
            // From now on, even where another look has to end first.
            for camera in stale where state.begunAt[camera] == nil { state.begunAt[camera] = now }
            if state.isUnderWay { return [] }
            state.isUnderWay = true
            state.takenAt = state.takenAt.filter { now - $0.value < Self.memory }
            state.begunAt = state.begunAt.filter { state.takenAt[$0.key] != nil || now - $0.value < Self.memory }
            return stale
        }
        guard let stale else { return true }
        if !stale.isEmpty { begin(for: stale) }
        return false
    }

    /// Whether the last look that ended could not be made, or a reader found since that the target hangs.
    var hasFailed: Bool { state.withLock { $0.hasFailed } }

    func hangs() { state.withLock { $0.hasFailed = true } }

    /// For how long these cameras' clips have been asked for, if no look has found out yet; nil: each was looked for.
    func firstLookTime(_ cameras: Set<String>) -> Duration? {
        let now = ContinuousClock.now
        return state.withLock { state in cameras.filter { state.takenAt[$0] == nil }.map { camera in state.begunAt[camera].map { now - $0 } ?? .zero }.min() }
    }

    private func begin(for cameras: Set<String>) {
        // Nobody owns it: whoever asked has long gone on, and it ends with the target's answers, which have a bound.
        Task {
            let isDone = (try? await TargetQueue.shared.run { () throws(TargetError) in try self.look(for: cameras) }) != nil
            state.withLock { state in
                (state.isUnderWay, state.hasFailed) = (false, !isDone)
                // From the look's end on: it may take longer than it stays fresh.
                for camera in cameras { state.takenAt[camera] = .now }
            }
            ended.publish(())
        }
    }

    private func look(for cameras: Set<String>) throws(TargetError) {
        // What could not be read is for the next look, which comes soon.
        _ = try scan.withLock { scan throws(TargetError) in
            try scan.look { folder in
                keys.mayHold(target.discoveryNote(in: folder), clipsOf: cameras)
            } take: { found throws(TargetError) in
                guard cameras.contains(found.manifest.facts.camera), keys.verifies(found.manifest) else { return nil }
                return try shown(found)
            }
        }
    }

    /// A clip that nobody has closed is as long as its file.
    private func shown(_ found: FoundClip) throws(TargetError) -> TargetScan.Known {
        let (facts, signature) = (found.manifest.facts, found.manifest.signature)
        guard facts.state == .recording else { return (facts, signature) }
        return (try TargetLister.interrupted(facts, video: found.path.file(.video), bytes: found.videoBytes, on: target), signature)
    }
}
