import Foundation
import Logging
import Synchronization
import Testing
import TestSupport

@testable import Storage

@Suite(.serialized) struct ClipStoreTests {
    let directory = FileManager.default.temporaryDirectory.appending(path: "meshcam-\(UUID().uuidString)").path

    /// Not the real thing, but different for different bytes.
    static let keys = FootageKeys.weak

    /// Time that a test may move on.
    final class Clock: Sendable {
        private let ahead = Mutex(Duration.zero)
        var now: ContinuousClock.Instant { .now + ahead.withLock { $0 } }
        func advance(_ duration: Duration) { ahead.withLock { $0 += duration } }
    }

    func store(_ directories: [String], boot: UInt32 = 1, camera: String = .nodeA, spoolBytes: Int = 1 << 20, settle: Duration? = nil, clock: Clock = Clock()) -> ClipStore {
        store(targets(directories), boot: boot, camera: camera, spoolBytes: spoolBytes, settle: settle, clock: clock)
    }

    func store(_ targets: TargetSet, boot: UInt32 = 1, camera: String = .nodeA, spoolBytes: Int = 1 << 20, settle: Duration? = nil, clock: Clock = Clock()) -> ClipStore {
        var settings = StoreSettings(
            spoolBytes: spoolBytes, camera: camera, cameraName: "Front door", node: camera, boot: boot)
        settings.retryFirst = .milliseconds(10)
        settings.retryLast = .milliseconds(50)
        settings.settle = settle
        return ClipStore(settings: settings, targets: targets, keys: Self.keys, now: { clock.now }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// What a recording's file holds beside signatures.
    func fragments(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map { Array($0).withoutSignedHeads } }

    func targets(_ directories: [String]) -> TargetSet { TargetSet(directories.map { try! TargetLocation($0) }) }

    func draft(event: String = "ev1", start: Double = 1_795_178_096.789) -> ClipStore.Draft {
        .init(
            event: event, kind: "motion", label: nil, origin: nil, start: Date(timeIntervalSince1970: start),
            triggered: Date(timeIntervalSince1970: start + 10), codec: "h264", width: 640, height: 360, framesPerSecond: 10,
            hasAudio: false, continues: false, clock: .init(quality: "none", uncertaintySeconds: nil))
    }

    func make(_ path: String) throws -> String {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// For what the store tells nobody.
    /// Whatever stands there under the clip's name belongs to somebody else.
    @Test func aFileOfThatNameIsNeverWrittenOver() async throws {
        let root = try make("\(directory)/nas")
        let stem = "\(try make("\(root)/Front-door/2026-11-20"))/2026-11-20T12-34-56.789Z_ev1"
        for name in [stem, "\(stem)-1"] { try Data([99]).write(to: URL(filePath: "\(name).mp4")) }
        let store = store([root])
        try await store.running {
            let id = store.open(draft())
            store.append([1, 2, 3], to: id, durationSeconds: 0, beginsWithKeyFrame: true)
            store.close(id, durationSeconds: 0.5, reason: "the motion ended", lostPictures: 0)
            try await store.wait { store.clip(id)?.isStored == true }
            #expect(try await store.read(id, at: 0, count: 9999).withoutSignedHeads == [1, 2, 3])
        }
        for name in [stem, "\(stem)-1"] { #expect(FileManager.default.contents(atPath: "\(name).mp4") == Data([99])) }
        #expect(fragments("\(stem)-2.mp4") == [1, 2, 3])
    }

    /// A directory has the name of its sidecar.
    @Test func oneRecordingThatIsRefusedHoldsUpNoOther() async throws {
        let root = try make("\(directory)/nas")
        let obstacle = try make("\(root)/Front-door/2026-11-20/2026-11-20T12-34-56.789Z_ev1.json/in-the-way")
        let clock = Clock()
        let store = store([root], clock: clock)
        try await store.running {
            let ids = [("ev1", 0.0), ("ev2", 60)].map { event, later in
                let id = store.open(draft(event: event, start: 1_795_178_096.789 + later))
                store.append([1, 2, 3], to: id, durationSeconds: 0, beginsWithKeyFrame: true)
                store.close(id, durationSeconds: 0.5, reason: "the motion ended", lostPictures: 0)
                return id
            }
            try await store.wait { store.clip(ids[1])?.isStored == true }
            #expect(store.clip(ids[0])?.isStored == false)
            let refusal = try #require(store.targetStatus[0].refusal)
            #expect(refusal.path.contains("2026-11-20T12-34-56.789Z_ev1") && store.targetStatus[0].problem == nil)
            try FileManager.default.removeItem(atPath: (obstacle as NSString).deletingLastPathComponent)
            clock.advance(SpoolPlan.longestAside)
            store.notify()
            try await store.wait { store.clip(ids[0])?.isStored == true }
            #expect(store.targetStatus[0].refusal == nil)
        }
    }

    @Test func whatSomebodyDeletedIsNotListedAnyMore() async throws {
        let root = try make("\(directory)/nas")
        let store = store([root])
        try await store.running {
            let id = store.open(draft())
            store.append([1, 2, 3], to: id, durationSeconds: 0, beginsWithKeyFrame: true)
            store.close(id, durationSeconds: 0.5, reason: "the motion ended", lostPictures: 0)
            try await store.wait { store.clip(id)?.isStored == true }
            let video = "\(root)/Front-door/2026-11-20/2026-11-20T12-34-56.789Z_ev1.mp4"

            // A share that is not mounted shows an empty directory: nothing was deleted.
            try FileManager.default.moveItem(atPath: "\(root)/Front-door", toPath: "\(directory)/away")
            await #expect { try await store.read(id, at: 0, count: 10) } throws: { if case ClipReadError.unavailable = $0 { true } else { false } }
            #expect(store.clip(id) != nil)
            try? FileManager.default.removeItem(atPath: "\(root)/Front-door")
            try FileManager.default.moveItem(atPath: "\(directory)/away", toPath: "\(root)/Front-door")
            #expect(try await store.read(id, at: 0, count: 9999).withoutSignedHeads == [1, 2, 3])

            try FileManager.default.removeItem(atPath: video)
            await #expect { try await store.read(id, at: 0, count: 10) } throws: { if case ClipReadError.deleted = $0 { true } else { false } }
            #expect(store.clip(id) == nil && store.clips(ClipQuery()).isEmpty)
        }
    }

    @Test func aFileDeletedWhileItGrowsIsFollowedByAnother() async throws {
        let root = try make("\(directory)/nas")
        let store = store([root])
        try await store.running {
            let lost = store.open(draft())
            store.append([1, 2, 3], to: lost, durationSeconds: 0, beginsWithKeyFrame: true)
            try await store.wait { store.spooledBytes == 0 }
            // At once: notes and sidecars are being written there.
            try FileManager.default.moveItem(atPath: "\(root)/Front-door", toPath: "\(directory)/deleted")
            store.append([4, 5], to: lost, durationSeconds: 0.5, beginsWithKeyFrame: false)
            try await store.wait { store.clip(lost)?.places.isEmpty == true }
            let isKept = store.append([6], to: lost, durationSeconds: 1, beginsWithKeyFrame: false)
            #expect(!isKept, "the recorder is told")
            #expect(store.spooledBytes == 0)
            store.close(lost, durationSeconds: 1, reason: "its file was deleted", lostPictures: 0)
            #expect(store.clip(lost) == nil && store.losses.map(\.reason) == [.deleted])

            let next = store.open(draft(event: "ev2"))
            store.append([7, 8], to: next, durationSeconds: 0, beginsWithKeyFrame: true)
            store.close(next, durationSeconds: 1, reason: "the motion ended", lostPictures: 0)
            try await store.wait { store.clip(next)?.isStored == true }
            #expect(try await store.read(next, at: 0, count: 9999).withoutSignedHeads == [7, 8])
        }
    }

    @Test func aClipReachesTheLayoutWithItsSidecars() async throws {
        let root = try make("\(directory)/nas")
        let store = store([root])
        try await store.running {
            let id = store.open(draft())
            store.append([1, 2, 3], to: id, durationSeconds: 0, beginsWithKeyFrame: false)
            store.append([4, 5], to: id, durationSeconds: 0.5, beginsWithKeyFrame: true)
            store.setPoster([9], of: id)
            #expect(store.clip(id)?.facts.state == .recording)
            #expect(try await store.read(id, at: 1, count: 10).starts(with: [2, 3]))
            store.close(id, durationSeconds: 0.5, reason: "the motion ended", lostPictures: 0)
            try await store.wait { store.clip(id)?.isStored == true }
            #expect(try await store.read(id, at: 1, count: 9999).withoutSignedHeads == [2, 3, 4, 5])
            #expect(try await store.poster(of: id) == [9])
        }
        let stem = "\(root)/Front-door/2026-11-20/2026-11-20T12-34-56.789Z_ev1"
        #expect(fragments("\(stem).mp4") == [1, 2, 3, 4, 5])
        #expect(FileManager.default.contents(atPath: "\(stem).jpg") == Data([9]))
        let manifest = try Manifest(parsing: Array(#require(FileManager.default.contents(atPath: "\(stem).json"))))
        #expect(manifest.facts.state == .closed && manifest.facts.bytes == 5 + 2 * SignedHead.size && manifest.facts.fragments == 1)
        #expect(Self.keys.verifies(manifest))
        var chain = [UInt8]("\(manifest.facts.id)".utf8).withUnsafeBytes { id in
            [UInt8]([1, 2, 3]).withUnsafeBytes { HashChain(clip: manifest.facts.id, initSegment: $0) }
        }
        [UInt8]([4, 5]).withUnsafeBytes { chain.append($0) }
        #expect(manifest.facts.head == chain.hex)
        let note = try #require(FileManager.default.contents(atPath: "\(root)/Front-door/discovery.txt"))
        #expect(DiscoveryNote(parsing: Array(note))?.camera == .nodeA)
    }

    @Test func aTargetThatComesLateGetsEverything() async throws {
        let root = "\(directory)/late"
        let store = store([root])
        try await store.running {
            let id = store.open(draft())
            store.append([1, 2, 3], to: id, durationSeconds: 0, beginsWithKeyFrame: false)
            store.append([4], to: id, durationSeconds: 1, beginsWithKeyFrame: true)
            store.close(id, durationSeconds: 1, reason: "x", lostPictures: 0)
            try await eventually { store.targetStatus[0].problem != nil }
            #expect(store.targetStatus[0].problem?.contains(root) == true)
            #expect(store.targetStatus[0].cure?.isEmpty == false)
            #expect(try await store.read(id, at: 0, count: 9999).withoutSignedHeads == [1, 2, 3, 4])
            _ = try make(root)
            try await store.wait { store.clip(id)?.isStored == true }
            #expect(store.targetStatus[0].problem == nil)
        }
    }

    /// The process was killed in the middle of making the file: what it left is no other's.
    @Test func anAttemptInDoubtIsNotTakenForAnothersFile() async throws {
        let root = try make("\(directory)/doubt")
        let targets = TargetSet([try TargetLocation(root)], patience: .seconds(3))
        let store = store(targets)
        try await store.running {
            let first = store.open(draft(event: "ev0"))
            store.append([0], to: first, durationSeconds: 0, beginsWithKeyFrame: true)
            try await store.wait { store.spooledBytes == 0 }
            let pid = try #require(targets[0]?.writing.pid)
            kill(pid, SIGSTOP)
            let id = store.open(draft())
            store.append([1, 2, 3], to: id, durationSeconds: 0, beginsWithKeyFrame: true)
            try await eventually { store.targetStatus[0].problem != nil }
            // As far as it came.
            try Data([1, 2]).write(to: URL(filePath: "\(root)/Front-door/2026-11-20/2026-11-20T12-34-56.789Z_ev1.mp4"))
            store.close(id, durationSeconds: 0.5, reason: "x", lostPictures: 0)
            try await store.wait { store.clip(id)?.isStored == true }
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(root)/Front-door/2026-11-20").filter { $0.contains("ev1") && $0.hasSuffix("mp4") }
        #expect(names == ["2026-11-20T12-34-56.789Z_ev1.mp4"])
        #expect(fragments("\(root)/Front-door/2026-11-20/\(names[0])") == [1, 2, 3])
    }

    /// libsmbclient's rename deletes the old name first; who is killed then leaves the new bytes beside it.
    @Test func aManifestThatNeverCameToItsPlaceIsFound() async throws {
        let root = try make("\(directory)/unplaced")
        let first = store([root])
        let id = first.open(draft())
        try await first.running {
            first.append([1, 2, 3], to: id, durationSeconds: 0, beginsWithKeyFrame: true)
            first.close(id, durationSeconds: 1, reason: "x", lostPictures: 0)
            try await first.wait { first.clip(id)?.isStored == true }
        }
        let day = "\(root)/Front-door/2026-11-20"
        try FileManager.default.moveItem(atPath: "\(day)/2026-11-20T12-34-56.789Z_ev1.json", toPath: "\(day)/.2026-11-20T12-34-56.789Z_ev1.json.part")
        let second = store([root], boot: 2)
        try await second.running {
            try await eventually { second.clip(id) != nil }
        }
        #expect(FileManager.default.fileExists(atPath: "\(day)/2026-11-20T12-34-56.789Z_ev1.json"))
        #expect(!FileManager.default.fileExists(atPath: "\(day)/.2026-11-20T12-34-56.789Z_ev1.json.part"))
    }

    @Test func afterACrashTheClipIsClosedWithWhatIsThere() async throws {
        let root = try make("\(directory)/crash")
        let first = store([root])
        let task = Task { await first.run(drain: .zero) }
        let id = first.open(draft())
        first.append([UInt8](TestMP4.initSegment), to: id, durationSeconds: 0, beginsWithKeyFrame: false)
        first.append(TestMP4.fragment(decodeTime: 0, samples: 5, duration: 100), to: id, durationSeconds: 0.5, beginsWithKeyFrame: true)
        try await first.wait { first.clip(id)?.places.isEmpty == false }
        try await eventually { FileManager.default.contents(atPath: "\(root)/Front-door/2026-11-20/2026-11-20T12-34-56.789Z_ev1.json") != nil }
        task.cancel()  // The recording is never closed.
        await task.value
        // The write of the next fragment got as far as the middle of its moof.
        let video = "\(root)/Front-door/2026-11-20/2026-11-20T12-34-56.789Z_ev1.mp4"
        let whole = try #require(FileManager.default.contents(atPath: video))
        try (whole + TestMP4.fragment(decodeTime: 500, samples: 5, duration: 100).prefix(60)).write(to: URL(filePath: video))
        let second = store([root], boot: 2)
        try await second.running {
            try await eventually { second.clip(id) != nil }
            let facts = try #require(second.clip(id)?.facts)
            #expect(facts.state == .interrupted && abs(facts.durationSeconds - 0.5) < 0.001 && facts.fragments == 1)
            #expect(facts.end == facts.start.addingTimeInterval(facts.durationSeconds))
            #expect(facts.bytes == whole.count)
            #expect(FileManager.default.contents(atPath: video) == whole, "a player would refuse the file")
        }
    }

    /// Whoever can write on the target can edit a sidecar; the node neither shows that nor signs it anew.
    /// A disk that loses what it took.
    @Test func whatReadsBackWrongIsWrittenAgain() async throws {
        let root = try make("\(directory)/liar")
        let clock = Clock()
        let store = store([root], settle: .seconds(60), clock: clock)
        try await store.running {
            let id = store.open(draft())
            store.append([1, 2, 3], to: id, durationSeconds: 0, beginsWithKeyFrame: true)
            store.append([4, 5], to: id, durationSeconds: 0.5, beginsWithKeyFrame: true)
            store.close(id, durationSeconds: 0.5, reason: "x", lostPictures: 0)
            try await store.wait { store.clip(id)?.isStored == true }
            #expect(store.spooledBytes == 5 + 2 * SignedHead.size, "memory keeps it until it was read back")
            let video = "\(root)/Front-door/2026-11-20/2026-11-20T12-34-56.789Z_ev1.mp4"
            try Data([1, 2, 3, 4, 0]).write(to: URL(filePath: video))
            clock.advance(.seconds(61))
            store.notify()
            try await eventually { store.targetStatus[0].damage != nil }
            #expect(store.targetStatus[0].damage?.contains("did not hold what was written") == true && store.targetStatus[0].problem == nil)
            try await eventually { fragments(video) == [1, 2, 3, 4, 5] }
            #expect(store.spooledBytes == 5 + 2 * SignedHead.size)
            try await eventually {
                // Again and again: the file may be whole a moment before the node has noted when it was written.
                clock.advance(.seconds(61))
                store.notify()
                return store.spooledBytes == 0
            }
            #expect(try await store.read(id, at: 0, count: 9999).withoutSignedHeads == [1, 2, 3, 4, 5])
        }
    }

    /// A NAS that lost power within a minute may keep the video and not the sidecar.
    @Test func aSidecarThatIsGoneIsWrittenAgain() async throws {
        let root = try make("\(directory)/sidecar")
        let clock = Clock()
        let store = store([root], settle: .seconds(60), clock: clock)
        let sidecar = "\(root)/Front-door/2026-11-20/2026-11-20T12-34-56.789Z_ev1.json"
        try await store.running {
            let id = store.open(draft())
            store.append([1, 2, 3], to: id, durationSeconds: 0, beginsWithKeyFrame: true)
            store.close(id, durationSeconds: 0.5, reason: "x", lostPictures: 0)
            try await store.wait { store.clip(id)?.isStored == true }
            try FileManager.default.removeItem(atPath: sidecar)
            clock.advance(.seconds(61))
            store.notify()
            try await eventually { FileManager.default.fileExists(atPath: sidecar) }
            #expect(store.clip(id) != nil)
        }
    }

    /// A target that goes and comes back gets another number, and nothing twice.
    @Test func whatATargetHoldsAlreadyIsNotDoubled() async throws {
        let root = try make("\(directory)/again")
        let location = try TargetLocation(root)
        let targets = targets([root])
        let store = store(targets, settle: .seconds(60))
        try await store.running {
            let id = store.open(draft())
            store.append([1, 2, 3], to: id, durationSeconds: 0, beginsWithKeyFrame: true)
            store.close(id, durationSeconds: 0.5, reason: "x", lostPictures: 0)
            try await store.wait { store.clip(id)?.isStored == true }
            targets.set([])
            try await store.wait { store.targetStatus.isEmpty }
            targets.set([(location, TargetCredentials.none)])
            try await store.wait { store.clip(id)?.places.keys.first == 1 }
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(root)/Front-door/2026-11-20").filter { $0.hasSuffix(".mp4") }
        #expect(names == ["2026-11-20T12-34-56.789Z_ev1.mp4"])
        #expect(fragments("\(root)/Front-door/2026-11-20/\(names[0])") == [1, 2, 3])
    }

    /// Targets are the mesh's to change while cameras record.
    /// What memory cannot take while nothing else does is a gap that is told: in the clip, in the list of losses, and to who listens.
    @Test func whatIsLostIsTold() async throws {
        let store = store([directory], spoolBytes: 2000)
        var changes = store.changes().makeAsyncIterator()
        let size = 600
        let first = store.open(draft(event: "ev1"))
        for piece in 0..<2 { store.append([UInt8](repeating: 1, count: size), to: first, durationSeconds: Double(piece), beginsWithKeyFrame: true) }
        store.close(first, durationSeconds: 1, reason: "calm", lostPictures: 0)
        let second = store.open(draft(event: "ev2", start: 1_795_178_200))
        // Only one fragment has room beside the other clip's two, which goes for the next.
        for piece in 0..<3 { store.append([UInt8](repeating: 2, count: size), to: second, durationSeconds: Double(piece), beginsWithKeyFrame: true) }
        for piece in 3..<6 { store.append([UInt8](repeating: 3, count: size), to: second, durationSeconds: Double(piece), beginsWithKeyFrame: piece == 5) }
        store.close(second, durationSeconds: 5, reason: "calm", lostPictures: 0)
        let start = Date(timeIntervalSince1970: 1_795_178_200)
        #expect(store.losses.map(\.clip) == [first, second])
        #expect(store.losses.last == FootageLoss(clip: second, start: start.addingTimeInterval(1), end: start.addingTimeInterval(5), reason: .memoryFull))
        #expect(store.clip(first) == nil && store.clip(second)?.facts.gaps == [.init(from: 1, to: 5)])
        var told: [FootageLoss] = []
        while told.count < 2, let change = await changes.next() { if case .lost(let loss) = change { told.append(loss) } }
        #expect(told.map(\.clip) == [first, second])
        // Without a target memory is a ring; the newest count, and the oldest are not missed.
        let ring = self.store([], spoolBytes: 2000)
        for event in 0..<4 {
            let clip = ring.open(draft(event: "ring\(event)"))
            ring.append([UInt8](repeating: 1, count: size), to: clip, durationSeconds: 1, beginsWithKeyFrame: true)
            ring.close(clip, durationSeconds: 1, reason: "calm", lostPictures: 0)
        }
        #expect(ring.losses.isEmpty && ring.clips(ClipQuery()).count == 2)
    }

    @Test func aTargetMayComeAndGo() async throws {
        let (old, new) = (try make("\(directory)/old"), try make("\(directory)/new"))
        let targets = targets([old])
        let store = store(targets)
        try await store.running {
            let first = store.open(draft())
            store.append([1, 2, 3], to: first, durationSeconds: 0, beginsWithKeyFrame: true)
            store.close(first, durationSeconds: 0.5, reason: "x", lostPictures: 0)
            try await store.wait { store.clip(first)?.isStored == true }
            let second = store.open(draft(event: "ev2"))
            targets.set([(try TargetLocation(new), TargetCredentials.none)])
            try await store.wait { store.targetStatus.map { "\($0.location)" } == [new] }
            store.append([4, 5], to: second, durationSeconds: 0, beginsWithKeyFrame: true)
            store.close(second, durationSeconds: 0.5, reason: "x", lostPictures: 0)
            try await store.wait { store.clip(second)?.isStored == true && store.clip(first) == nil }
            #expect(store.targetStatus.map { "\($0.location)" } == [new])
            #expect(try await store.read(second, at: 0, count: 9999).withoutSignedHeads == [4, 5])
            targets.set([])
            try await store.wait { store.clip(second) == nil }
            let third = store.open(draft(event: "ev3"))
            store.append([6], to: third, durationSeconds: 0, beginsWithKeyFrame: true)
            #expect(try await store.read(third, at: 0, count: 9999).withoutSignedHeads == [6], "memory is a ring then")
            targets.set([(try TargetLocation(old), TargetCredentials.none), (try TargetLocation(new), TargetCredentials.none)])
            store.close(third, durationSeconds: 0.5, reason: "x", lostPictures: 0)
            try await store.wait { store.clip(third)?.places.count == 2 && store.clip(first) != nil && store.clip(second) != nil }
        }
        for root in [old, new] {
            #expect(fragments("\(root)/Front-door/2026-11-20/2026-11-20T12-34-56.789Z_ev3.mp4") == [6])
        }
    }

    /// The next change may come while the store is about to follow one.
    @Test func targetsThatChangeTwiceInARowAreAllServed() async throws {
        let root = try make("\(directory)/restless")
        let targets = targets([])
        let store = store(targets)
        try await store.running {
            for _ in 0..<40 {
                targets.set([(try TargetLocation(root), TargetCredentials.none)])
                try await store.wait { store.targetStatus.first?.totalBytes ?? 0 > 0 }
                targets.set([])
                try await store.wait { store.targetStatus.isEmpty }
            }
        }
    }
}
