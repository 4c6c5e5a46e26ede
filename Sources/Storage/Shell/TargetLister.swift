import Dispatch
import Foundation
import Logging
import Synchronization

/// Finds what a target holds of this camera, and closes the books of recordings that ended with their process.
///
/// On a thread of its own: years of footage take minutes to list, and what is recorded meanwhile waits for nothing.
final class TargetLister: Sendable {
    private enum State {
        case idle, looking, over
    }

    /// When it looked, and what came of it.
    private struct Looks {
        /// When the last one began, and of which catalogue.
        var last: ContinuousClock.Instant?
        var generation = 0
        /// Whether there was one since this node had time to be told of what others had brought.
        var isSettled = false
        /// Looks one behind the other that did not see everything.
        var failures = 0

        /// Whether the last one is to be made again: after a second, doubling up to a minute, since what cannot be read may never be.
        func isToDo(_ now: ContinuousClock.Instant) -> Bool {
            guard failures > 0, let last else { return false }
            return last + min(.seconds(1 << min(failures - 1, 6)), TargetLister.interval) <= now
        }
    }

    private let number: Int
    private let place: Target
    private let store: ClipStore
    private let logger: Logger
    private let state = Mutex(State.idle)
    /// Whoever stops it waits for this.
    private let ended = DispatchSemaphore(value: 0)
    private let looks = Mutex(Looks())
    private let scan: Mutex<TargetScan>

    init(number: Int, target: Target, store: ClipStore, logger: Logger) {
        self.number = number
        self.place = target
        self.store = store
        self.logger = logger
        scan = Mutex(TargetScan(target.reading, number: number, catalogue: store.catalogue))
    }

    /// Begins a look, unless one is under way.
    ///
    /// - Parameter folder: the camera's on this target.
    func look(in folder: String) {
        let begins = state.withLock { state in
            guard state == .idle else { return false }
            state = .looking
            return true
        }
        guard begins else { return }
        looks.withLock { ($0.last, $0.generation) = (store.now(), store.catalogue.generation) }
        let thread = Thread { [self] in work(folder) }
        thread.name = "target-\(number)-list"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Begins one where the last one did not see everything or what it found is lost, where a peer says that it has brought clips of this camera, and
    /// from time to time where one may have and could not say so.
    func lookIfToDo(in folder: String) {
        let (now, broughtAt) = (store.now(), store.broughtAt)
        let isDue = looks.withLock { looks in
            guard let last = looks.last else { return false }
            if looks.generation != store.catalogue.generation || looks.isToDo(now) { return true }
            if let broughtAt, last <= broughtAt, last + Self.pause <= now { return true }
            if !looks.isSettled, last + Self.settling <= now {
                // Peers bring what they kept of the run before this one within seconds of hearing of this one.
                looks.isSettled = true
                return true
            }
            return last + Self.interval <= now && store.waitsForPeers
        }
        if isDue { look(in: folder) }
    }

    private static let settling = Duration.seconds(120)
    private static let interval = Duration.seconds(60)
    /// However often peers say that they brought something.
    private static let pause = Duration.seconds(2)

    /// No more looks. Waits for the end of one that is under way, which comes with the answer to what it asks just now: when this returns, nothing of
    /// what is on the target is changed any more.
    func stop() {
        let isLooking = state.withLock { state in
            defer { state = .over }
            return state == .looking
        }
        if isLooking { ended.wait() }
    }

    // MARK: On its thread

    private func work(_ folder: String) {
        do throws(TargetError) {
            let camera = store.settings.camera
            var unsigned = 0
            let missed = try scan.withLock { scan throws(TargetError) -> TargetError? in
                // A camera that was renamed has older folders too.
                return try scan.look { name in
                    name == folder || store.keys.mayHold(place.reading.discoveryNote(in: name), clipsOf: [camera])
                } isOver: { isOver } take: { found throws(TargetError) in
                    // Of another camera, whose folder does not say so.
                    guard found.manifest.facts.camera == camera else { return nil }
                    guard store.isOwn(found.manifest) else {
                        unsigned += 1
                        return nil
                    }
                    return try known(found)
                }
            }
            if unsigned > 0 { logger.warning("\(unsigned) manifests here are signed by no member of this mesh; their clips are not shown") }
            store.listed(number)
            finish(missed)
        } catch {
            finish(error)
        }
    }

    private var isOver: Bool { state.withLock { $0 == .over } }

    private func finish(_ failure: TargetError?) {
        let failures = looks.withLock { looks in
            looks.failures = failure == nil ? 0 : looks.failures + 1
            return looks.failures
        }
        let isOver = state.withLock { state in
            if state != .over { state = .idle }
            return state == .over
        }
        if let failure, failures == 1, !isOver { logger.notice("what the storage holds cannot all be listed now: \(failure)") }
        if isOver { ended.signal() }
    }

    /// How to know a clip of this camera. Closes the books of one whose recording ended with its process.
    private func known(_ found: FoundClip) throws(TargetError) -> TargetScan.Known? {
        let (facts, signature) = (found.manifest.facts, found.manifest.signature)
        if found.isUnplaced { try place.writing.replace(found.path.file(.manifest), with: found.manifest.file) }
        guard facts.state == .recording, facts.id.node == store.settings.node else { return (facts, signature) }
        // Of this run: it is being recorded, or this target gave it up, or a peer is to bring the rest.
        if facts.id.boot == store.settings.boot { return nil }
        let closed = try Self.closed(facts, video: found.path.file(.video), bytes: found.videoBytes, on: place.reading, by: store)
        guard let manifest = store.sign(closed) else { return (facts, signature) }
        // A peer that kept it may have brought more of it meanwhile, and closed it.
        guard try place.reading.look(at: found.path.file(.video)).size == found.videoBytes,
            try place.reading.readAll(found.path.file(.manifest), limit: FoundClip.manifestLimit) == found.manifest.file
        else { return (facts, signature) }
        // People open files on the share themselves: a player refuses one that ends inside a `moof`.
        if closed.bytes < found.videoBytes { try place.writing.truncate(found.path.file(.video), to: closed.bytes) }
        try place.writing.replace(found.path.file(.manifest), with: manifest.file)
        logger.notice("a recording that was cut off is closed: \(found.path.file(.video)), \(closed.durationSeconds) s are there")
        return (manifest.facts, manifest.signature)
    }

    /// The facts with which its own node closes a recording whose process ended. It vouches for what it signed while it recorded, and for no more: who had
    /// the storage meanwhile may have had his hands in it.
    static func closed(_ facts: ClipFacts, video: String, bytes: Int, on target: some TargetFiles, by store: ClipStore) throws(TargetError) -> ClipFacts {
        var closed = try interrupted(facts, video: video, bytes: bytes, on: target)
        let chain = try reading {
            try FileChain(clip: facts.id, size: closed.bytes, isSigned: { [keys = store.keys] in keys.verifies($0) }) { try target.read(video, at: $0, count: $1) }
        }
        if let signed = chain.signed { (closed.fragments, closed.head) = (signed.fragments, signed.head.hex) }
        return closed
    }

    /// The facts of a recording that nobody closed, after a look at what its file really holds.
    static func interrupted(_ facts: ClipFacts, video: String, bytes: Int, on target: some TargetFiles) throws(TargetError) -> ClipFacts {
        var facts = facts
        let scan = try reading { try FragmentedMP4Scan(size: bytes) { offset, count in try target.read(video, at: offset, count: count) } }
        facts.state = .interrupted
        facts.reason = "the camera stopped while it recorded"
        facts.bytes = scan.playableBytes
        facts.fragments = scan.fragments
        facts.durationSeconds = scan.durationSeconds
        facts.end = facts.start.addingTimeInterval(facts.durationSeconds)
        return facts
    }

    /// Of work that rethrows what reading throws: what cannot be read now must not be taken for what is not there.
    private static func reading<Result>(_ work: () throws -> Result) throws(TargetError) -> Result {
        do { return try work() } catch let error as TargetError { throw error } catch {
            throw TargetError(operation: "read", path: "\(error)", code: EIO)
        }
    }
}
