import Dispatch
import Foundation
import Logging
import Synchronization

/// One target's own thread: attaches it, does the spool's jobs for it in order, and waits out its failures.
///
/// A target that hangs stops this thread alone; the spool keeps what it cannot take, within its bound.
final class TargetWriter: Sendable {
    /// Even without a job it looks how much room there is.
    static let longestPause = Duration.seconds(10)
    /// Between tries with a user or password that was refused; another password is tried at once.
    private static let refusalPause = Duration.seconds(120)

    private let number: Int
    private let place: Target
    private var target: TargetProcess { place.writing }
    private let store: ClipStore
    private let lister: TargetLister
    private let logger: Logger
    /// The note that the target has.
    private let note = Mutex<[UInt8]>([])
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    init(number: Int, target: Target, store: ClipStore, logger: Logger) {
        self.number = number
        self.place = target
        self.store = store
        var logger = logger
        logger[metadataKey: "target"] = "\(target.location)"
        self.logger = logger
        lister = TargetLister(number: number, target: target, store: store, logger: logger)
    }

    func start() {
        let thread = Thread { [self] in
            work()
            lister.stop()
            place.writing.end()
            place.reading.end()
            place.racing.end()
            ended.signal()
        }
        thread.name = "target-\(number)"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Says that there may be a job.
    func notify() { wake.signal() }

    /// Waits until the thread has ended; false when it did not in time, because its target hangs.
    func waitForEnd(until deadline: DispatchTime) -> Bool {
        wake.signal()
        return ended.wait(timeout: deadline) == .success
    }

    // MARK: On the thread

    private func work() {
        var folder: String?
        var keys: [UInt8]?
        var failures = 0
        var measured: ContinuousClock.Instant?
        // Whose job is being done, and whose failed last.
        var current: ClipID?
        var suspect: ClipID?
        // Of the storage that was attached.
        var identity: String?
        var doubtful: Set<ClipID> = []
        // Of cameras that are gone, by id; of this one's earlier names.
        var folders: [String: String] = [:]
        while !store.shouldEnd(target: number) {
            current = nil
            do {
                if folder == nil {
                    folder = try attach()
                    identity = try TargetIdentity.find(on: target)
                    keys = nil
                    folders = [:]
                }
                guard let directory = folder, let job = store.nextJob(for: number) else {
                    if let folder, store.discoveryNote != note.withLock({ $0 }) { try writeNote(in: folder) }
                    if let current = store.currentKeys, current != keys {
                        try target.replace(ClipPath.keys(of: store.settings.node), with: current)
                        keys = current
                    }
                    if measured.map({ ContinuousClock.now - $0 >= Self.longestPause }) ?? true {
                        store.measured(number, space: try target.space())
                        measured = .now
                        // Something was mounted there, or unmounted.
                        if try TargetIdentity.find(on: target) != identity {
                            folder = nil
                            continue
                        }
                    }
                    recovered(&failures)
                    if let folder { lister.lookIfToDo(in: folder) }
                    place.reading.end(ifIdleFor: Target.readerIdle)
                    place.racing.end(ifIdleFor: Target.readerIdle)
                    _ = wake.wait(timeout: .now() + store.pause(of: number) / .seconds(1))
                    continue
                }
                let loaded: SpoolPlan.Job
                do { loaded = try job.loaded() } catch {
                    store.unreadable(job.clip, error)
                    continue
                }
                current = job.clip
                // Somebody deleted what we write into: begin anew, with a folder that says whose it is.
                if try !perform(loaded, in: try self.folder(for: job, own: directory, &folders), &doubtful) { folder = nil }
                if suspect == job.clip { suspect = nil }
                recovered(&failures)
            } catch {
                // A storage that has proven once more that it works, and fails at the same recording again, works but for that one.
                if let current, error.mayBeOfOneFile, suspect == current || store.isRefused(current, on: number) {
                    store.setAside(current, on: number, error)
                    suspect = nil
                    continue
                }
                suspect = current
                if failures == 0 { logger.warning("storage fails: \(error); recordings wait in memory. \(error.cure)") }
                store.failed(number, error)
                folder = nil
                failures += 1
                // What it holds on to may be what is not there any more: another process looks anew.
                target.end()
                place.reading.end()
                pause(failures, refused: error.code == EACCES || error.code == EPERM)
            }
        }
    }

    private func writeNote(in folder: String) throws(TargetError) {
        let current = store.discoveryNote
        try target.replace("\(folder)/discovery.txt", with: current)
        note.withLock { $0 = current }
    }

    private func recovered(_ failures: inout Int) {
        if failures > 0 { logger.notice("storage is back") }
        failures = 0
    }

    /// Proves that the target takes writes, finds or makes the camera's folder, and has somebody look what is there of this camera.
    private func attach() throws(TargetError) -> String {
        try target.probe()
        let camera = store.settings.camera
        var folder = ClipPath.folderName(for: store.settings.cameraName)
        if let owner = target.owner(of: folder), owner != camera { folder += "-\(camera.prefix(8))" }
        try writeNote(in: folder)
        store.attached(number, space: try target.space())
        lister.look(in: folder)
        return folder
    }

    /// Where a clip goes: this camera's folder, or that of a camera that is gone.
    private func folder(for job: SpoolPlan.Job, own: String, _ known: inout [String: String]) throws(TargetError) -> String {
        let camera = job.clip.node
        if camera == store.settings.camera {
            guard job.clip.boot != store.settings.boot, job.path.folder != own else { return own }
            // Recorded under an earlier name: what is there already of the clip is there.
            let folder = known[job.path.folder] ?? (target.owner(of: job.path.folder) == camera ? job.path.folder : own)
            known[job.path.folder] = folder
            return folder
        }
        if let folder = known[camera] { return folder }
        var folder = job.path.folder
        if let owner = target.owner(of: folder), owner != camera { folder += "-\(camera.prefix(8))" }
        if target.owner(of: folder) == nil {
            // By it everybody finds whose clips these are. Its camera signs one when it is back.
            try target.replace("\(folder)/discovery.txt", with: DiscoveryNote(camera: camera, name: job.path.folder, node: camera, addresses: []).file())
        }
        known[camera] = folder
        return folder
    }

    /// Answers false when the clip's file is gone.
    ///
    /// - Parameter doubtful: clips whose file may have been made by an attempt of which no answer came.
    private func perform(_ job: SpoolPlan.Job, in folder: String, _ doubtful: inout Set<ClipID>) throws(TargetError) -> Bool {
        var path = job.path
        path.folder = folder
        do throws(TargetError) {
            switch job.work {
            case .video(let bytes, let offset):
                if offset == 0, job.replacesFile { try target.remove(path.file(.video)) }
                try target.write(bytes, at: offset, of: path.file(.video))
            case .poster(let bytes): try target.replace(path.file(.poster), with: bytes)
            case .manifest(let bytes, _): try target.replace(path.file(.manifest), with: bytes)
            case .readBack(let bytes, let offset):
                let count = bytes.reduce(0) { $0 + $1.count }
                guard try target.digest(path.file(.video), at: offset, count: count) == Digest.of(bytes) else {
                    store.isWrong(job, on: number, path: path)
                    return true
                }
            case .readBackManifest(let bytes, _):
                guard try target.digest(path.file(.manifest), at: 0, count: bytes.count + 1) == Digest.of([bytes]) else {
                    if try isClosedByAnother(job, at: path) { break }
                    store.isWrong(job, on: number, path: path)
                    return true
                }
            }
        } catch {
            if error.code == ENOENT, case .readBackManifest = job.work {
                store.isWrong(job, on: number, path: path)
                return true
            }
            if error.isNameTaken, job.createsFile {
                switch try look(for: job, at: path, isInDoubt: doubtful.contains(job.clip)) {
                case .another: store.nameTaken(job, on: number)
                case .useless:
                    // It holds nothing that does not come again.
                    try target.remove(path.file(.video))
                    doubtful.remove(job.clip)
                case .beginning(let bytes):
                    // What stands behind it is the clip's too, and is written over; its camera may be back and writing here itself.
                    store.adopted(job, on: number, path: path, bytes: bytes)
                case .unknown: store.unreadable(job.clip, error)
                case .enough: store.needsNoMore(job, on: number, path: path)
                }
                return true
            }
            if error.isInDoubt, job.createsFile { doubtful.insert(job.clip) }
            // Somebody deleted the file while it grew: this clip has no future here, the target has.
            if error.code == ENOENT, (try? target.probe()) != nil {
                store.vanished(job, on: number)
                return false
            }
            throw error
        }
        store.finished(job, on: number, path: path)
        return true
    }

    /// Whether somebody of the mesh closed the clip of an earlier run, or of another node, in other words: its camera and a peer may both bring it.
    private func isClosedByAnother(_ job: SpoolPlan.Job, at path: ClipPath) throws(TargetError) -> Bool {
        guard job.clip.node != store.settings.node || job.clip.boot != store.settings.boot, case .readBackManifest(let own, _) = job.work,
            let ours = try? Manifest(parsing: own), let theirs = try? Manifest(parsing: try target.readAll(path.file(.manifest), limit: FoundClip.manifestLimit))
        else { return false }
        return store.isOf(job.clip, theirs) && theirs.facts.state != .recording && theirs.facts.bytes >= ours.facts.bytes
    }

    /// What the file is that has the clip's name: the clip's own by its sidecar, or because it holds some of the clip's first bytes, as an attempt
    /// leaves it that was cut off.
    private func look(for job: SpoolPlan.Job, at path: ClipPath, isInDoubt: Bool) throws(TargetError) -> ClipStore.NamesFile {
        guard case .video(let parts, _) = job.work else { return .another }
        let size = try target.look(at: path.file(.video)).size
        if let sidecar = try? target.readAll(path.file(.manifest), limit: FoundClip.manifestLimit), let manifest = try? Manifest(parsing: sidecar) {
            guard store.isOf(job.clip, manifest) else { return .another }
            guard let known = store.beginning(of: job.clip, upTo: size) else { return .another }
            var isRight = known.end > 0
            if isRight {
                // What cannot be read here says nothing of what is there.
                guard let own = try? Digest.ofLoaded(known.pieces) else { return .unknown }
                isRight = try target.digest(path.file(.video), at: 0, count: known.end) == own
            }
            let isOfThisRun = job.clip.node == store.settings.node && job.clip.boot == store.settings.boot
            if isOfThisRun || size < known.total { return isRight ? .beginning(bytes: known.end) : .useless }
            // Who has as much as was saved of an earlier run, or another node's, or more than that, is left alone.
            guard isRight else { return .another }
            return size > known.total || manifest.facts.state != .recording ? .enough : .beginning(bytes: known.end)
        }
        // An empty file may be anybody's.
        guard size > 0 || isInDoubt else { return .another }
        let bytes = parts.reduce(into: [UInt8]()) { bytes, part in Bytes(part).withBytes { bytes += $0.prefix(max(0, size - bytes.count)) } }
        guard size == bytes.count else { return .another }
        return try target.digest(path.file(.video), at: 0, count: size) == Digest.of([bytes]) ? .useless : .another
    }

    private func pause(_ failures: Int, refused: Bool) {
        let settings = store.settings
        // Who refuses is asked less often: a NAS that counts tries would shut this camera out.
        let longest = refused ? max(settings.retryLast, Self.refusalPause) : settings.retryLast
        let pause = min(settings.retryFirst * (1 << min(failures - 1, 16)), longest) * Double.random(in: 0.75...1.25)
        let deadline = DispatchTime.now() + .milliseconds(Int(pause / .milliseconds(1)))
        while !store.shouldEnd(target: number), !place.isRenewed(), wake.wait(timeout: deadline) == .success {}
    }
}

/// Opens the box, so that generic code can take it.
struct Bytes: FragmentBytes {
    private let base: any FragmentBytes
    init(_ base: any FragmentBytes) { self.base = base }
    var count: Int { base.count }
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result { try base.withBytes(body) }
}
