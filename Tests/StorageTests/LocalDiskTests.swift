import Foundation
import Logging
import Testing

@testable import Storage

/// A real disk's directory behind a store.
@Suite struct LocalDiskTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "meshcam-\(UUID().uuidString)").path
    private var disk: String { "\(directory)/disk" }
    private var nas: String { "\(directory)/nas" }

    private func store(_ targets: [String] = [], boot: UInt32 = 1, spoolBytes: Int = 1 << 20) -> ClipStore {
        var settings = StoreSettings(spoolBytes: spoolBytes, camera: .nodeA, cameraName: "Front door", node: .nodeA, boot: boot)
        settings.retryFirst = .milliseconds(10)
        settings.retryLast = .milliseconds(50)
        settings.settle = nil
        settings.disk = (disk, 1 << 30)
        return ClipStore(settings: settings, targets: TargetSet(targets.map { try! TargetLocation($0) }), keys: .weak, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func make(_ path: String) throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    /// What a recorder does.
    private func record(_ store: ClipStore, _ counter: UInt32 = 1, fragments: Int = 3, closes: Bool = true) -> ClipID {
        let start = Date(timeIntervalSince1970: 1_795_178_096.789 + Double(counter))
        let id = store.open(
            .init(
                event: "ev\(counter)", kind: "motion", label: nil, origin: nil, start: start, triggered: start, codec: "h264", width: 640, height: 360, framesPerSecond: 10,
                hasAudio: false, continues: false, clock: .init(quality: "none", uncertaintySeconds: nil)))
        store.append(TestMP4.initSegment, to: id, durationSeconds: 0, beginsWithKeyFrame: true)
        for fragment in 0..<fragments {
            store.append(TestMP4.fragment(decodeTime: UInt32(fragment) * 500, samples: 5, duration: 100), to: id, durationSeconds: Double(fragment + 1) / 2, beginsWithKeyFrame: true)
        }
        if closes { store.close(id, durationSeconds: Double(fragments) / 2, reason: "calm", lostPictures: 0) }
        return id
    }

    private func files(_ root: String, _ kind: ClipPath.Kind) -> [String] {
        (FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? []).filter { $0.hasSuffix(".\(kind.rawValue)") && !$0.contains("/.") }.sorted()
    }

    @Test func withoutATargetItKeepsThemOverRestartsUntilOneComes() async throws {
        try make(disk)
        let first = store()
        var id: ClipID?
        var bytes: [UInt8] = []
        try await first.running {
            let clip = record(first)
            first.setPoster([UInt8]([9, 9]), of: clip)
            try await first.wait { first.clip(clip)?.isOnDisk == true && first.diskStatus?.usedBytes ?? 0 > 0 && files(disk, .manifest).count == 1 }
            #expect(first.spooledBytes == 0 && first.waitingClips == 0)
            bytes = try await first.read(clip, at: 0, count: 1 << 20)
            #expect(bytes.count == first.clip(clip)?.facts.bytes)
            id = clip
        }
        let clip = try #require(id)
        let folder = "\(disk)/Front-door"
        #expect(FileManager.default.contents(atPath: "\(disk)/\(files(disk, .video)[0])").map(Array.init) == bytes)
        #expect(String(decoding: FileManager.default.contents(atPath: "\(folder)/discovery.txt") ?? Data(), as: UTF8.self).contains(String.nodeA))

        let second = store(boot: 2)
        try await second.running {
            try await second.wait { second.clip(clip) != nil }
            #expect(second.clip(clip)?.facts.state == .closed && second.clip(clip)?.isOnDisk == true)
            #expect(try await second.read(clip, at: 5, count: 40) == Array(bytes[5..<45]))
            try make(nas)
            second.targets.set([(try TargetLocation(nas), .some(TargetCredentials.none))])
            try await second.wait { second.clip(clip)?.isStored == true }
            try await second.wait { second.diskStatus?.usedBytes == 0 && files(disk, .video).isEmpty && files(disk, .manifest).isEmpty }
        }
        #expect(FileManager.default.contents(atPath: "\(nas)/\(files(nas, .video)[0])").map(Array.init) == bytes && files(nas, .manifest).count == 1)
    }

    /// What an end in the middle leaves is swept away, and nothing else: no file of somebody else's, and none that can only not be read just now.
    @Test func whatNobodyWouldFindIsSweptAway() async throws {
        try make(disk)
        let first = store()
        try await first.running {
            let clip = record(first)
            try await first.wait { first.clip(clip)?.isOnDisk == true && files(disk, .manifest).count == 1 }
        }
        let video = try #require(files(disk, .video).first)
        let day = "\(disk)/\(video.prefix { $0 != "/" })/\(video.split(separator: "/")[1])"
        func put(_ name: String) throws { try Data([1]).write(to: URL(filePath: "\(day)/\(name)")) }
        let stem = "2026-11-20T10-00-00.000Z_"
        let swept = ["\(stem)a.mp4", "\(stem)b.json", "\(stem)b.jpg"], kept = ["\(stem)c.mp4", "\(stem)c.json", "my own film.mp4", "notes.txt"]
        for name in swept + kept { try put(name) }
        let second = store(boot: 2)
        try await second.running { try await second.wait { second.clips(ClipQuery()).count == 1 } }
        let left = try FileManager.default.contentsOfDirectory(atPath: day)
        #expect(Set(left).isSuperset(of: kept) && Set(left).isDisjoint(with: swept) && left.count == kept.count + 2)
    }

    /// Its process is killed: what is on the disk is closed by the next run.
    @Test func whatWasCutOffIsClosed() async throws {
        try make(disk)
        let first = store()
        let clip = record(first, fragments: 4, closes: false)
        try await first.running {
            try await first.wait { first.spooledBytes == 0 && files(disk, .manifest).count == 1 }
        }
        let video = try #require(files(disk, .video).first)
        let handle = try #require(FileHandle(forWritingAtPath: "\(disk)/\(video)"))
        try handle.seekToEnd()
        try handle.write(contentsOf: TestMP4.fragment(decodeTime: 2000, samples: 5, duration: 100).dropLast(4))
        try handle.close()
        let second = store(boot: 2)
        try await second.running {
            try await second.wait { second.clip(clip) != nil }
            let facts = try #require(second.clip(clip)?.facts)
            #expect(facts.state == .interrupted && facts.fragments == 4 && facts.durationSeconds == 2)
            let bytes = try await second.read(clip, at: 0, count: 1 << 20)
            let chain = FileChain(clip: clip, size: bytes.count, isSigned: { FootageKeys.weak.verifies($0) }) { Array(bytes.dropFirst($0).prefix($1)) }
            #expect(chain.head?.hex == facts.head && !chain.hasWrongSignature)
        }
    }

    @Test func besideATargetItTakesWhatMemoryCannotHoldUntilThatIsBack() async throws {
        try make(disk)
        // A target that is not there yet, and memory for a part of it.
        let store = store([nas], spoolBytes: 3000)
        var clips: [ClipID] = []
        try await store.running {
            for counter in 1...6 as ClosedRange<UInt32> {
                clips.append(record(store, counter))
                try await store.wait { store.spooledBytes <= 1500 }
            }
            #expect(store.losses.isEmpty && store.clips(ClipQuery()).count == 6 && !files(disk, .video).isEmpty)
            try make(nas)
            let all = clips
            try await store.wait { all.allSatisfy { store.clip($0)?.isStored == true } && store.diskStatus?.usedBytes == 0 && files(disk, .video).isEmpty }
        }
        #expect(files(nas, .video).count == 6 && store.losses.isEmpty)
        for file in files(nas, .video) {
            let size = try #require(FileManager.default.contents(atPath: "\(nas)/\(file)")).count
            let sidecar = try Manifest(parsing: Array(#require(FileManager.default.contents(atPath: "\(nas)/\(file.dropLast(3))json"))))
            #expect(sidecar.facts.state == .closed && sidecar.facts.bytes == size)
        }
    }

    /// One directory as both, from the begin or later: nothing is deleted there, over restarts too.
    @Test(arguments: [true, false]) func aStorageIsNoLocalDisk(fromTheBegin: Bool) async throws {
        try make(disk)
        let first = store(fromTheBegin ? [disk] : [])
        let clip = record(first)
        try await first.running {
            if !fromTheBegin {
                try await first.wait { first.clip(clip)?.isOnDisk == true }
                first.targets.set([(try TargetLocation(disk), .some(TargetCredentials.none))])
            }
            // Where it wants nothing of the disk, it does not look at it, either.
            try await first.wait { first.clip(clip)?.isStored == true && (fromTheBegin || first.diskStatus?.problem != nil) }
        }
        let kept = files(disk, .video)
        #expect(kept.count == 1)
        let second = store([disk], boot: 2)
        try await second.running {
            let next = record(second, 2)
            try await second.wait { second.clip(next)?.isStored == true && second.clip(clip) != nil && second.diskStatus?.problem != nil }
            #expect(second.diskStatus?.cure?.contains("another directory") == true)
        }
        #expect(files(disk, .video).count == 2 && files(disk, .manifest).count == 2 && second.losses.isEmpty)
    }

    @Test func whatIsWrongIsTold() async throws {
        let store = store()
        try await store.running {
            let clip = record(store)
            try await store.wait { store.diskStatus?.problem != nil }
            #expect(store.diskStatus?.cure?.isEmpty == false && store.clip(clip)?.isOnDisk == false)
            try make(disk)
            store.notify()
            try await store.wait { store.clip(clip)?.isOnDisk == true }
            // Somebody takes the file away; the storage that comes would have got it.
            for file in files(disk, .video) { try FileManager.default.removeItem(atPath: "\(disk)/\(file)") }
            try make(nas)
            store.targets.set([(try TargetLocation(nas), .some(TargetCredentials.none))])
            try await store.wait { store.losses.map(\.reason) == [.diskFailed] }
            #expect(store.clip(clip) == nil)
        }
    }
}
