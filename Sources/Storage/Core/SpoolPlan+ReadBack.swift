/// Reading back what a target has written: libsmbclient has no fsync, and cheap NAS lie about theirs (mesh.md §4, "Access").
extension SpoolPlan {
    /// What is known of one copy's truth.
    struct ReadBack: Sendable {
        /// Video bytes that were read back right, from the first one on.
        private(set) var bytes = 0
        /// The newest edition of the sidecar that was.
        var manifestEdition = 0
        /// When the sidecar was written last.
        var manifestWritten: ContinuousClock.Instant?
        /// Up to which byte was written when, oldest first, as far as it was not read back.
        private var writes: [Write] = []
        /// Something was wrong: the file is this clip's own, whatever it holds.
        private(set) var wasWrong = false

        private struct Write: Sendable {
            let end: Int
            let at: ContinuousClock.Instant
        }

        mutating func wrote(to end: Int, at now: ContinuousClock.Instant?) {
            if let now { writes.append(Write(end: end, at: now)) }
        }

        mutating func isRight(to end: Int) {
            bytes = end
            writes.removeAll { $0.end <= end }
        }

        mutating func isWrong() {
            wasWrong = true
            writes = []
        }

        /// When the next bytes may be read back.
        func next(settle: Duration) -> ContinuousClock.Instant? { writes.first.map { $0.at + settle } }

        /// Up to which byte may be read back now.
        func due(_ now: ContinuousClock.Instant, settle: Duration) -> Int { writes.last { $0.at + settle <= now }?.end ?? bytes }
    }

    /// How long a target has for what it wrote before it is read back. Where memory gets short, none: a look that comes early sees less, and still
    /// more than none.
    private var patience: Duration? { heldBytes > capacityBytes / 4 * 3 ? settle.map { _ in .zero } : settle }

    func nextReading(for target: Int, now: ContinuousClock.Instant) -> Job? {
        guard let settle = patience else { return nil }
        for clip in order {
            guard let entry = entries[clip], let copy = entry.copies[target], !copy.givenUp, !copy.isAside(now), !entry.isUnreadable(now) else { continue }
            let batch = entry.batch(from: copy.readBack.bytes, to: copy.readBack.due(now, settle: settle))
            if !batch.isEmpty { return Job(clip: clip, path: copy.path, work: .readBack(bytes: batch, offset: copy.readBack.bytes)) }
            if entry.isClosed, entry.isComplete(copy), copy.readBack.bytes == entry.totalBytes,
                copy.readBack.manifestEdition < copy.manifestEdition, copy.readBack.manifestWritten.map({ $0 + settle <= now }) ?? true
            {
                return Job(clip: clip, path: copy.path, work: .readBackManifest(entry.manifest, edition: copy.manifestEdition))
            }
        }
        return nil
    }

    /// When something of a target is to be read back next, for who has nothing else to do until then.
    public func nextReading(for target: Int) -> ContinuousClock.Instant? {
        guard let settle = patience else { return nil }
        return order.compactMap { clip -> ContinuousClock.Instant? in
            guard let entry = entries[clip], let copy = entry.copies[target], !copy.givenUp else { return nil }
            let manifest = copy.readBack.manifestEdition < copy.manifestEdition && entry.isClosed ? copy.readBack.manifestWritten.map { $0 + settle } : nil
            guard let next = copy.readBack.next(settle: settle) ?? manifest else { return nil }
            return copy.aside.map { max($0.until, next) } ?? next
        }.min()
    }

    /// A target does not hold what it has written: it is written again, from the first byte that was not read back right.
    public mutating func isWrong(_ job: Job, on target: Int) {
        guard var copy = entries[job.clip]?.copies[target] else { return }
        switch job.work {
        case .readBack(_, let offset):
            guard copy.readBack.bytes == offset else { return }
            copy.videoBytes = offset
            copy.readBack.isWrong()
        case .readBackManifest:
            copy.manifestEdition = 0
        case .video, .poster, .manifest: return
        }
        entries[job.clip]!.copies[target] = copy
    }

    /// Bytes of the copy that need no other beside it.
    func heldBytes(of copy: Copy) -> Int { settle == nil ? copy.videoBytes : copy.readBack.bytes }

    /// Memory ends, and nobody else has it: a copy that was written and not read back is better than none. Not where the target was wrong before, and
    /// not where a peer or the disk has what can be compared: their copies are better.
    mutating func trustWhatIsWritten(_ clip: ClipID) {
        guard settle != nil, let entry = entries[clip], entry.replica == nil, entry.disk == nil else { return }
        for (target, copy) in entry.copies where !copy.givenUp && !copy.readBack.wasWrong && copy.videoBytes > copy.readBack.bytes {
            entries[clip]!.copies[target]!.readBack.isRight(to: copy.videoBytes)
        }
        release(clip)
    }
}
