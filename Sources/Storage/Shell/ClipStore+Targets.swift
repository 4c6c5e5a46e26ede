import Dispatch
import Foundation

/// The targets' threads: started and ended as targets come and go, and what they ask and tell.
extension ClipStore {
    /// Runs the targets' threads until the task is cancelled, then lets them write what is left for at most `drain`.
    public func run(drain: Duration = .seconds(2)) async {
        let changes = targets.changes()
        let first = followTargets()
        state.withLock { $0.isRunning = true }
        startDisk()
        startWriters(for: first)
        // The stream ends with the task.
        for await _ in changes {
            startWriters(for: followTargets())
            notify()
        }
        let deadline = DispatchTime.now() + .milliseconds(Int(drain / .milliseconds(1)))
        state.withLock { state in
            state.isRunning = false
            state.ending = true
            state.plan.isEnding = true
        }
        // Beside the targets, and with as much time again: what none of them takes is on the disk then.
        let disk = localDisk.withLock { localDisk in
            defer { localDisk = nil }
            return localDisk
        }
        let diskDeadline = deadline + .milliseconds(Int(drain / .milliseconds(1)))
        disk?.beginEnd(until: diskDeadline)
        let last = writers.withLock { writers in
            defer { writers = [:] }
            return Array(writers.values)
        }
        await withCheckedContinuation { continuation in
            // It waits for seconds: on a small machine the pool has no thread to spare for that.
            Thread {
                for writer in last where !writer.waitForEnd(until: deadline) {
                    self.state.withLock { $0.drained = true }
                }
                _ = disk?.waitForEnd(until: diskDeadline)
                continuation.resume()
            }.start()
        }
        state.withLock { state in
            (state.ending, state.drained, state.plan.isEnding) = (false, false, false)
        }
    }

    var hasTargets: Bool { state.withLock { !$0.plan.targets.isEmpty } }

    /// Brings plan and status in line with the targets that there are now.
    ///
    /// - Returns: those. More may have come or gone since.
    @discardableResult
    func followTargets() -> [(number: Int, target: Target)] {
        let present = targets.present
        let gone = state.withLock { state in
            let numbers = Set(present.map(\.number))
            let gone = state.plan.targets.subtracting(numbers)
            for number in gone {
                state.plan.remove(target: number)
                state.targets[number] = nil
            }
            for (number, target) in present where !state.plan.targets.contains(number) {
                state.plan.add(target: number)
                state.targets[number] = TargetStatus(number: number, location: target.location)
            }
            return gone
        }
        for number in gone { forgetPlaces(on: number) }
        for (number, _) in present { catalogue.location(of: number) }
        interruptRescues()
        replicas.setRing(present.isEmpty)
        listeners.publish(.targets)
        return present
    }

    private func startDisk() {
        guard let disk = settings.disk else { return }
        localDisk.withLock { localDisk in
            guard localDisk == nil else { return }
            localDisk = LocalDisk(root: disk.path, store: self, logger: logger)
            localDisk?.start()
        }
    }

    /// - Parameter present: what plan and status know. A writer whose target they did not know yet would end at once, and none would follow it.
    private func startWriters(for present: [(number: Int, target: Target)]) {
        let (started, ended) = writers.withLock { writers -> ([TargetWriter], [TargetWriter]) in
            var started: [TargetWriter] = []
            for (number, target) in present where writers[number] == nil {
                let writer = TargetWriter(number: number, target: target, store: self, logger: logger)
                writers[number] = writer
                started.append(writer)
            }
            let numbers = Set(present.map(\.number))
            let ended = writers.filter { !numbers.contains($0.key) }
            writers = writers.filter { numbers.contains($0.key) }
            return (started, Array(ended.values))
        }
        for writer in started { writer.start() }
        // They see that they are wanted no more.
        for writer in ended { writer.notify() }
    }

    /// What only that target held is not this node's to show any more.
    private func forgetPlaces(on target: Int) {
        let changes = state.withLock { state -> [StoreChange] in
            let held = state.index.all.filter { $0.places[target] != nil }.map(\.facts.id)
            return held.map { id in
                state.index.update(id) { $0.places[target] = nil }
                guard let entry = state.index[id], entry.places.isEmpty, entry.holder == nil, state.plan.totalBytes(of: id) == nil else { return .updated(id) }
                state.index.remove(id)
                return .removed(id)
            }
        }
        for change in changes { listeners.publish(change) }
        catalogue.forget(target: target)
    }

    /// What is stored and nowhere else any more goes over to the catalogue.
    func settle() {
        let stored = state.withLock { state in
            state.index.all.filter { entry in
                !entry.places.isEmpty && entry.isStored && state.recordings[entry.facts.id] == nil && state.plan.totalBytes(of: entry.facts.id) == nil
            }
        }
        if stored.isEmpty { return }
        let kept = Set(catalogue.keep(stored))
        state.withLock { state in
            // What changed meanwhile has its turn another time.
            for entry in stored where kept.contains(entry.facts.id) && state.index[entry.facts.id] == entry { state.index.remove(entry.facts.id) }
        }
    }

    // MARK: What they ask and tell

    func shouldEnd(target: Int) -> Bool {
        state.withLock { state in
            guard let status = state.targets[target] else { return true }
            return state.ending && (state.drained || state.plan.nextJob(for: target) == nil || status.problem != nil)
        }
    }

    /// What the file of keys is to hold now.
    public var currentKeys: [UInt8]? { keysFile?() }

    func nextJob(for target: Int) -> SpoolPlan.Job? {
        // At the end there is only time for what is not written yet.
        state.withLock { state in state.plan.nextJob(for: target, now: state.ending ? nil : now()) }
    }

    /// How long a target's thread may wait for a job, unless it is told of one.
    func pause(of target: Int) -> Duration {
        let next = state.withLock { $0.ending ? nil : $0.plan.nextReading(for: target) }
        return min(TargetWriter.longestPause, next.map { max(.zero, $0 - now()) } ?? TargetWriter.longestPause)
    }

    func finished(_ job: SpoolPlan.Job, on target: Int, path: ClipPath) {
        let isStored = state.withLock { state in
            if case .video(let bytes, let offset) = job.work { state.departures.add(state.plan.left(job.clip, bytes, from: offset, now: now())) }
            let done = state.plan.finish(job, on: target, now: now())
            if state.targets[target]?.refusal != nil, !state.plan.refuses(target: target) { state.targets[target]?.refusal = nil }
            if case .manifest = job.work, state.rescues[job.clip] != nil, state.plan.isWritten(job.clip, on: target) { state.rescued.insert(job.clip.node) }
            var isNews = false
            state.index.update(job.clip) { entry in
                entry.places[target] = path
                isNews = done && !entry.isStored
                if done { entry.isStored = true }
            }
            return isNews
        }
        endRescue(job.clip)
        settle()
        wakeDisk()
        if isStored || job.createsFile { listeners.publish(.updated(job.clip)) }
    }

    /// The target does not hold what it took.
    func isWrong(_ job: SpoolPlan.Job, on target: Int, path: ClipPath) {
        state.withLock { state in
            state.plan.isWrong(job, on: target)
            state.targets[target]?.damage = "\(targets.name(target)) did not hold what was written to it, and it was written again: \(path.file(.video))"
        }
        logger.error("a recording reads back wrong and is written again", metadata: ["clip": "\(job.clip)", "target": "\(targets.name(target))"])
        listeners.publish(.targets)
    }

    func nameTaken(_ job: SpoolPlan.Job, on target: Int) {
        state.withLock { state in
            guard let facts = state.index[job.clip]?.facts ?? state.rescues[job.clip] else { return }
            let attempt = (job.path.stem.split(separator: "_").last?.split(separator: "-").dropFirst().last).flatMap { Int($0) } ?? 0
            let path = ClipPath(folder: job.path.folder, start: facts.start, event: facts.event, attempt: attempt + 1)
            state.plan.rename(job.clip, on: target, to: path)
        }
    }

    func vanished(_ job: SpoolPlan.Job, on target: Int) {
        let (isGone, loss) = state.withLock { state -> (Bool, FootageLoss?) in
            state.plan.vanished(job.clip, on: target)
            state.index.update(job.clip) { $0.places[target] = nil }
            // Nobody else has it, and no more of it comes.
            guard state.plan.isAbandoned(job.clip), state.recordings[job.clip] == nil else { return (false, nil) }
            let loss = state.lose(job.clip, .deleted, now())
            state.plan.forget(job.clip)
            state.index.remove(job.clip)
            return (true, loss)
        }
        catalogue.remove(job.clip, from: target)
        endRescue(job.clip)
        wakeDisk()
        logger.warning("a recording was deleted while it was being written; a new file begins", metadata: ["clip": "\(job.clip)"])
        listeners.publish(isGone ? .removed(job.clip) : .updated(job.clip))
        if let loss { report(loss) }
    }

    /// A reader found the clip's file gone from a target that is well. Answers whether anybody still holds the clip.
    func missing(_ id: ClipID, on target: Int) -> Bool {
        guard let entry = clip(id), entry.places[target] != nil else { return clip(id) != nil }
        catalogue.remove(id, from: target)
        let isHeld = state.withLock { state in
            guard state.index[id] != nil else { return entry.places.count > 1 }
            state.index.update(id) { $0.places[target] = nil }
            guard entry.places.count == 1, entry.holder == nil, state.plan.totalBytes(of: id) == nil else { return true }
            state.index.remove(id)
            return false
        }
        logger.notice("a recording was deleted from the storage by somebody else", metadata: ["clip": "\(id)", "target": "\(targets.name(target))"])
        listeners.publish(isHeld ? .updated(id) : .removed(id))
        return isHeld
    }

    /// The target works, and does not take this clip: others have their turn.
    func setAside(_ clip: ClipID, on target: Int, _ error: TargetError) {
        let isNew = state.withLock { state in
            defer { state.targets[target]?.refusal = error }
            let isNew = !state.plan.isRefused(clip, on: target)
            state.plan.setAside(clip, on: target, now: now())
            return isNew
        }
        guard isNew else { return }
        logger.warning(
            "a recording is refused and waits while others go on: \(error). \(error.cure)", metadata: ["clip": "\(clip)", "target": "\(targets.name(target))"])
        listeners.publish(.targets)
    }

    func isRefused(_ clip: ClipID, on target: Int) -> Bool { state.withLock { $0.plan.isRefused(clip, on: target) } }

    func failed(_ target: Int, _ error: TargetError) {
        let isNew = state.withLock { state in
            let before = state.targets[target]?.problem
            state.targets[target]?.problem = "\(error)"
            state.targets[target]?.cure = error.cure
            return before != "\(error)"
        }
        if isNew { listeners.publish(.targets) }
    }

    func measured(_ target: Int, space: TargetSpace) {
        state.withLock { state in
            state.targets[target]?.freeBytes = space.free
            state.targets[target]?.totalBytes = space.total
        }
    }

    func attached(_ target: Int, space: TargetSpace) {
        state.withLock { state in
            state.targets[target]?.problem = nil
            // Another storage may be there now.
            state.targets[target]?.sharing = nil
            state.targets[target]?.sharedWith = nil
            state.targets[target]?.cure = nil
            state.targets[target]?.freeBytes = space.free
            state.targets[target]?.totalBytes = space.total
        }
        listeners.publish(.targets)
    }

    /// The catalogue has what the target holds of this camera.
    func listed(_ target: Int) {
        // What a peer was to bring, and has brought.
        let waiting = state.withLock { state in
            state.index.all.map(\.facts.id).filter { state.plan.totalBytes(of: $0) == nil && state.recordings[$0] == nil }
        }
        let brought = waiting.filter { catalogue.clip($0) != nil }
        state.withLock { state in
            for id in brought where state.plan.totalBytes(of: id) == nil && state.recordings[id] == nil { state.index.remove(id) }
        }
        listeners.publish(.targets)
    }
}
