/// The local disk: what it holds of clips that no target and no peer takes, within its quota.
///
/// Without any target it holds every clip, and the oldest go when it is full. Beside targets it is the last resort: nothing is written there as long as
/// memory is half empty, or a peer takes what waits.
extension SpoolPlan {
    /// One clip on the local disk.
    struct DiskCopy: Sendable {
        let path: ClipPath
        /// From which byte on, and up to which, it is there.
        let begin: Int
        var end: Int
        var hasPoster = false
        var manifestEdition = 0
        /// How often it could not be read, and until when that is not tried again.
        var failures = 0
        var pausedUntil: ContinuousClock.Instant?
    }

    /// A disk that cannot be read is tried again for so long.
    private static let failurePause = Duration.seconds(30)
    private static let failureLimit = 20
    /// On the disk neighbouring fragments become one, up to this size, and to as many as a peer takes at once.
    private static let joinedBytes = 1 << 20

    /// What the disk is to do next. Doing it twice does no harm.
    public struct DiskJob: Sendable {
        public enum Work: Sendable {
            case video(bytes: [any FragmentBytes], offset: Int)
            case poster(any FragmentBytes)
            case manifest([UInt8], edition: Int)
            /// All files of the clip.
            case remove
        }
        public let clip: ClipID
        public let path: ClipPath
        public let work: Work
        /// Whether the clip appears on the disk with it.
        public let createsFile: Bool

        init(clip: ClipID, path: ClipPath, work: Work, createsFile: Bool = false) {
            (self.clip, self.path, self.work, self.createsFile) = (clip, path, work, createsFile)
        }
    }

    /// Where there is no target the oldest clips make room for newer ones. Answers those that are gone with it.
    public mutating func makeDiskRoom() -> [ClipID] {
        guard targets.isEmpty, diskCapacityBytes > 0 else { return [] }
        var dropped: [ClipID] = []
        for clip in order where diskBytes + Self.batchBytes > diskCapacityBytes {
            guard let entry = entries[clip], entry.isClosed, entry.disk != nil else { continue }
            drop(clip, keepsReplica: true)
            dropped.append(clip)
        }
        return dropped
    }

    /// Files that are to go first, then the oldest clip's first bytes, its sidecar, the other bytes in order, and so on; nil when there is nothing now.
    public func nextDiskJob() -> DiskJob? {
        if let removal = diskRemovals.first { return removal }
        guard diskCapacityBytes > 0 else { return nil }
        for clip in order {
            guard let entry = entries[clip], !entry.isRescue, !isOnDiskWithAll(entry) else { continue }
            let path = entry.disk?.path ?? entry.path
            if let disk = entry.disk, let work = nextSidecar(disk, of: entry) { return DiskJob(clip: clip, path: path, work: work) }
            guard isForDisk(entry), let first = entry.chunks.first(where: { !$0.isOnDisk }), entry.disk.map({ $0.end == first.offset }) ?? true else { continue }
            let batch = entry.batch(from: first.offset)
            guard diskBytes + batch.reduce(0, { $0 + $1.count }) <= diskCapacityBytes else { continue }
            return DiskJob(clip: clip, path: path, work: .video(bytes: batch, offset: first.offset), createsFile: entry.disk == nil)
        }
        return nil
    }

    private func isOnDiskWithAll(_ entry: Entry) -> Bool {
        guard let disk = entry.disk else { return false }
        return disk.end == entry.totalBytes && (disk.begin > 0 || disk.manifestEdition == entry.manifestEdition && (disk.hasPoster || entry.poster == nil))
    }

    private func isForDisk(_ entry: Entry) -> Bool {
        if targets.isEmpty { return true }
        guard let first = entry.chunks.first else { return false }
        if isEnding {
            // Only what a next run can do something with, and what no target has.
            let best = entry.copies.values.lazy.map(\.videoBytes).max() ?? 0
            return first.offset == 0 && best < entry.totalBytes
        }
        guard heldBytes > capacityBytes / 2 else { return false }
        if let replica = entry.replica { return replica.isRefused || replica.hasNoRoom }
        // No peer takes a clip without its beginning.
        return holder == nil || first.offset > 0
    }

    private func nextSidecar(_ disk: DiskCopy, of entry: Entry) -> DiskJob.Work? {
        // Who starts again can do nothing with a clip without its beginning.
        guard disk.begin == 0 else { return nil }
        if let poster = entry.poster, !disk.hasPoster { return .poster(poster) }
        let isBehind = entry.isClosed && entry.manifestEdition > 1 && disk.end < entry.totalBytes
        let edition = isBehind ? 1 : entry.manifestEdition
        return disk.manifestEdition < edition ? .manifest(isBehind ? entry.opening : entry.manifest, edition: edition) : nil
    }

    /// The disk has done it.
    ///
    /// - Parameter place: what stands in the clip's file there from now on, instead of memory.
    public mutating func finish(_ job: DiskJob, at place: (_ offset: Int, _ count: Int) -> any FragmentBytes) {
        if case .remove = job.work {
            diskRemovals.removeAll { $0.clip == job.clip }
            return
        }
        guard var entry = entries[job.clip] else {
            // It was dropped meanwhile.
            if job.createsFile { diskRemovals.append(DiskJob(clip: job.clip, path: job.path, work: .remove)) }
            return
        }
        switch job.work {
        case .video(let bytes, let offset):
            let end = offset + bytes.reduce(0) { $0 + $1.count }
            guard entry.disk.map({ $0.end == offset }) ?? job.createsFile else { return }
            entry.disk = entry.disk ?? DiskCopy(path: job.path, begin: offset, end: offset)
            entry.disk!.end = end
            diskBytes += end - offset
            for index in entry.chunks.indices where !entry.chunks[index].isOnDisk && entry.chunks[index].offset >= offset && entry.chunks[index].end <= end {
                heldBytes -= entry.weight(of: CollectionOfOne(entry.chunks[index]))
                entry.chunks[index].parts = [place(entry.chunks[index].offset, entry.chunks[index].count)]
                entry.chunks[index].isOnDisk = true
            }
            entry.joinNeighbours(upTo: Self.joinedBytes, fragments: Self.replicaBatchFragments, at: place)
        case .poster: entry.disk?.hasPoster = true
        case .manifest(_, let edition): if let disk = entry.disk { entry.disk!.manifestEdition = max(edition, disk.manifestEdition) }
        case .remove: return
        }
        entries[job.clip] = entry
    }

    mutating func leaveDisk(_ clip: ClipID, _ disk: DiskCopy) {
        diskBytes -= disk.end - disk.begin
        diskRemovals.append(DiskJob(clip: clip, path: disk.path, work: .remove))
    }

    /// Whether the disk has all that was admitted of the clip.
    public func isOnDisk(_ clip: ClipID) -> Bool {
        guard let entry = entries[clip], let disk = entry.disk else { return false }
        return disk.begin == 0 && disk.end == entry.totalBytes
    }

    /// A closed clip of an earlier run that the disk holds whole.
    ///
    /// - Parameter pieces: all of it, in order.
    public mutating func found(_ clip: ClipID, path: ClipPath, pieces: [any FragmentBytes], poster: (any FragmentBytes)?, manifest: [UInt8]) {
        guard entries[clip] == nil else { return }
        var entry = Entry(path: path, manifest: manifest, manifestEdition: 1, opening: manifest, isClosed: true, copies: [:])
        for piece in pieces {
            var chunk = Chunk(offset: entry.totalBytes, parts: [piece])
            chunk.isOnDisk = true
            entry.chunks.append(chunk)
            entry.totalBytes = chunk.end
        }
        entry.poster = poster
        entry.disk = DiskCopy(path: path, begin: 0, end: entry.totalBytes, hasPoster: true, manifestEdition: 1)
        for target in targets { entry.copies[target] = Copy(path: path) }
        diskBytes += entry.totalBytes
        entries[clip] = entry
        order.insert(clip, at: order.firstIndex { clip < $0 } ?? order.endIndex)
    }

    /// What the disk holds of a clip could not be read. It is tried again later: a disk may be away for a while.
    ///
    /// - Returns: whether the clip is given up. Its files stay where they are.
    public mutating func unreadable(_ clip: ClipID, now: ContinuousClock.Instant) -> Bool {
        guard entries[clip]?.disk != nil else { return false }
        entries[clip]!.disk!.failures += 1
        entries[clip]!.disk!.pausedUntil = now + Self.failurePause
        guard entries[clip]!.disk!.failures >= Self.failureLimit else { return false }
        leaveToItself(clip)
        return true
    }

    /// Somebody took the clip's file away. Answers whether there was one.
    public mutating func vanishedFromDisk(_ clip: ClipID) -> Bool {
        guard entries[clip]?.disk != nil else { return false }
        leaveToItself(clip)
        return true
    }

    private mutating func leaveToItself(_ clip: ClipID) {
        guard let disk = entries[clip]?.disk else { return }
        diskBytes -= disk.end - disk.begin
        entries[clip]!.disk = nil
        drop(clip, keepsReplica: true)
    }

    /// The disk takes no more than it has now, whatever its quota says.
    public mutating func diskIsFull() { diskCapacityBytes = min(diskCapacityBytes, max(1, diskBytes)) }
}

extension SpoolPlan.Entry {
    func isUnreadable(_ now: ContinuousClock.Instant?) -> Bool {
        guard let until = disk?.pausedUntil, let now else { return false }
        return now < until
    }

    fileprivate mutating func joinNeighbours(upTo limit: Int, fragments: Int, at place: (_ offset: Int, _ count: Int) -> any FragmentBytes) {
        var joined: [SpoolPlan.Chunk] = []
        for chunk in chunks {
            guard let last = joined.last, last.isOnDisk, chunk.isOnDisk, chunk.end - last.offset <= limit, last.fragments + chunk.fragments <= fragments else {
                joined.append(chunk)
                continue
            }
            var both = SpoolPlan.Chunk(offset: last.offset, parts: [place(last.offset, chunk.end - last.offset)], since: last.since)
            both.isOnDisk = true
            both.fragments = last.fragments + chunk.fragments
            joined[joined.count - 1] = both
        }
        chunks = joined
    }
}
