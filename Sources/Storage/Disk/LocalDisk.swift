import Dispatch
import Foundation
import Logging
import Synchronization

/// The local disk's own thread: finds what an earlier run left there, writes what ``SpoolPlan/nextDiskJob()`` says, and deletes what nobody needs any more.
///
/// Its files lie as on every target, so that people find them; but they are this node's alone.
final class LocalDisk: Sendable {
    /// Between tries when the disk fails.
    private static let pause = DispatchTimeInterval.seconds(10)
    /// A file that was there already is taken up in pieces of this size.
    private static let piece = 1 << 20

    let root: String
    private let disk: DirectoryTarget
    private let store: ClipStore
    private let logger: Logger
    private let isOver = Mutex(false)
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

    /// No more jobs. Answers false when its thread did not end in time, because the disk hangs.
    func stop(until deadline: DispatchTime) -> Bool {
        isOver.withLock { $0 = true }
        wake.signal()
        return ended.wait(timeout: deadline) == .success
    }

    // MARK: On the thread

    private func work() {
        var isKnown = false
        while !isOver.withLock({ $0 }) {
            do throws(TargetError) {
                if !isKnown {
                    try disk.probe()
                    try find()
                    isKnown = true
                }
                store.diskWorks()
                store.makeDiskRoom()
                guard let job = store.nextDiskJob() else {
                    wake.wait()
                    continue
                }
                try perform(job)
                store.finished(job) { [root] in FileBytes(file: "\(root)/\(job.path.file(.video))", offset: $0, count: $1) }
            } catch {
                store.diskFails(error)
                _ = wake.wait(timeout: .now() + Self.pause)
            }
        }
    }

    private func perform(_ job: SpoolPlan.DiskJob) throws(TargetError) {
        switch job.work {
        case .video(let bytes, let offset) where job.createsFile:
            if disk.discoveryNote(in: job.path.folder) == nil { try disk.replace("\(job.path.folder)/discovery.txt", with: store.discoveryNote) }
            // Left by a run that was killed: it holds nothing that does not come again.
            try disk.remove(job.path.file(.video))
            // The first bytes create the file; where memory has let go of those it begins with a hole.
            try disk.write(offset == 0 ? bytes : [], at: 0, of: job.path.file(.video))
            if offset > 0 { try disk.write(bytes, at: offset, of: job.path.file(.video)) }
        case .video(let bytes, let offset): try disk.write(bytes, at: offset, of: job.path.file(.video))
        case .poster(let bytes): try disk.replace(job.path.file(.poster), with: bytes)
        case .manifest(let bytes, _): try disk.replace(job.path.file(.manifest), with: bytes)
        case .remove:
            // The sidecar last: what is deleted half is found by it.
            for kind in [ClipPath.Kind.video, .poster, .manifest] { try disk.remove(job.path.file(kind)) }
        }
    }

    // MARK: What an earlier run left

    private func find() throws(TargetError) {
        var scan = TargetScan(disk)
        let all = try scan.clips(isOver: { isOver.withLock { $0 } })
        let own = all.filter { store.isOwn($0.manifest) }.sorted { $0.manifest.facts.id < $1.manifest.facts.id }
        for found in own {
            do throws(TargetError) { try take(found) } catch {
                if error.code == TargetError.cancelled { throw error }
                logger.error("a recording on the local disk cannot be read: \(error)", metadata: ["clip": "\(found.manifest.facts.id)"])
            }
        }
        if !own.isEmpty { logger.notice("\(own.count) recordings are on the local disk") }
    }

    private func take(_ found: TargetScan.Found) throws(TargetError) {
        var manifest = found.manifest
        let facts = manifest.facts
        guard facts.id.boot != store.settings.boot else { return }
        if facts.state == .recording || found.videoBytes < facts.bytes {
            let closed = try TargetLister.closed(facts, video: found.path.file(.video), bytes: found.videoBytes, on: disk, by: store)
            guard let signed = store.sign(closed) else { return }
            manifest = signed
            try disk.replace(found.path.file(.manifest), with: manifest.file)
        }
        let file = "\(root)/\(found.path.file(.video))"
        let pieces = stride(from: 0, to: manifest.facts.bytes, by: Self.piece).map {
            FileBytes(file: file, offset: $0, count: min(Self.piece, manifest.facts.bytes - $0))
        }
        let poster = (try? disk.look(at: found.path.file(.poster))).map { FileBytes(file: "\(root)/\(found.path.file(.poster))", offset: 0, count: $0.size) }
        store.found(manifest, at: found.path, pieces: pieces, poster: poster)
    }
}
