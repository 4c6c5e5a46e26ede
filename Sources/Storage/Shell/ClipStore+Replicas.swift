import Foundation

/// Copies at peers, both ways: what a peer keeps of this node's clips, and what this node keeps of others' and brings to the targets in their stead.
extension ClipStore {
    // MARK: This node's clips at a peer

    /// What a peer said to a job.
    public enum ReplicaAnswer: Sendable, Equatable {
        /// With the peer's countersignature, where it had reason for one.
        case taken(Witness?)
        case refused(ReplicaRefusal)
        /// It does not answer.
        case silence
        /// It was not asked: the local disk does not give the bytes.
        case unreadable(String)
    }

    /// Something may be to be told to a peer.
    public func replicaWork() -> AsyncStream<Void> { replicaFeed.subscribe() }

    /// That peer takes copies of new clips from now on; nil: nobody does.
    public var replicaHolder: String? {
        get { state.withLock { $0.plan.holder } }
        set {
            state.withLock { $0.plan.setHolder(newValue) }
            if newValue == nil { wakeDisk() }
        }
    }

    /// - Parameter absent: peers that are not to be asked now.
    public func nextReplicaJob(without absent: Set<String> = []) -> SpoolPlan.ReplicaJob? {
        state.withLock { $0.plan.nextReplicaJob(now: now(), without: absent) }
    }

    /// How long until a clip needs a peer that has none yet; nil: none will, unless something new comes.
    public func pauseOfReplicas() -> Duration? { state.withLock { $0.plan.nextReplica() }.map { max(.zero, $0 - now()) } }

    public func answered(_ job: SpoolPlan.ReplicaJob, _ answer: ReplicaAnswer) {
        if case .unreadable(let why) = answer { return unreadable(job.clip, TargetError(operation: "read", path: why, code: EIO)) }
        enum News { case none, updated, lost(FootageLoss?) }
        var witness: ClipFacts?
        let news = state.withLock { state -> News in
            let wasHere = state.plan.totalBytes(of: job.clip) != nil
            switch answer {
            case .taken(let said):
                if case .video(let bytes, let offset) = job.work { state.departures.add(state.plan.left(job.clip, bytes, from: offset, now: now())) }
                state.plan.finish(job)
                if let said { witness = keep(said, of: job, &state) }
            case .refused(.full): state.plan.noRoom(job)
            case .refused(.unknown) where job.isBeginning: state.plan.lost(holder: job.holder)
            case .refused(.unknown): state.plan.forgotten(job)
            case .refused(.elsewhere(let bytes)): state.plan.corrected(job, bytes: bytes)
            case .refused(.rescued), .refused(.malformed): state.plan.refused(job)
            case .silence: state.plan.lost(holder: job.holder)
            case .unreadable: return .none
            }
            guard state.recordings[job.clip] == nil, let entry = state.index[job.clip] else { return .none }
            let isHere = state.plan.totalBytes(of: job.clip) != nil
            if wasHere, !isHere, !answer.isTaken {
                // The peer tells of what it has.
                return .lost(state.lose(job.clip, .peerLetGo, now()))
            }
            // What left memory for a peer is there.
            let holder = isHere ? state.plan.holder(of: job.clip) : answer.isTaken && !job.isRelease ? job.holder : entry.holder
            guard entry.holder != holder else { return .none }
            state.index.update(job.clip) { $0.holder = holder }
            return .updated
        }
        if let facts = witness, let manifest = sign(facts) {
            state.withLock { state in
                guard state.index[job.clip]?.facts == facts else { return }
                state.plan.setManifest(manifest.file, of: job.clip, closed: true)
                state.index.update(job.clip) { $0.signature = manifest.signature.hex }
            }
        }
        switch news {
        case .none: break
        case .updated: listeners.publish(.updated(job.clip))
        case .lost(let loss):
            listeners.publish(clipIsKnown(job.clip) ? .updated(job.clip) : .removed(job.clip))
            if let loss { report(loss) }
        }
        notifyTargets()
    }

    /// Takes a peer's countersignature into the clip's facts. Answers the facts where they were signed already, and have to be again.
    private func keep(_ witness: Witness, of job: SpoolPlan.ReplicaJob, _ state: inout State) -> ClipFacts? {
        guard witness.node == job.holder, keys.verifies(witness, of: job.clip) else { return nil }
        guard state.recordings[job.clip] == nil else {
            // Signed when the clip is closed.
            _ = state.recordings[job.clip]!.facts.take(witness)
            return nil
        }
        // A peer that is to bring it has the facts as they are, and may be on its way with them.
        guard state.plan.totalBytes(of: job.clip) != nil, !state.plan.isHandedOver(job.clip), var facts = state.index[job.clip]?.facts, facts.state == .closed, facts.take(witness) else { return nil }
        state.index.update(job.clip) { $0.facts = facts }
        return facts
    }

    /// Whether a clip is a peer's to bring, and no target is known to have it.
    var waitsForPeers: Bool { state.withLock { state in state.looksUntil.map { now() < $0 } ?? false || state.index.all.contains { $0.holder != nil && $0.places.isEmpty } } }

    /// A peer says that it has brought clips of this camera to a target.
    public func lookAgain() {
        state.withLock { $0.broughtAt = now() }
        notifyTargets()
    }

    var broughtAt: ContinuousClock.Instant? { state.withLock { $0.broughtAt } }

    // MARK: Others' clips

    /// Brings clips to the targets whose cameras are gone, and those that cameras handed over because they had no room for them.
    ///
    /// - Parameter isGone: whether that run of that node is over.
    public func rescue(isGone: (_ node: String, _ boot: UInt32) -> Bool) {
        guard hasTargets else { return }
        for rescue in replicas.startRescue(keeper: settings.cameraName, isGone: isGone) {
            let facts = rescue.facts
            guard let manifest = rescue.manifest ?? sign(facts) else {
                replicas.rescueFailed(facts.id)
                continue
            }
            let path = ClipPath(folder: ClipPath.folderName(for: facts.cameraName), start: facts.start, event: facts.event)
            let isTaken = state.withLock { state in
                guard state.plan.totalBytes(of: facts.id) == nil, !state.plan.targets.isEmpty else { return false }
                state.rescues[facts.id] = facts
                state.plan.rescue(facts.id, path: path, pieces: rescue.pieces, poster: rescue.poster, opening: rescue.opening.file, manifest: manifest.file)
                return true
            }
            guard isTaken else {
                replicas.rescueFailed(facts.id)
                continue
            }
            logger.notice(
                "bringing \(facts.cameraName)'s recording to the storage, \(facts.durationSeconds) s of it", metadata: ["clip": "\(facts.id)"])
        }
        notifyTargets()
    }

    /// The nodes of whose clips a target has had another one from here since this was asked last: they know nothing of it.
    public func takeRescued() -> Set<String> {
        state.withLock { state in
            defer { state.rescued = [] }
            return state.rescued
        }
    }

    /// After a change to the plan: a rescue that is over leaves the shelf.
    func endRescue(_ clip: ClipID) {
        let isOver = state.withLock { state in
            guard state.rescues[clip] != nil, state.plan.totalBytes(of: clip) == nil else { return false }
            state.rescues[clip] = nil
            return true
        }
        if isOver { replicas.rescued(clip) }
    }

    /// The targets that would have taken them are gone.
    func interruptRescues() {
        let stopped = state.withLock { state in
            let stopped = state.rescues.keys.filter { !state.plan.isWanted($0) }
            for clip in stopped {
                state.plan.forget(clip)
                state.rescues[clip] = nil
            }
            return stopped
        }
        for clip in stopped { replicas.rescueFailed(clip) }
    }

    // MARK: Files that are there already

    /// What a target has under a clip's name.
    enum NamesFile: Sendable {
        /// Somebody else's file.
        case another
        /// The clip's own, of no use.
        case useless
        /// The clip's own, right up to there.
        case beginning(bytes: Int)
        /// All of the clip, or more of it than this node has.
        case enough
        /// What this node has cannot be read now.
        case unknown
    }

    /// Whether that sidecar is that clip's, whoever of the mesh wrote it.
    func isOf(_ clip: ClipID, _ manifest: Manifest) -> Bool { manifest.facts.id == clip && keys.verifies(manifest) }

    /// What memory has of a clip that a target has the first `bytes` of.
    func beginning(of clip: ClipID, upTo bytes: Int) -> (pieces: [any FragmentBytes], end: Int, total: Int)? {
        state.withLock { state in
            guard let found = state.plan.beginning(of: clip, upTo: bytes), let total = state.plan.totalBytes(of: clip) else { return nil }
            return (found.pieces, found.end, total)
        }
    }

    func adopted(_ job: SpoolPlan.Job, on target: Int, path: ClipPath, bytes: Int) {
        state.withLock { state in
            state.plan.adopted(job.clip, on: target, bytes: bytes, now: now())
            state.index.update(job.clip) { $0.places[target] = path }
        }
    }

    /// The target has as much as was saved of a clip, or more.
    func needsNoMore(_ job: SpoolPlan.Job, on target: Int, path: ClipPath) {
        state.withLock { state in
            state.plan.giveUp(job.clip, on: target)
            if state.rescues[job.clip] != nil { state.rescued.insert(job.clip.node) }
            state.index.update(job.clip) { entry in
                entry.places[target] = path
                entry.isStored = true
                entry.isOnDisk = state.plan.isOnDisk(job.clip)
            }
        }
        endRescue(job.clip)
        settle()
        wakeDisk()
        listeners.publish(.updated(job.clip))
    }
}

extension ClipStore.ReplicaAnswer {
    fileprivate var isTaken: Bool { if case .taken = self { true } else { false } }
}

extension SpoolPlan.ReplicaJob {
    fileprivate var isRelease: Bool { if case .release = work { true } else { false } }
    /// Whether nothing of the clip has to be known for it.
    fileprivate var isBeginning: Bool { if case .manifest = work { true } else { false } }
}
