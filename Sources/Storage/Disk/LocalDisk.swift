import Dispatch
import Foundation
import Logging
import Synchronization

/// The local disk's own thread: finds what an earlier run left there, writes what ``SpoolPlan/nextDiskJob()`` says, and deletes what nobody needs any more.
///
/// Its files lie as on every target, so that people find them; but they are this node's alone.
final class LocalDisk: Sendable {
    /// A file that was there already is taken up in pieces of this size.
    private static let piece = 1 << 20

    let root: String
    private let disk: DirectoryTarget
    private let store: ClipStore
    private let logger: Logger
    private let isOver = Mutex(false)
    private let deadline = Mutex<DispatchTime?>(nil)
    /// Of the root, as it was found.
    private let identity = Mutex<DirectoryTarget.Identity?>(nil)
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    init(root: String, store: ClipStore, logger: Logger) {
        self.root = root
        self.store = store
        self.logger = logger
        disk = DirectoryTarget(root: root)
    }

    func start() {
        let thread = Thread { [self] in
            work()
            ended.signal()
        }
        thread.name = "disk"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Says that there may be a job.
    func notify() { wake.signal() }

    /// Only what has to be done before the end, and that until then.
    func beginEnd(until deadline: DispatchTime) {
        self.deadline.withLock { $0 = deadline }
        isOver.withLock { $0 = true }
        wake.signal()
    }

    /// Answers false when its thread did not end in time, because the disk hangs.
    func waitForEnd(until deadline: DispatchTime) -> Bool { ended.wait(timeout: deadline) == .success }

    /// Whether the disk is the one that was found at the start: where it was mounted there may be nothing but the mount point now. May block.
    func isThere() throws(TargetError) -> Bool { try disk.identity() == identity.withLock { $0 } }

    // MARK: On the thread

    private func work() {
        var isKnown = false
        while !isOver.withLock({ $0 }) || store.hasDiskJob {
            if deadline.withLock({ $0.map { $0 <= .now() } ?? false }) { return }
            do throws(TargetError) {
                if !isKnown {
                    // Nothing is written before there is a reason: beside a storage that works this may be an SD card that wears out.
                    _ = try disk.list("")
                    try checkThatItIsNoStorage()
                    let found = try disk.identity()
                    identity.withLock { $0 = found }
                    try find()
                    isKnown = true
                    store.diskWorks()
                }
                store.makeDiskRoom()
                guard let job = store.nextDiskJob() else {
                    wake.wait()
                    continue
                }
                guard try isThere() else { throw TargetError(operation: "use", path: root, code: ENODEV, cure: "Mount it again.") }
                try checkThatItIsNoStorage()
                try perform(job)
                store.finished(job) { [disk] in FileBytes(disk: disk, file: job.path.file(.video), offset: $0, count: $1) }
                store.diskWorks()
            } catch {
                store.diskFails(error)
                if isOver.withLock({ $0 }) { return }
                pause()
            }
        }
    }

    /// What a storage holds is not ours alone: a clip that it has would seem to need no copy here any more, and be deleted from it.
    private func checkThatItIsNoStorage() throws(TargetError) {
        do throws(TargetError) { _ = try disk.look(at: TargetIdentity.file) } catch {
            guard error.code == ENOENT else { throw error }
            return
        }
        throw TargetError(operation: "use", path: root, code: EBUSY, cure: "It is a storage already: set another directory as storage.disk.")
    }

    private func pause() {
        let end = DispatchTime.now() + .milliseconds(Int(store.settings.retryLast / .milliseconds(1)))
        while !isOver.withLock({ $0 }), DispatchTime.now() < end { _ = wake.wait(timeout: end) }
    }

    private func perform(_ job: SpoolPlan.DiskJob) throws(TargetError) {
        switch job.work {
        case .video(let bytes, let offset) where job.createsFile:
            if disk.discoveryNote(in: job.path.folder) == nil { try disk.replace("\(job.path.folder)/discovery.txt", with: store.discoveryNote) }
            // Left by a run that was killed: it holds nothing that does not come again.
            try disk.remove(job.path.file(.video))
            // The first bytes create the file; where memory has let go of those it begins with a hole.
            try disk.write(offset == 0 ? bytes : [], at: 0, of: job.path.file(.video))
            guard offset > 0 else { return }
            do throws(TargetError) { try disk.write(bytes, at: offset, of: job.path.file(.video)) } catch {
                try? disk.remove(job.path.file(.video))
                throw error
            }
        case .video(let bytes, let offset):
            do throws(TargetError) { try disk.write(bytes, at: offset, of: job.path.file(.video)) } catch {
                guard error.code == ENOENT else { throw error }
                store.vanishedFromDisk(job.clip)
            }
        case .poster(let bytes): try disk.replace(job.path.file(.poster), with: bytes)
        case .manifest(let bytes, _): try disk.replace(job.path.file(.manifest), with: bytes)
        case .remove:
            for kind in [ClipPath.Kind.video, .poster, .manifest] { try disk.remove(job.path.file(kind)) }
        }
    }

    // MARK: What an earlier run left

    private func find() throws(TargetError) {
        let all = try disk.allClips(isOver: { isOver.withLock { $0 } })
        let own = all.filter { store.isOwn($0.manifest) }.sorted { $0.manifest.facts.id < $1.manifest.facts.id }
        try sweep(sparing: Set(all.map { $0.path }))
        for found in own {
            do throws(TargetError) { try take(found) } catch {
                if error.code == TargetError.cancelled { throw error }
                logger.error("a recording on the local disk cannot be read: \(error)", metadata: ["clip": "\(found.manifest.facts.id)"])
            }
        }
        if !own.isEmpty { logger.notice("\(own.count) recordings are on the local disk") }
    }

    /// What nobody would ever find or count: videos without a sidecar, and sidecars without a video, as an end in the middle leaves them.
    private func sweep(sparing known: Set<ClipPath>) throws(TargetError) {
        for folder in try disk.list("") where folder.isDirectory && disk.owner(of: folder.name) == store.settings.camera {
            for day in try disk.list(folder.name) where day.isDirectory && day.name.utf8.count == 10 {
                let files = try disk.list("\(folder.name)/\(day.name)")
                let names = Set(files.lazy.filter { $0.size > 0 }.map(\.name))
                for file in files {
                    guard let dot = file.name.lastIndex(of: "."), ClipPath.Kind(rawValue: String(file.name[file.name.index(after: dot)...])) != nil,
                        let path = ClipPath(manifest: "\(folder.name)/\(day.name)/\(file.name[..<dot]).json"), !known.contains(path),
                        // One that could not be read just now is there all the same.
                        !names.contains("\(path.stem).\(ClipPath.Kind.video.rawValue)") || !names.contains("\(path.stem).\(ClipPath.Kind.manifest.rawValue)")
                    else { continue }
                    try disk.remove("\(path.directory)/\(file.name)")
                }
            }
        }
    }

    private func take(_ found: FoundClip) throws(TargetError) {
        var manifest = found.manifest
        let facts = manifest.facts
        guard facts.id.boot != store.settings.boot else { return }
        if facts.state == .recording || found.videoBytes < facts.bytes {
            let closed = try TargetLister.closed(facts, video: found.path.file(.video), bytes: found.videoBytes, on: disk, by: store)
            guard let signed = store.sign(closed) else { return }
            manifest = signed
            try disk.replace(found.path.file(.manifest), with: manifest.file)
        }
        let file = found.path.file(.video)
        let pieces = stride(from: 0, to: manifest.facts.bytes, by: Self.piece).map {
            FileBytes(disk: disk, file: file, offset: $0, count: min(Self.piece, manifest.facts.bytes - $0))
        }
        let poster = (try? disk.look(at: found.path.file(.poster))).map { FileBytes(disk: disk, file: found.path.file(.poster), offset: 0, count: $0.size) }
        store.found(manifest, at: found.path, pieces: pieces, poster: poster)
    }
}
