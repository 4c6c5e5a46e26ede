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
        state.withLock { state in
            guard state.plan.totalBytes(of: id) == nil else { return }
            state.plan.found(id, path: path, pieces: pieces, poster: poster, manifest: manifest.file)
            var entry = state.index[id] ?? CatalogueEntry(facts: manifest.facts, signature: manifest.signature.hex)
            entry.isOnDisk = true
            state.index.set(entry)
        }
        listeners.publish(.updated(id))
        notify()
    }

    /// What the disk held of a clip cannot be read: it is lost, but for what targets and peers have.
    func unreadable(_ clip: ClipID, _ error: any Error) {
        let loss = state.withLock { state -> FootageLoss?? in
            guard state.plan.unreadable(clip) else { return nil }
            let loss = state.lose(clip, .diskFailed)
            if state.index[clip]?.places.isEmpty == true { state.index.remove(clip) }
            return loss
        }
        guard let loss else { return }
        logger.error("what the local disk held cannot be read: \(error)", metadata: ["clip": "\(clip)"])
        listeners.publish(.removed(clip))
        if let loss { report(loss) }
    }
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
