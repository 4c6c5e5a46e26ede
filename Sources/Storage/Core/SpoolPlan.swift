/// Decides what lies in memory on its way to the targets, what is written next, and what is given up when memory ends.
///
/// A value without I/O: the store feeds it what happened, target writers ask it for their next job.
///
/// - Order: every target gets the oldest clip first: its first bytes, a first manifest, the other bytes in order, then the poster
///   and the newest manifest.
/// - Refusals: a clip that a target does not take though it works steps aside there; see ``setAside(_:on:now:)``.
/// - Reading back: what a target has written is read back `settle` later, and written again where it is not right; see ``readBack``.
/// - Peers: what no target holds in time goes to a peer, too; see ``nextReplicaJob(now:)``.
/// - Release: bytes leave memory when every target that still wants them holds them, read back right.
/// - Bound: `capacityBytes`. When the next fragment does not fit:
///   1. bytes that every target has written are released without being read back;
///   2. then bytes that one target holds already are released, and slower targets give that clip up;
///   3. then bytes that a peer holds are released, and the peer brings that clip to the targets; what no peer takes has gone to the local disk
///      before, where there is one, and leaves memory with that (``nextDiskJob()``);
///   4. then the oldest closed clip is dropped whole, again and again;
///   5. then the fragment itself is refused, and all that follow until one that begins with a key frame fits.
public struct SpoolPlan: Sendable {
    /// What a target writer is to do next. Doing it twice does no harm.
    public struct Job: Sendable {
        public enum Work: Sendable {
            /// Bytes one behind the other, from a place in the video file on; the first ones create the file. All that waits comes in
            /// one job, up to ``SpoolPlan/batchBytes``, because making it durable costs the same for one fragment and for twenty.
            case video(bytes: [any FragmentBytes], offset: Int)
            case poster(any FragmentBytes)
            /// The whole sidecar, and which edition of it.
            case manifest([UInt8], edition: Int)
            /// Whether the target holds these bytes from a place in the video file on.
            case readBack(bytes: [any FragmentBytes], offset: Int)
            /// Whether the target's sidecar is this one.
            case readBackManifest([UInt8], edition: Int)
        }
        public let clip: ClipID
        public let path: ClipPath
        public let work: Work
        /// Whether a file of that name that is there is this clip's own, damaged: it goes first.
        var replacesFile = false

        /// Whether the clip appears on the target with it.
        var createsFile: Bool {
            if case .video(_, 0) = work { true } else { false }
        }

        /// The same with all bytes in memory, see ``FragmentBytes/loaded()``.
        func loaded() throws -> Job {
            let work: Work = switch work {
            case .video(let bytes, let offset): .video(bytes: try bytes.map { try $0.loaded() }, offset: offset)
            case .readBack(let bytes, let offset): .readBack(bytes: try bytes.map { try $0.loaded() }, offset: offset)
            case .poster(let bytes): .poster(try bytes.loaded())
            case .manifest, .readBackManifest: self.work
            }
            return Job(clip: clip, path: path, work: work, replacesFile: replacesFile)
        }
    }

    /// What came of adding a fragment.
    public struct Admission: Sendable, Equatable {
        /// False: refused by rule 5; the file has a gap.
        public var admitted: Bool
        /// Clips that were dropped to make room, by rule 4.
        public var dropped: [ClipID] = []
        /// Clips that a slower target gave up, by rule 2.
        public var givenUp: [GivenUp] = []

        public struct GivenUp: Sendable, Equatable {
            public let clip: ClipID
            public let target: Int
        }
    }

    /// A fragment, with what goes with it.
    struct Chunk: Sendable {
        let offset: Int
        var parts: [any FragmentBytes]
        let count: Int
        /// Whether the local disk has it, and memory no more.
        var isOnDisk = false
        /// Fragments in it: on the disk neighbours become one.
        var fragments = 1
        /// When it came; nil: long ago.
        var since: ContinuousClock.Instant?
        /// Somebody outside this camera has it.
        var hasLeft = false
        var end: Int { offset + count }

        init(offset: Int, parts: [any FragmentBytes], since: ContinuousClock.Instant? = nil) {
            (self.offset, self.parts, self.since) = (offset, parts, since)
            count = parts.reduce(0) { $0 + $1.count }
        }
    }

    /// One clip on one target.
    struct Copy: Sendable {
        var path: ClipPath
        var videoBytes = 0
        var hasPoster = false
        var manifestEdition = 0
        var givenUp = false
        var readBack = ReadBack()
        /// It was refused, and waits; see ``setAside(_:on:now:)``.
        var aside: Aside?
    }

    struct Entry: Sendable {
        /// Where a target that comes later puts it.
        var path: ClipPath
        var chunks: [Chunk] = []
        var totalBytes = 0
        var poster: (any FragmentBytes)?
        var manifest: [UInt8] = []
        var manifestEdition = 0
        /// The first edition, which speaks of no more than a clip that has begun.
        let opening: [UInt8]
        var isClosed = false
        var waitsForKeyFrame = false
        /// By target.
        var copies: [Int: Copy]
        var replica: Replica?
        /// Another camera's clip, whose bytes lie in the ``ReplicaShelf`` and count there.
        var isRescue = false
        var disk: DiskCopy?
        /// A peer that was to bring it to the targets has let go of it, with what it did not have.
        var isLetGo = false

        /// Bytes that memory holds.
        func weight(of chunks: some Sequence<Chunk>) -> Int { isRescue ? 0 : chunks.reduce(0) { $1.isOnDisk ? $0 : $0 + $1.count } }

        /// What waits from `offset` on, in order; at least one chunk, if there is one.
        func batch(from offset: Int, to end: Int = .max, limit: Int = SpoolPlan.batchBytes, count: Int = .max) -> [any FragmentBytes] {
            var batch: [any FragmentBytes] = []
            var next = offset
            var left = count
            for chunk in chunks where chunk.offset == next && chunk.end <= end && (batch.isEmpty || chunk.end - offset <= limit && chunk.fragments <= left) {
                batch += chunk.parts
                next = chunk.end
                left -= chunk.fragments
            }
            return batch
        }

        func isComplete(_ copy: Copy) -> Bool {
            copy.videoBytes == totalBytes && (poster == nil || copy.hasPoster) && copy.manifestEdition == manifestEdition
        }
    }

    /// Most video bytes of one job, unless a single fragment is larger.
    static let batchBytes = 4 << 20

    public let capacityBytes: Int
    /// Most video bytes on the local disk; 0: there is none.
    public internal(set) var diskCapacityBytes: Int
    public let peerCopies: PeerCopies
    /// Whether this run ends: what no target has is for the disk.
    public var isEnding = false
    /// Video bytes on the local disk now.
    public internal(set) var diskBytes = 0
    /// Files there that nobody needs any more.
    var diskRemovals: [DiskJob] = []
    /// How long after its writing something is read back; nil: what is written is taken for held.
    public let settle: Duration?
    /// The targets' numbers; without any the spool is a ring in memory that keeps the newest clips.
    public private(set) var targets: Set<Int>
    /// Video bytes in memory now.
    public internal(set) var heldBytes = 0
    var entries: [ClipID: Entry] = [:]
    /// Oldest first.
    var order: [ClipID] = []
    /// The peer that takes copies of new clips.
    public internal(set) var holder: String?
    /// Copies at peers that are not needed any more, and that they were not told of yet.
    var releases: [ReplicaJob] = []

    public init(
        capacityBytes: Int, diskCapacityBytes: Int = 0, peerCopies: PeerCopies = .late, settle: Duration? = nil, targets: some Sequence<Int> = []
    ) {
        self.peerCopies = peerCopies
        self.capacityBytes = capacityBytes
        self.diskCapacityBytes = diskCapacityBytes
        self.settle = settle
        self.targets = Set(targets)
    }

    /// From now on there is another target. It gets every clip that memory still holds from its first byte on.
    public mutating func add(target: Int) {
        guard targets.insert(target).inserted else { return }
        for clip in order where entries[clip]!.chunks.first.map({ $0.offset == 0 }) ?? (entries[clip]!.totalBytes == 0) {
            entries[clip]!.copies[target] = Copy(path: entries[clip]!.path)
        }
    }

    /// Nothing waits for that target any more.
    public mutating func remove(target: Int) {
        guard targets.remove(target) != nil else { return }
        for clip in order {
            guard entries[clip]?.copies.removeValue(forKey: target) != nil else { continue }
            release(clip)
            forgetIfDone(clip)
        }
    }

    /// - Parameter path: where the clip goes on every target.
    public mutating func open(_ clip: ClipID, path: ClipPath, manifest: [UInt8]) {
        entries[clip] = Entry(path: path, manifest: manifest, manifestEdition: 1, opening: manifest, copies: [:])
        for target in targets { entries[clip]!.copies[target] = Copy(path: path) }
        order.append(clip)
    }

    /// - Parameters:
    ///   - parts: a fragment and what goes with it, one behind the other; all of it is taken or nothing.
    ///   - beginsWithKeyFrame: whether a player can start here, so that a gap may end here.
    ///   - now: for what a peer is to have, when no target takes it in time.
    public mutating func append(
        _ parts: [any FragmentBytes], to clip: ClipID, beginsWithKeyFrame: Bool, now: ContinuousClock.Instant? = nil
    ) -> Admission {
        guard let offset = entries[clip]?.totalBytes else { return Admission(admitted: false) }
        if entries[clip]!.waitsForKeyFrame && !beginsWithKeyFrame { return Admission(admitted: false) }
        let chunk = Chunk(offset: offset, parts: parts, since: now)
        var admission = makeRoom(for: chunk.count, sparing: clip)
        guard admission.admitted else {
            entries[clip]!.waitsForKeyFrame = true
            return admission
        }
        entries[clip]!.waitsForKeyFrame = false
        entries[clip]!.chunks.append(chunk)
        entries[clip]!.totalBytes += chunk.count
        heldBytes += chunk.count
        admission.admitted = true
        return admission
    }

    public mutating func setPoster(_ bytes: any FragmentBytes, of clip: ClipID) {
        entries[clip]?.poster = bytes
    }

    /// A new edition of the sidecar; `closed` says that no fragment follows.
    public mutating func setManifest(_ bytes: [UInt8], of clip: ClipID, closed: Bool) {
        guard entries[clip] != nil else { return }
        entries[clip]!.manifest = bytes
        entries[clip]!.manifestEdition += 1
        entries[clip]!.isClosed = closed
    }

    /// The next job of a target: what is to be written, the oldest clip's first; then what is to be read back. `nil` when there is nothing now.
    ///
    /// - Parameter now: `nil`: nothing is read back.
    public func nextJob(for target: Int, now: ContinuousClock.Instant? = nil) -> Job? {
        nextWrite(for: target, now: now) ?? now.flatMap { nextReading(for: target, now: $0) }
    }

    private func nextWrite(for target: Int, now: ContinuousClock.Instant?) -> Job? {
        for clip in order {
            guard let entry = entries[clip], let copy = entry.copies[target], !copy.givenUp, !copy.isAside(now), !entry.isUnreadable(now) else { continue }
            func job(_ work: Job.Work) -> Job { Job(clip: clip, path: copy.path, work: work, replacesFile: copy.readBack.wasWrong) }
            // Once the file is there its sidecar comes next: without one, nobody finds the clip of a camera that dies while it records.
            if copy.videoBytes > 0, copy.manifestEdition == 0 {
                let isBehind = entry.isClosed && entry.manifestEdition > 1 && copy.videoBytes < entry.totalBytes
                return job(isBehind ? .manifest(entry.opening, edition: 1) : .manifest(entry.manifest, edition: entry.manifestEdition))
            }
            if copy.videoBytes < entry.totalBytes {
                let batch = entry.batch(from: copy.videoBytes)
                if !batch.isEmpty { return job(.video(bytes: batch, offset: copy.videoBytes)) }
            }
            // The file first, so that a sidecar never speaks of a video that is not there.
            guard copy.videoBytes > 0 else { continue }
            if let poster = entry.poster, !copy.hasPoster { return job(.poster(poster)) }
            if copy.manifestEdition < entry.manifestEdition { return job(.manifest(entry.manifest, edition: entry.manifestEdition)) }
        }
        return nil
    }

    /// A target or a peer has these bytes of a clip for sure; to be told before ``finish(_:on:now:)``.
    ///
    /// - Returns: of each fragment that nobody outside had before, how old it was.
    mutating func left(_ clip: ClipID, _ bytes: [any FragmentBytes], from offset: Int, now: ContinuousClock.Instant) -> [Duration] {
        let end = offset + bytes.reduce(0) { $0 + $1.count }
        var ages: [Duration] = []
        for place in entries[clip]?.chunks.indices ?? 0..<0 {
            let chunk = entries[clip]!.chunks[place]
            guard !chunk.hasLeft, chunk.offset >= offset, chunk.end <= end else { continue }
            entries[clip]!.chunks[place].hasLeft = true
            if let since = chunk.since { ages.append(now - since) }
        }
        return ages
    }

    /// A target finished a job. Answers whether the clip is now wholly on every target that wants it, read back or not.
    ///
    /// - Parameter now: needed for what is to be read back.
    @discardableResult
    public mutating func finish(_ job: Job, on target: Int, now: ContinuousClock.Instant? = nil) -> Bool {
        guard var copy = entries[job.clip]?.copies[target] else { return false }
        switch job.work {
        case .video(let bytes, let offset):
            guard copy.videoBytes == offset else { return false }
            copy.videoBytes += bytes.reduce(0) { $0 + $1.count }
            copy.readBack.wrote(to: copy.videoBytes, at: now)
        case .poster:
            copy.hasPoster = true
        case .manifest(_, let edition):
            copy.manifestEdition = max(edition, copy.manifestEdition)
            copy.readBack.manifestWritten = now
        case .readBack(let bytes, let offset):
            guard copy.readBack.bytes == offset else { return false }
            copy.readBack.isRight(to: offset + bytes.reduce(0) { $0 + $1.count })
        case .readBackManifest(_, let edition):
            copy.readBack.manifestEdition = max(edition, copy.readBack.manifestEdition)
        }
        copy.aside = nil
        entries[job.clip]!.copies[target] = copy
        let isWritten = isWrittenEverywhere(job.clip)
        release(job.clip)
        forgetIfDone(job.clip)
        return isWritten
    }

    /// The file of that name belongs to another clip: tries the next name.
    public mutating func rename(_ clip: ClipID, on target: Int, to path: ClipPath) {
        entries[clip]?.copies[target]?.path = path
    }

    /// The clip's file on the target was deleted by somebody. The copy begins anew where memory still holds the clip from its first
    /// byte; otherwise the target gives the clip up.
    public mutating func vanished(_ clip: ClipID, on target: Int) {
        guard let entry = entries[clip], let copy = entry.copies[target] else { return }
        if entry.chunks.first?.offset == 0 {
            entries[clip]!.copies[target] = Copy(path: copy.path)
            return
        }
        entries[clip]!.copies[target]!.givenUp = true
        release(clip)
        forgetIfDone(clip)
    }

    /// Whether every target gave the clip up, and no peer takes it: nothing of it is kept any more, and nothing more of it is taken.
    public func isAbandoned(_ clip: ClipID) -> Bool {
        guard let entry = entries[clip] else { return true }
        guard !targets.isEmpty else { return false }
        if let replica = entry.replica, replica.isHandedOver, !replica.isRefused { return false }
        return entry.copies.values.allSatisfy(\.givenUp)
    }

    /// Forgets a clip that is not wanted any more.
    public mutating func forget(_ clip: ClipID) { drop(clip) }

    // MARK: What a reader may know

    /// Bytes of `clip` at `offset` that are still in memory, with the offset at which they begin.
    public func held(_ clip: ClipID, at offset: Int) -> (bytes: any FragmentBytes, offset: Int)? {
        guard let chunk = entries[clip]?.chunks.first(where: { $0.offset <= offset && offset < $0.end }) else { return nil }
        var begin = chunk.offset
        for part in chunk.parts {
            if offset < begin + part.count { return (part, begin) }
            begin += part.count
        }
        return nil
    }

    public func poster(of clip: ClipID) -> (any FragmentBytes)? { entries[clip]?.poster }

    /// The newest edition of its sidecar.
    public func manifest(of clip: ClipID) -> [UInt8]? { entries[clip]?.manifest }

    /// Bytes admitted so far; `nil` once the clip has left the spool.
    public func totalBytes(of clip: ClipID) -> Int? { entries[clip]?.totalBytes }

    /// Where `target` keeps the clip and how much of it; `nil` before the first byte and when given up.
    public func stored(_ clip: ClipID, on target: Int) -> (path: ClipPath, bytes: Int)? {
        guard let copy = entries[clip]?.copies[target], copy.videoBytes > 0, !copy.givenUp else { return nil }
        return (copy.path, copy.videoBytes)
    }

    /// What it knows, oldest first.
    public var clips: [ClipID] { order }

    public var isEmpty: Bool { order.allSatisfy { clip in entries[clip]?.copies.values.allSatisfy(\.givenUp) ?? true } }
}
