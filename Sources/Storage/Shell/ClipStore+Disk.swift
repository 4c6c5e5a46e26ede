import Foundation

/// The local disk: what its thread asks and tells.
extension ClipStore {
    /// How the local disk is doing; nil: there is none.
    public var diskStatus: DiskStatus? {
        state.withLock { state in
            state.disk?.usedBytes = state.plan.diskBytes
            return state.disk
        }
    }

    /// What is on the disk may not be needed any more.
    func wakeDisk() { localDisk.withLock { $0 }?.notify() }

    /// Where there is no target the oldest clips go.
    func makeDiskRoom() {
        let dropped = state.withLock { state in
            let dropped = state.plan.makeDiskRoom()
            for clip in dropped { state.index.remove(clip) }
            return dropped
        }
        for clip in dropped { listeners.publish(.removed(clip)) }
    }

    func nextDiskJob() -> SpoolPlan.DiskJob? { state.withLock { $0.plan.nextDiskJob() } }

    var hasDiskJob: Bool { nextDiskJob() != nil }

    func finished(_ job: SpoolPlan.DiskJob, at place: (_ offset: Int, _ count: Int) -> any FragmentBytes) {
        let isNews = state.withLock { state in
            let before = state.plan.isOnDisk(job.clip)
            state.plan.finish(job, at: place)
            let isOnDisk = state.plan.isOnDisk(job.clip)
            state.index.update(job.clip) { $0.isOnDisk = isOnDisk }
            return before != isOnDisk
        }
        listeners.publish(isNews ? .updated(job.clip) : .targets)
    }

    func diskWorks() {
        let isNews = state.withLock { state in
            guard state.disk?.problem != nil else { return false }
            state.disk?.problem = nil
            state.disk?.cure = nil
            return true
        }
        guard isNews else { return }
        logger.notice("the local disk is back")
        listeners.publish(.targets)
    }

    func diskFails(_ error: TargetError) {
        let isNews = state.withLock { state in
            // Smaller than its quota: older clips make room there where there is no storage.
            if error.code == ENOSPC || error.code == EDQUOT { state.plan.diskIsFull() }
            guard state.disk?.problem != "\(error)" else { return false }
            state.disk?.problem = "\(error)"
            state.disk?.cure = error.cure
            return true
        }
        guard isNews else { return }
        logger.warning("the local disk fails: \(error). \(error.cure)")
        listeners.publish(.targets)
    }

    /// A clip of an earlier run.
    func found(_ manifest: Manifest, at path: ClipPath, pieces: [any FragmentBytes], poster: (any FragmentBytes)?) {
        let id = manifest.facts.id
        let known = clip(id)
        state.withLock { state in
            guard state.plan.totalBytes(of: id) == nil else { return }
            state.plan.found(id, path: path, pieces: pieces, poster: poster, manifest: manifest.file)
            var entry = state.index[id] ?? known ?? CatalogueEntry(facts: manifest.facts, signature: manifest.signature.hex)
            entry.isOnDisk = true
            state.index.set(entry)
        }
        listeners.publish(.updated(id))
        notify()
    }

    /// What the disk holds of a clip could not be read. It is tried again, and after many times lost, but for what targets and peers have; at once where
    /// the disk is there and the file is not.
    func unreadable(_ clip: ClipID, _ error: any Error) {
        if (error as? TargetError)?.code == ENOENT, let disk = localDisk.withLock({ $0 }), (try? disk.isThere()) == true { return vanishedFromDisk(clip) }
        logger.warning("what the local disk holds cannot be read now: \(error)", metadata: ["clip": "\(clip)"])
        lost(clip) { $0.unreadable(clip, now: now()) }
    }

    /// Somebody deleted the clip's file there.
    func vanishedFromDisk(_ clip: ClipID) { lost(clip) { $0.vanishedFromDisk(clip) } }

    private func lost(_ clip: ClipID, _ isGone: (inout SpoolPlan) -> Bool) {
        let (isLost, loss) = state.withLock { state -> (Bool, FootageLoss?) in
            guard isGone(&state.plan) else { return (false, nil) }
            return (true, state.lose(clip, .diskFailed, now()))
        }
        guard isLost else { return }
        listeners.publish(clipIsKnown(clip) ? .updated(clip) : .removed(clip))
        if let loss { report(loss) }
    }

    func clipIsKnown(_ id: ClipID) -> Bool { clip(id) != nil }
}

/// How the local disk is doing.
public struct DiskStatus: Sendable, Equatable {
    public var path: String
    /// Video bytes there, and how many there may be.
    public var usedBytes: Int
    public var quotaBytes: Int
    /// What is wrong with it, and the cure; nil while it works.
    public var problem: String?
    public var cure: String?
}
