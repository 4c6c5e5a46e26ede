import Dispatch
public import Foundation
public import Logging
import Synchronization

/// A node's footage: takes fragments as they are recorded, brings them to every target, and answers for what it holds.
///
/// Nothing a recorder calls here ever waits for a disk: bytes go to memory (``SpoolPlan`` says what happens when that is full)
/// and each target's own thread takes them from there.
public final class ClipStore: Sendable {
    /// Other events that one clip shows. Others' triggers name them, so there must be an end.
    static let eventLimit = 64

    public let settings: StoreSettings
    /// Where footage goes.
    public let targets: TargetSet
    let keys: FootageKeys
    let keysFile: (@Sendable () -> [UInt8])?
    /// For what is read back.
    let now: @Sendable () -> ContinuousClock.Instant
    let logger: Logger
    let state: Mutex<State>
    let writers = Mutex<[Int: TargetWriter]>([:])
    let localDisk = Mutex<LocalDisk?>(nil)
    let races = RunningRaces()
    let listeners = ChangeFeed<StoreChange>(capacity: 1024)
    let replicaFeed = ChangeFeed<Void>(capacity: 1)
    /// What it keeps of other cameras' clips.
    public let replicas: ReplicaShelf
    /// What lies on the targets.
    public let catalogue: ClipCatalogue

    struct State {
        /// What this node holds itself, records, or has a peer bring. The rest is in the catalogue.
        var index = ClipIndex()
        var plan: SpoolPlan
        var recordings: [ClipID: Recording] = [:]
        /// Others' clips that this node brings to the targets.
        var rescues: [ClipID: ClipFacts] = [:]
        /// Nodes of whose clips a target has got one from here.
        var rescued: Set<String> = []
        /// When a peer said so to this node.
        var broughtAt: ContinuousClock.Instant?
        /// By number.
        var targets: [Int: TargetStatus] = [:]
        var counter: UInt32 = 0
        var losses = LossLog()
        var departures = RecentDepartures()
        /// Until then peers may bring clips of which nothing is known here any more.
        var looksUntil: ContinuousClock.Instant?
        /// The local disk, and what is wrong with it.
        var disk: DiskStatus?
        /// The camera's `discovery.txt`.
        var note: [UInt8]
        var isRunning = false
        var ending = false
        var drained = false
    }

    struct Recording {
        var facts: ClipFacts
        var chain: HashChain?
        /// Its length with what was lost of it.
        var durationSeconds = 0.0
    }

    /// - Parameters:
    ///   - targets: may change at any time; without any the newest clips stay in memory only.
    ///   - catalogue: of these targets; nil: one that ends with the process.
    ///   - keys: sign what is recorded. What lies on a target and is not signed by a member is neither shown nor signed anew.
    ///   - keysFile: a file with which anybody can check this mesh's signatures, put beside the footage; nil: there is none.
    ///   - now: tells when something is to be read back.
    public init(
        settings: StoreSettings, targets: TargetSet, catalogue: ClipCatalogue? = nil, keys: FootageKeys, keysFile: (@Sendable () -> [UInt8])? = nil,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, logger: Logger
    ) {
        self.now = now
        self.settings = settings
        self.targets = targets
        self.catalogue = catalogue ?? ClipCatalogue(targets: targets, logger: logger)
        self.keys = keys
        self.keysFile = keysFile
        self.logger = logger
        replicas = ReplicaShelf(capacityBytes: settings.replicaBytes, keys: keys, now: now)
        state = Mutex(
            State(
                plan: SpoolPlan(
                    capacityBytes: settings.spoolBytes, diskCapacityBytes: settings.disk?.quotaBytes ?? 0, peerCopies: settings.peerCopies, settle: settings.settle),
                note: DiscoveryNote(camera: settings.camera, name: settings.cameraName, node: settings.node, addresses: []).file()))
        if let disk = settings.disk { state.withLock { $0.disk = DiskStatus(path: disk.path, usedBytes: 0, quotaBytes: disk.quotaBytes) } }
        followTargets()
    }

    // MARK: Recording

    /// What a recorder knows when a clip begins.
    public struct Draft: Sendable {
        public var event, kind: String
        public var label, origin: String?
        public var start, triggered: Date
        public var codec: String
        public var width, height: Int
        public var framesPerSecond: Double
        public var hasAudio, continues: Bool
        public var clock: ClipFacts.Clock

        public init(
            event: String, kind: String, label: String?, origin: String?, start: Date, triggered: Date, codec: String, width: Int,
            height: Int, framesPerSecond: Double, hasAudio: Bool, continues: Bool, clock: ClipFacts.Clock
        ) {
            (self.event, self.kind, self.label, self.origin) = (event, kind, label, origin)
            (self.start, self.triggered, self.codec, self.width, self.height) = (start, triggered, codec, width, height)
            (self.framesPerSecond, self.hasAudio, self.continues, self.clock) = (framesPerSecond, hasAudio, continues, clock)
        }
    }

    /// Begins a clip. Its file appears with its first fragment.
    public func open(_ draft: Draft) -> ClipID {
        let id = state.withLock { state in
            state.counter += 1
            return ClipID(node: settings.node, boot: settings.boot, counter: state.counter)
        }
        // As names and JSON write it, so that order and cursors agree everywhere.
        let start = Date(timeIntervalSince1970: Self.milliseconds(draft.start.timeIntervalSince1970))
        let facts = ClipFacts(
            id: id, camera: settings.camera, cameraName: settings.cameraName, event: draft.event, kind: draft.kind,
            label: draft.label, origin: draft.origin, start: start, triggered: draft.triggered, codec: draft.codec,
            width: draft.width, height: draft.height, framesPerSecond: draft.framesPerSecond, hasAudio: draft.hasAudio,
            continues: draft.continues, clock: draft.clock)
        let manifest = sign(facts)
        let path = ClipPath(folder: ClipPath.folderName(for: settings.cameraName), start: start, event: draft.event)
        state.withLock { state in
            state.recordings[id] = Recording(facts: facts, chain: nil)
            state.plan.open(id, path: path, manifest: manifest?.file ?? [])
            state.index.set(CatalogueEntry(facts: facts, signature: manifest?.signature.hex))
        }
        listeners.publish(.updated(id))
        return id
    }

    /// Takes the init segment (first call) or the next fragment of a clip.
    ///
    /// - Parameters:
    ///   - durationSeconds: length of the clip with this fragment.
    ///   - beginsWithKeyFrame: whether playing can start with it.
    /// - Returns: false when the clip has no future, because its file was deleted while it grew, or its storage went away after memory had let go
    ///   of its beginning: go on until the next key frame, close it, and begin another.
    @discardableResult
    public func append(_ bytes: any FragmentBytes, to id: ClipID, durationSeconds: Double, beginsWithKeyFrame: Bool) -> Bool {
        let (admission, losses) = state.withLock { state -> (SpoolPlan.Admission?, [FootageLoss]) in
            guard var recording = state.recordings[id], !state.plan.isAbandoned(id) else { return (nil, []) }
            let isFirst = recording.chain == nil
            if isFirst {
                recording.chain = bytes.withBytes { HashChain(clip: id, initSegment: $0) }
            } else {
                bytes.withBytes { recording.chain?.append($0) }
                recording.facts.fragments += 1
            }
            let proof = SignedHead(clip: id, fragments: recording.facts.fragments, head: recording.chain?.head ?? []) { keys.sign(.head, $0) }.box
            let admission = state.plan.append([bytes, proof], to: id, beginsWithKeyFrame: beginsWithKeyFrame || isFirst, now: now())
            if admission.admitted {
                recording.facts.bytes += bytes.count + proof.count
                recording.facts.durationSeconds = Self.milliseconds(durationSeconds)
                recording.facts.end = recording.facts.start.addingTimeInterval(recording.facts.durationSeconds)
                recording.facts.head = recording.chain?.hex
                recording.durationSeconds = durationSeconds
                state.recordings[id] = recording
                state.index.update(id) { $0.facts = recording.facts }
            }
            var losses: [FootageLoss] = []
            if !admission.admitted, let loss = state.refused(of: id, until: Self.milliseconds(durationSeconds)) { losses.append(loss) }
            for clip in admission.dropped {
                // Without any target and disk memory is a ring, and forgetting the oldest is what it is for.
                let isRing = state.plan.targets.isEmpty && state.plan.diskCapacityBytes == 0
                if isRing { state.index.remove(clip) } else if let loss = state.lose(clip, .memoryFull, now()) { losses.append(loss) }
            }
            return (admission, losses)
        }
        guard let admission else { return false }
        for clip in admission.dropped { listeners.publish(.removed(clip)) }
        for loss in losses { report(loss) }
        for given in admission.givenUp {
            logger.warning(
                "\(targets.name(given.target)) is too slow; another target holds the clip", metadata: ["clip": "\(given.clip)"])
        }
        listeners.publish(.updated(id))
        notify()
        return state.withLock { !$0.plan.needsBeginning(id, now: now()) }
    }

    /// The clip shows another incident too. Only while it is being recorded; later it changes nothing.
    /// At most ``eventLimit`` beside its own; more are left out.
    public func add(event: String, to id: ClipID) {
        let facts = state.withLock { state -> ClipFacts? in
            guard let facts = state.recordings[id]?.facts, !facts.events.contains(event), facts.alsoEvents.count < Self.eventLimit else { return nil }
            state.recordings[id]!.facts.alsoEvents = (facts.alsoEvents + [event]).sorted()
            return state.recordings[id]!.facts
        }
        guard let facts else { return }
        let manifest = sign(facts)
        state.withLock { state in
            state.plan.setManifest(manifest?.file ?? [], of: id, closed: false)
            state.index.update(id) { $0.facts.alsoEvents = facts.alsoEvents }
        }
        listeners.publish(.updated(id))
        notify()
    }

    /// The clip's still picture, a JPEG.
    public func setPoster(_ bytes: any FragmentBytes, of id: ClipID) {
        state.withLock { $0.plan.setPoster(bytes, of: id) }
        notify()
    }

    /// No fragment follows.
    public func close(_ id: ClipID, durationSeconds: Double, reason: String, lostPictures: Int) {
        let facts = state.withLock { state -> ClipFacts? in
            guard var facts = state.recordings.removeValue(forKey: id)?.facts else { return nil }
            facts.state = .closed
            facts.reason = reason
            facts.lostPictures = lostPictures
            facts.durationSeconds = Self.milliseconds(durationSeconds)
            facts.end = facts.start.addingTimeInterval(facts.durationSeconds)
            return facts
        }
        guard let facts else { return }
        let manifest = sign(facts)
        var loss: FootageLoss?
        let isAbandoned = state.withLock { state in
            if state.plan.isAbandoned(id) {
                loss = state.lose(id, state.plan.isLetGo(id) ? .peerLetGo : .deleted, now())
                state.index.remove(id)
                state.plan.forget(id)
                return true
            }
            state.plan.setManifest(manifest?.file ?? [], of: id, closed: true)
            state.index.update(id) { entry in
                entry.facts = facts
                entry.signature = manifest?.signature.hex
            }
            return false
        }
        if let loss { report(loss) }
        listeners.publish(isAbandoned ? .removed(id) : .updated(id))
        notify()
    }

    // MARK: Asking

    /// This node's clips, newest first.
    public func clips(_ query: ClipQuery) -> [CatalogueEntry] {
        // Before the catalogue: what goes over to it meanwhile is in both, and not in neither.
        let (held, ids) = state.withLock { state in (state.index.clips(query), Set(state.index.all.map(\.facts.id))) }
        // Of what this node holds it knows more.
        let rest = catalogue.clips(query, of: [settings.camera]).filter { !ids.contains($0.facts.id) }
        if held.isEmpty { return rest }
        return Array((held + rest).sorted { ($0.facts.start, $0.facts.id) > ($1.facts.start, $1.facts.id) }.prefix(query.limit))
    }

    public func clip(_ id: ClipID) -> CatalogueEntry? {
        state.withLock { $0.index[id] } ?? catalogue.clip(id).flatMap { $0.facts.camera == settings.camera ? $0 : nil }
    }
    public var isRecording: Bool { state.withLock { !$0.recordings.isEmpty } }
    /// How the targets are, in the order in which they came.
    public var targetStatus: [TargetStatus] { state.withLock { $0.targets.values.sorted { $0.number < $1.number } } }
    /// How soon fragments lately were safe outside this camera; nil: none has left yet.
    public var departures: RecentDepartures.Summary? { state.withLock { $0.departures.summary } }
    /// Video bytes that wait in memory.
    public var spooledBytes: Int { state.withLock { $0.plan.heldBytes } }
    /// Closed clips of this run that no target holds whole.
    public var waitingClips: Int {
        state.withLock { state in
            state.plan.clips.count { clip in
                guard state.recordings[clip] == nil, let entry = state.index[clip] else { return state.recordings[clip] == nil }
                return !entry.isStored && !(entry.isOnDisk && state.plan.targets.isEmpty)
            }
        }
    }
    /// The newest losses of this run, oldest first.
    public var losses: [FootageLoss] { state.withLock { $0.losses.losses } }
    public func changes() -> AsyncStream<StoreChange> { listeners.subscribe() }

    /// The `discovery.txt` of the camera's folder, as ``DiscoveryNote`` writes it; on every target soon.
    public var discoveryNote: [UInt8] {
        get { state.withLock { $0.note } }
        set {
            state.withLock { $0.note = newValue }
            notify()
        }
    }

    /// The notes on all targets that can be read now, this node's own included.
    ///
    /// - Parameter read: what a `discovery.txt` says; nil where it is not to be heeded. Nothing else is kept of it.
    public func discoveryNotes(_ read: @escaping @Sendable ([UInt8]) -> DiscoveryNote?) async -> [DiscoveryNote] {
        var notes: [DiscoveryNote] = []
        for (_, place) in targets.present {
            let found = try? await TargetQueue.shared.run { () throws(TargetError) in
                try place.reading.list("").filter(\.isDirectory).prefix(Self.folderLimit).compactMap { place.reading.discoveryNote(in: $0.name).flatMap(read) }
            }
            notes += found ?? []
        }
        return notes
    }

    /// Folders of one target in which notes are looked for.
    private static let folderLimit = 2000

    func held(_ id: ClipID, at offset: Int) -> (bytes: any FragmentBytes, offset: Int)? {
        state.withLock { $0.plan.held(id, at: offset) }
    }

    func heldPoster(_ id: ClipID) -> (any FragmentBytes)? { state.withLock { $0.plan.poster(of: id) } }

    /// Whether that is a clip of this node's, signed by it or by a peer that kept it.
    func isOwn(_ manifest: Manifest) -> Bool { manifest.facts.id.node == settings.node && keys.verifies(manifest) }

    func sign(_ facts: ClipFacts) -> Manifest? {
        do {
            return try Manifest(facts: facts, signer: settings.node) { keys.sign(.facts, $0) }
        } catch {
            logger.error("a manifest cannot be encoded: \(error)", metadata: ["clip": "\(facts.id)"])
            return nil
        }
    }

    /// Seconds in whole milliseconds.
    private static func milliseconds(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }

    func report(_ loss: FootageLoss) {
        let why = switch loss.reason {
        case .memoryFull: "memory for recordings is full"
        case .diskFailed: "the local disk that held it cannot be read"
        case .deleted: "it was deleted while it was written, or another storage was put there"
        case .peerLetGo: "the peer that was to bring it to the storage has let go of it"
        }
        logger.error("footage from \(RFC3339.format(loss.start)) on is lost: \(why)", metadata: ["clip": "\(loss.clip)"])
        listeners.publish(.lost(loss))
    }

    /// There may be something to do.
    func notify() {
        notifyTargets()
        replicaFeed.publish(())
    }

    func notifyTargets() {
        wakeDisk()
        for writer in writers.withLock({ Array($0.values) }) { writer.notify() }
    }
}

extension ClipStore.State {
    /// Memory had no room for a fragment: the clip has a gap.
    ///
    /// - Parameter until: length of the clip with that fragment.
    /// - Returns: the loss, where it is a new one.
    fileprivate mutating func refused(of clip: ClipID, until: Double) -> FootageLoss? {
        guard var recording = recordings[clip], until > recording.durationSeconds else { return nil }
        let (from, start) = (recording.durationSeconds, recording.facts.start)
        recording.facts.addGap(from: from, to: until)
        recording.durationSeconds = until
        recordings[clip] = recording
        let loss = FootageLoss(clip: clip, start: start.addingTimeInterval(from), end: start.addingTimeInterval(until), reason: .memoryFull)
        return losses.add(loss) ? loss : nil
    }

    /// All that memory or the local disk held of a clip is gone, and with it the clip, unless a target has it whole.
    mutating func lose(_ clip: ClipID, _ reason: FootageLoss.Reason, _ now: ContinuousClock.Instant) -> FootageLoss? {
        guard let entry = index[clip] else { return nil }
        if entry.isStored, recordings[clip] == nil {
            index.update(clip) { $0.isOnDisk = false }
            return nil
        }
        let facts = entry.facts
        if recordings[clip] == nil { index.remove(clip) }
        // What a peer has of it is on the storage some time.
        looksUntil = now + ReplicaShelf.idleLimit * 2
        let loss = FootageLoss(clip: clip, start: facts.start, end: facts.end, reason: reason)
        return losses.add(loss) ? loss : nil
    }
}
