/// When a peer keeps a copy of a clip until the targets hold it, read back right.
public enum PeerCopies: String, Sendable, CaseIterable {
    /// When no target has taken a fragment a second after it was cut; without any target at once.
    case late
    /// At once, whatever the targets do: whoever takes a camera along and deletes its footage on the target finds another copy.
    case always
    case never
}

/// Copies at a peer, fragment by fragment, of what no target holds in time: so a camera that is stolen takes no more than its last second along.
extension SpoolPlan {
    /// One clip at one peer.
    struct Replica: Sendable {
        let holder: String
        var videoBytes = 0
        var hasPoster = false
        var manifestEdition = 0
        /// Memory has let go of it: the peer brings it to the targets.
        var isHandedOver = false
        /// The peer knows that.
        var isHandOverTold = false
        /// The peer wants no more of it.
        var isRefused = false
        /// The peer had no room for more when it was told last.
        var hasNoRoom = false
    }

    /// What a peer is to be told next. Telling it twice does no harm.
    public struct ReplicaJob: Sendable {
        public enum Work: Sendable {
            /// The sidecar so far, before anything else, and which edition of it; and whether the clip is the peer's to bring to the targets.
            case manifest([UInt8], edition: Int, isHandedOver: Bool)
            /// Whole fragments one behind the other, from a place in the video file on.
            case video(bytes: [any FragmentBytes], offset: Int)
            case poster(any FragmentBytes)
            /// Its copy is not needed any more.
            case release
        }
        public let clip: ClipID
        /// The peer's id.
        public let holder: String
        public let work: Work
    }

    /// How long a target may take for a fragment before a peer gets it, too. Without any target a peer gets it at once.
    static let replicaDelay = Duration.seconds(1)

    /// Most video bytes of one job for a peer: a slow radio takes a second for them.
    static let replicaBatchBytes = 1 << 20
    /// Most fragments of one job for a peer, which checks a signature for each.
    static let replicaBatchFragments = 64

    /// From now on that peer takes copies of clips that none has yet; nil: nobody does.
    public mutating func setHolder(_ holder: String?) { self.holder = peerCopies == .never ? nil : holder }

    /// What is to be told next, the oldest clip first; nil when there is nothing now.
    ///
    /// - Parameter absent: peers that are not to be asked now.
    public func nextReplicaJob(now: ContinuousClock.Instant, without absent: Set<String> = []) -> ReplicaJob? {
        if let release = releases.first(where: { !absent.contains($0.holder) }) { return release }
        for clip in order {
            guard let entry = entries[clip], !entry.isRescue, !entry.isUnreadable(now) else { continue }
            guard let replica = entry.replica else {
                guard let holder, !absent.contains(holder), needsReplica(entry).map({ $0 <= now }) ?? false else { continue }
                return ReplicaJob(clip: clip, holder: holder, work: .manifest(entry.manifest, edition: entry.manifestEdition, isHandedOver: false))
            }
            if replica.isRefused || absent.contains(replica.holder) { continue }
            if let work = nextWork(for: replica, of: entry) { return ReplicaJob(clip: clip, holder: replica.holder, work: work) }
        }
        return nil
    }

    /// When a clip will need a peer's copy next, if no target takes it until then.
    public func nextReplica() -> ContinuousClock.Instant? {
        holder == nil ? nil : order.compactMap { entries[$0].flatMap { $0.replica == nil && !$0.isRescue ? needsReplica($0) : nil } }.min()
    }

    /// Whether a peer should have what comes now, and cannot, because memory has let go of the clip's beginning: the recording is to go on in
    /// another clip.
    public func needsBeginning(_ clip: ClipID, now: ContinuousClock.Instant) -> Bool {
        guard holder != nil, !targets.isEmpty, let entry = entries[clip], let first = entry.chunks.first else { return false }
        // A peer that took the camera for gone takes no more of this clip either, and one without room holds it up.
        guard entry.replica.map({ $0.isRefused || $0.isHandedOver && $0.hasNoRoom }) ?? (first.offset > 0) else { return false }
        let best = entry.copies.values.lazy.filter { !$0.givenUp }.map(\.videoBytes).max() ?? 0
        return entry.chunks.contains { chunk in chunk.end > best && chunk.since.map { $0 + Self.replicaDelay <= now } ?? false }
    }

    /// From when on a peer should have it; nil: nobody needs it.
    private func needsReplica(_ entry: Entry) -> ContinuousClock.Instant? {
        // From its first byte on, or it would be of no use.
        guard let first = entry.chunks.first, first.offset == 0 else { return nil }
        let isAtOnce = targets.isEmpty || peerCopies == .always
        let best = isAtOnce ? 0 : entry.copies.values.lazy.filter { !$0.givenUp }.map(\.videoBytes).max() ?? 0
        guard let waiting = entry.chunks.first(where: { $0.end > best }), let since = waiting.since else { return nil }
        return isAtOnce ? since : since + Self.replicaDelay
    }

    private func nextWork(for replica: Replica, of entry: Entry) -> ReplicaJob.Work? {
        if replica.isHandedOver && !replica.isHandOverTold { return .manifest(entry.manifest, edition: entry.manifestEdition, isHandedOver: true) }
        let batch = replica.videoBytes < entry.totalBytes ? entry.batch(from: replica.videoBytes, limit: Self.replicaBatchBytes, count: Self.replicaBatchFragments) : []
        if !batch.isEmpty { return .video(bytes: batch, offset: replica.videoBytes) }
        if let poster = entry.poster, !replica.hasPoster { return .poster(poster) }
        guard replica.manifestEdition < entry.manifestEdition else { return nil }
        return .manifest(entry.manifest, edition: entry.manifestEdition, isHandedOver: replica.isHandedOver)
    }

    /// The peer has heeded it.
    public mutating func finish(_ job: ReplicaJob) {
        if case .release = job.work {
            releases.removeAll { $0.clip == job.clip && $0.holder == job.holder }
            return
        }
        guard let entry = entries[job.clip] else { return }
        guard var replica = entry.replica ?? (job.holder == holder ? Replica(holder: job.holder) : nil), replica.holder == job.holder else { return }
        switch job.work {
        case .manifest(_, let edition, let isHandedOver):
            replica.manifestEdition = max(edition, replica.manifestEdition)
            if isHandedOver { replica.isHandOverTold = true }
        case .video(let bytes, let offset):
            guard replica.videoBytes == offset else { return }
            replica.videoBytes += bytes.reduce(0) { $0 + $1.count }
        case .poster: replica.hasPoster = true
        case .release: break
        }
        replica.hasNoRoom = false
        entries[job.clip]!.replica = replica
        release(job.clip)
        forgetIfDone(job.clip)
    }

    /// The peer has so many bytes of the clip, from its first on, whatever was thought: an answer was lost, or it began anew itself.
    public mutating func corrected(_ job: ReplicaJob, bytes: Int) {
        if case .release = job.work { return finish(job) }
        guard let entry = entries[job.clip], let replica = entry.replica, replica.holder == job.holder else { return }
        let isGood = bytes == entry.totalBytes || entry.chunks.contains { $0.offset == bytes }
        if isGood { entries[job.clip]!.replica!.videoBytes = bytes } else { forgotten(job) }
    }

    /// The peer knows nothing of the clip any more: it gets it from the first byte on, where memory still has that.
    public mutating func forgotten(_ job: ReplicaJob) {
        if case .release = job.work { return finish(job) }
        guard let entry = entries[job.clip], let replica = entry.replica, replica.holder == job.holder else { return }
        entries[job.clip]!.replica = nil
        guard replica.isHandedOver else { return }
        // What only it had is lost, and what is left has no beginning.
        entries[job.clip]!.isLetGo = true
        if entry.isClosed { drop(job.clip) }
    }

    /// The peer has no room for it: another one gets it, from its first byte on; where memory has no such thing any more, it waits for room.
    public mutating func noRoom(_ job: ReplicaJob) {
        if holder == job.holder { holder = nil }
        guard let replica = entries[job.clip]?.replica, replica.holder == job.holder else { return }
        if replica.isHandedOver {
            entries[job.clip]!.replica!.hasNoRoom = true
            return
        }
        entries[job.clip]!.replica = nil
        release(replica, of: job.clip)
    }

    /// The peer takes no more of the clip, because it holds the camera for gone and brings the clip to the targets, or because nothing of it fits.
    /// What it has of a clip that was handed over it brings to the targets all the same; the rest has no beginning any more, and is lost.
    public mutating func refused(_ job: ReplicaJob) {
        switch job.work {
        // The clip is worth keeping without its picture.
        case .release, .poster: return finish(job)
        case .manifest, .video: break
        }
        guard let entry = entries[job.clip], let replica = entry.replica, replica.holder == job.holder else { return }
        // It has all of it, and is on its way to the targets with it.
        if case .manifest = job.work, replica.isHandedOver, replica.videoBytes == entry.totalBytes { return finish(job) }
        entries[job.clip]!.replica!.isRefused = true
        guard replica.isHandedOver else { return }
        entries[job.clip]!.isLetGo = true
        if entry.isClosed { drop(job.clip, keepsReplica: true) }
    }

    /// Whether the clip was a peer's to bring, and that has let go of it.
    public func isLetGo(_ clip: ClipID) -> Bool { entries[clip]?.isLetGo ?? false }

    /// Whether the clip is a peer's to bring.
    public func isHandedOver(_ clip: ClipID) -> Bool { entries[clip]?.replica?.isHandedOver ?? false }

    /// The peer does not answer any more.
    public mutating func lost(holder: String) {
        if self.holder == holder { self.holder = nil }
        for clip in order where entries[clip]?.replica?.holder == holder {
            // What was handed over waits for it; what is recorded from now on does not, and goes into another clip or to the disk.
            if entries[clip]!.replica!.isHandedOver { entries[clip]!.replica!.hasNoRoom = true } else { entries[clip]!.replica = nil }
        }
    }

    /// The peer that holds all that was admitted of the clip.
    public func holder(of clip: ClipID) -> String? {
        guard let entry = entries[clip], let replica = entry.replica, replica.videoBytes == entry.totalBytes, entry.totalBytes > 0 else { return nil }
        return replica.holder
    }

    // MARK: Handing over

    /// Rule 3: memory ends, and a peer has a part of it. A peer that stopped taking it afterwards would cost what it has not taken; so not before it
    /// has more than that.
    mutating func handOver(_ clip: ClipID) {
        guard !targets.isEmpty, let entry = entries[clip], let replica = entry.replica, !replica.isRefused, let first = entry.chunks.first,
            replica.videoBytes - first.offset > entry.totalBytes - replica.videoBytes
        else { return }
        entries[clip]!.replica!.isHandedOver = true
        for target in entry.copies.keys { entries[clip]!.copies[target]!.givenUp = true }
        release(clip)
    }

    func isHandedOverWhole(_ clip: ClipID) -> Bool {
        guard let entry = entries[clip], entry.isClosed, let replica = entry.replica, replica.isHandedOver, replica.isHandOverTold else { return false }
        return replica.videoBytes == entry.totalBytes && replica.manifestEdition == entry.manifestEdition && (entry.poster == nil || replica.hasPoster)
    }

    mutating func release(_ replica: Replica, of clip: ClipID) {
        releases.append(ReplicaJob(clip: clip, holder: replica.holder, work: .release))
        // A peer that is never told keeps it until this run of the camera is over.
        if releases.count > Self.releaseLimit { releases.removeFirst() }
    }

    private static let releaseLimit = 1000

    // MARK: Others' clips

    /// A clip of a camera that is gone, which this node kept: the targets get it like this node's own.
    ///
    /// - Parameters:
    ///   - pieces: all of it, as it came.
    ///   - opening: its sidecar as long as a target does not have all of it.
    public mutating func rescue(
        _ clip: ClipID, path: ClipPath, pieces: [any FragmentBytes], poster: (any FragmentBytes)?, opening: [UInt8], manifest: [UInt8]
    ) {
        guard entries[clip] == nil, !targets.isEmpty else { return }
        open(clip, path: path, manifest: opening)
        entries[clip]!.isRescue = true
        setManifest(manifest, of: clip, closed: true)
        entries[clip]!.poster = poster
        for piece in pieces {
            entries[clip]!.chunks.append(Chunk(offset: entries[clip]!.totalBytes, parts: [piece]))
            entries[clip]!.totalBytes += piece.count
        }
    }

    /// What the target's file of that name holds is the beginning of the clip, up to there: writing goes on behind it.
    public mutating func adopted(_ clip: ClipID, on target: Int, bytes: Int, now: ContinuousClock.Instant?) {
        guard entries[clip]?.copies[target] != nil else { return }
        entries[clip]!.copies[target]!.videoBytes = bytes
        entries[clip]!.copies[target]!.readBack.wrote(to: bytes, at: now)
    }

    /// Whether the target has all of the clip, read back or not; also when it has left the plan since.
    public func isWritten(_ clip: ClipID, on target: Int) -> Bool {
        guard let entry = entries[clip] else { return true }
        return entry.copies[target].map { entry.isClosed && entry.isComplete($0) } ?? false
    }

    /// The target needs nothing more of the clip from here.
    public mutating func giveUp(_ clip: ClipID, on target: Int) {
        guard entries[clip]?.copies[target] != nil else { return }
        entries[clip]!.copies[target]!.givenUp = true
        release(clip)
        if entries[clip]!.isClosed, entries[clip]!.replica == nil, entries[clip]!.copies.values.allSatisfy(\.givenUp) { return drop(clip) }
        forgetIfDone(clip)
    }

    /// Whether any target is to get more of the clip.
    public func isWanted(_ clip: ClipID) -> Bool { entries[clip]?.copies.values.contains { !$0.givenUp } ?? false }

    /// What memory has of a clip up to a place: the pieces, and where the last of them ends. Nil when its first byte is not there any more.
    public func beginning(of clip: ClipID, upTo bytes: Int) -> (pieces: [any FragmentBytes], end: Int)? {
        guard let chunks = entries[clip]?.chunks, chunks.first?.offset == 0 else { return nil }
        let pieces = chunks.prefix { $0.end <= bytes }
        return (pieces.flatMap(\.parts), pieces.last?.end ?? 0)
    }
}
