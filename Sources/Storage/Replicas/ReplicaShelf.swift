public import struct Foundation.Date
import Synchronization

/// What this node keeps of other cameras' clips, in memory and within a bound, until a target has it.
///
/// Each camera sends its own clips, fragment by fragment (``SpoolPlan/nextReplicaJob(now:)``), and tells when they are not needed any more.
/// Where a camera vanishes, ``ClipStore`` brings them to the targets in its stead.
public final class ReplicaShelf: Sendable {
    /// No piece, poster or manifest is larger.
    public static let pieceLimit = 16 << 20
    private static let posterLimit = 2 << 20
    /// It has to be one that readers of a target still take, with what a keeper adds.
    private static let manifestLimit = FoundClip.manifestLimit / 4
    /// Of a camera from which nothing came of a clip for so long nothing more comes: clips end sooner.
    static let idleLimit = Duration.seconds(660)

    public let capacityBytes: Int
    private let keys: FootageKeys
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state: Mutex<State>

    fileprivate struct State {
        var replicas: [ClipID: Replica] = [:]
        var bytes = 0
        var editions = 0
        /// On their way to the targets.
        var rescued: Set<ClipID> = []
        /// Whether the oldest go when a new one needs the room, because there is no target that would ever take them.
        var isRing = true
    }

    public init(capacityBytes: Int, keys: FootageKeys, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.capacityBytes = capacityBytes
        self.keys = keys
        self.now = now
        state = Mutex(State())
    }

    /// Bytes that it takes now.
    public var bytes: Int { state.withLock { $0.bytes } }

    /// Whether there is no target, so that the newest clips push the oldest out.
    public func setRing(_ isRing: Bool) { state.withLock { $0.isRing = isRing } }

    // MARK: What cameras send

    /// The clip's sidecar as its camera has it now; the first begins the copy.
    public func take(manifest bytes: [UInt8], of clip: ClipID, isHandedOver: Bool) throws(ReplicaRefusal) {
        guard bytes.count <= Self.manifestLimit else { throw .malformed("these facts are too long") }
        try change(clip) { (replica: inout Replica?) throws(ReplicaRefusal) in
            if replica == nil { replica = try Replica(manifest: bytes, of: clip, keys: keys, now: now()) }
            try replica?.take(manifest: bytes, isHandedOver: isHandedOver, keys: keys)
        }
    }

    /// Whole fragments, from a place in the file on.
    public func take(video piece: [UInt8], at offset: Int, of clip: ClipID) throws(ReplicaRefusal) {
        guard piece.count <= Self.pieceLimit else { throw .malformed("this is too much at once") }
        try change(clip) { (replica: inout Replica?) throws(ReplicaRefusal) in
            if replica == nil { throw .unknown }
            try replica?.take(video: piece, at: offset)
        }
    }

    /// This node's word that it has all that came of the clip until now; nil: nothing did.
    ///
    /// - Parameter time: of day.
    public func witness(of clip: ClipID, node: String, time: Date) -> Witness? {
        guard let (fragments, head) = state.withLock({ $0.replicas[clip]?.newest }) else { return nil }
        return Witness(of: clip, node: node, fragments: fragments, head: head, time: time) { keys.sign(.witness, $0) }
    }

    public func take(poster: [UInt8], of clip: ClipID) throws(ReplicaRefusal) {
        guard poster.count <= Self.posterLimit else { throw .malformed("this is no still picture") }
        try change(clip) { (replica: inout Replica?) throws(ReplicaRefusal) in
            if replica == nil { throw .unknown }
            replica?.take(poster: poster)
        }
    }

    /// The camera needs the copy no more.
    public func release(_ clip: ClipID) {
        state.withLock { state in
            guard !state.rescued.contains(clip), state.replicas[clip]?.isHandedOver != true else { return }
            state.remove(clip)
        }
    }

    /// Signatures are checked beside the lock: one camera's thousand keep nobody waiting.
    private func change(_ clip: ClipID, _ body: (inout Replica?) throws(ReplicaRefusal) -> Void) throws(ReplicaRefusal) {
        let before = try state.withLock { state throws(ReplicaRefusal) in
            if state.rescued.contains(clip) { throw .rescued }
            return state.replicas[clip]
        }
        var replica = before
        try body(&replica)
        guard var changed = replica else { return }
        try state.withLock { state throws(ReplicaRefusal) in
            if state.rescued.contains(clip) { throw .rescued }
            let present = state.replicas[clip]
            // Something else came of the same clip in between: its camera tells this again.
            guard present?.edition == before?.edition else { throw .elsewhere(bytes: present?.bytes ?? 0) }
            let growth = changed.weight - (present?.weight ?? 0)
            if growth > 0 {
                state.makeRoom(for: growth, within: capacityBytes, sparing: clip)
                guard state.bytes + growth <= capacityBytes, state.bytes(of: clip.node) + growth <= capacityBytes / 4 * 3 else { throw .full }
            }
            state.editions += 1
            changed.touch(now(), edition: state.editions)
            state.bytes += growth
            state.replicas[clip] = changed
        }
    }

    // MARK: What is here

    /// Newest first. Of a clip whose camera goes on, the camera knows more.
    ///
    /// - Parameter keeper: this node's name.
    public func clips(_ query: ClipQuery, keeper: String) -> [CatalogueEntry] {
        state.withLock { state in
            var index = ClipIndex()
            for replica in state.replicas.values where replica.bytes > 0 { index.set(state.entry(replica, keeper: keeper)) }
            return index.clips(query)
        }
    }

    public func clip(_ id: ClipID, keeper: String) -> CatalogueEntry? {
        state.withLock { state in state.replicas[id].flatMap { $0.bytes > 0 ? state.entry($0, keeper: keeper) : nil } }
    }

    /// Fewer bytes than `count` at the end of what is here; nil: nothing is known of the clip.
    public func read(_ id: ClipID, at offset: Int, count: Int) -> [UInt8]? { state.withLock { $0.replicas[id]?.read(at: offset, count: count) } }

    /// Its sidecar, as its camera signed it last.
    public func manifest(of id: ClipID) -> [UInt8]? { state.withLock { $0.replicas[id]?.manifest.file } }

    public func poster(of id: ClipID) -> [UInt8]? { state.withLock { $0.replicas[id]?.poster } }

    // MARK: Bringing it to the targets

    /// A clip that nobody but this node brings to the targets.
    struct Rescue {
        let facts: ClipFacts
        /// As the camera signed it when it began.
        let opening: Manifest
        /// As the camera closed it; nil: this node has to.
        let manifest: Manifest?
        let poster: [UInt8]?
        let pieces: [[UInt8]]
    }

    /// Takes up those whose camera is gone, those that were handed over whole, and those of which nothing came for a long time: their camera has let go
    /// of them without a word, as it does without a target. From now on nothing is added to them.
    ///
    /// - Parameter isGone: whether that run of that node is over.
    func startRescue(keeper: String, isGone: (_ node: String, _ boot: UInt32) -> Bool) -> [Rescue] {
        let now = now()
        return state.withLock { state in
            let over = state.replicas.values.filter { replica in
                !state.rescued.contains(replica.id)
                    && (replica.isHandedOver && replica.isWhole || replica.touched + Self.idleLimit <= now || isGone(replica.id.node, replica.id.boot))
            }
            // Of some nothing came but that they had begun.
            for replica in over where replica.bytes == 0 { state.remove(replica.id) }
            let found = over.filter { $0.bytes > 0 }
            return found.sorted { $0.id < $1.id }.map { replica in
                state.rescued.insert(replica.id)
                return Rescue(
                    facts: replica.facts(keeper: keeper), opening: replica.opening, manifest: replica.isWhole ? replica.manifest : nil, poster: replica.poster,
                    pieces: replica.pieces)
            }
        }
    }

    /// It did not come to that; it is tried again later.
    func rescueFailed(_ clip: ClipID) { state.withLock { _ = $0.rescued.remove(clip) } }

    /// The targets have it, or need nothing of it.
    func rescued(_ clip: ClipID) { state.withLock { $0.remove(clip) } }
}

extension ReplicaShelf.State {
    fileprivate mutating func remove(_ clip: ClipID) {
        rescued.remove(clip)
        bytes -= replicas.removeValue(forKey: clip)?.weight ?? 0
    }

    /// What one camera's clips take. A part of the whole stays for the others, whatever one sends.
    fileprivate func bytes(of camera: String) -> Int { replicas.values.reduce(0) { $1.id.node == camera ? $0 + $1.weight : $0 } }

    /// In a mesh without targets the newest count. Elsewhere each of these may be the last copy, and who sends more is refused.
    fileprivate mutating func makeRoom(for growth: Int, within capacity: Int, sparing clip: ClipID) {
        guard isRing, bytes + growth > capacity || bytes(of: clip.node) + growth > capacity / 4 * 3 else { return }
        // As they came: clocks may be wrong.
        for old in replicas.values.sorted(by: { $0.edition < $1.edition }) where old.id != clip {
            let isGreedy = bytes(of: clip.node) + growth > capacity / 4 * 3
            guard isGreedy || bytes + growth > capacity else { return }
            if !isGreedy || old.id.node == clip.node { remove(old.id) }
        }
    }

    fileprivate func entry(_ replica: Replica, keeper: String) -> CatalogueEntry {
        CatalogueEntry(facts: replica.facts(keeper: keeper), signature: replica.isWhole ? replica.manifest.signature.hex : nil)
    }
}
