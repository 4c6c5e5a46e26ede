import Foundation
import Testing

@testable import Storage

@Suite struct ClipCatalogueTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "meshcam-\(UUID().uuidString)").path
    /// In memory on every Linux.
    private let memory = "/dev/shm/meshcam-test-\(UUID().uuidString)"

    private func targets(_ names: [String] = ["nas"]) throws -> TargetSet {
        try TargetSet(
            names.map { name in
                try FileManager.default.createDirectory(atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
                return try TargetLocation("\(directory)/\(name)")
            })
    }

    /// Puts a clip's files on a target, as its camera would.
    private func write(_ facts: ClipFacts, to root: String, protected: Bool = false) throws {
        var path = ClipPath(folder: "porch", start: facts.start, event: facts.event)
        path.isProtected = protected
        try FileManager.default.createDirectory(atPath: "\(root)/\(path.directory)", withIntermediateDirectories: true)
        try Data(DiscoveryNote(camera: facts.camera, name: "porch", node: facts.id.node, addresses: []).file()).write(to: URL(filePath: "\(root)/porch/discovery.txt"))
        try Data([1, 2, 3]).write(to: URL(filePath: "\(root)/\(path.file(.video))"))
        try Data(try Manifest(facts: facts, signer: facts.id.node) { FootageKeys.weak.sign(.facts, $0) }.file).write(to: URL(filePath: "\(root)/\(path.file(.manifest))"))
    }

    private func facts(_ counter: UInt32, start: Double = 1_795_178_096.789, event: String? = nil) -> ClipFacts {
        var facts = ClipFacts.sample(counter: counter, start: start + Double(counter), camera: .nodeA, event: event ?? "e\(counter)")
        facts.state = .closed
        return facts
    }

    /// Looks once; answers which clips were read.
    @discardableResult
    private func look(_ catalogue: ClipCatalogue, at root: String) throws -> [UInt32] {
        var read: [UInt32] = []
        var scan = TargetScan(DirectoryTarget(root: root), number: 0, catalogue: catalogue)
        try scan.look { found throws(TargetError) in
            read.append(found.manifest.facts.id.counter)
            return (found.manifest.facts, found.manifest.signature)
        }
        return read.sorted()
    }

    private func counters(_ catalogue: ClipCatalogue) -> [UInt32] { catalogue.clips(ClipQuery(), of: [.nodeA]).map(\.facts.id.counter).sorted() }

    // MARK: Finding

    @Test func everyQueryFindsWhatASimpleListFinds() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var rng = SplitMix64(seed)
        let catalogue = try ClipCatalogue(targets: targets())
        var index = ClipIndex()
        let (cameras, kinds, events) = (["a", "b", "c"], ["motion", "sound", "manual"], [String(repeating: "0f", count: 16), String(repeating: "1e", count: 16), "odd name"])
        for counter in UInt32(1)...60 {
            // Several share a moment, as group recordings do.
            var facts = ClipFacts.sample(counter: counter, start: Double(Int.random(in: 0..<30, using: &rng)) * 10, camera: cameras.randomElement(using: &rng)!, event: events.randomElement(using: &rng)!)
            facts.kind = kinds.randomElement(using: &rng)!
            if Bool.random(using: &rng) { facts.alsoEvents = events.filter { $0 != facts.event } }
            facts.end = facts.start.addingTimeInterval(Double(Int.random(in: 0..<60, using: &rng)))
            let entry = CatalogueEntry(facts: facts, signature: "00ff", places: [0: ClipPath(folder: facts.camera, start: facts.start, event: facts.event)], isStored: true)
            index.set(entry)
        }
        #expect(Set(catalogue.keep(Array(index.all))).count == 60)
        func some<Value>(_ value: Value) -> Value? { Int.random(in: 0..<3, using: &rng) == 0 ? value : nil }
        for _ in 0..<120 {
            func moment() -> Date { Date(timeIntervalSince1970: Double(Int.random(in: 0..<32, using: &rng)) * 10) }
            var query = ClipQuery(cameras: some(Set([cameras.randomElement(using: &rng)!, cameras.randomElement(using: &rng)!])), from: some(moment()), to: some(moment()), kind: some(kinds.randomElement(using: &rng)!), event: some(events.randomElement(using: &rng)!), limit: Int.random(in: 3...40, using: &rng))
            var pages = 0
            repeat {
                let (expected, found) = (index.clips(query), catalogue.clips(query, of: Set(cameras)))
                #expect(found == expected, "seed \(seed): \(query)")
                guard found.count == query.limit, let last = found.last else { break }
                query.after = .init(start: last.facts.start, id: "\(last.facts.id)")
                pages += 1
            } while pages < 20
        }
        #expect(catalogue.clips(ClipQuery(), of: ["somebody else"]).isEmpty)
    }

    @Test func whatIsKeptIsWhatWasKnown() throws {
        let catalogue = try ClipCatalogue(targets: targets(["nas", "disk"]))
        var facts = facts(7, event: String(repeating: "ab", count: 16))
        (facts.label, facts.origin, facts.alsoEvents, facts.reason, facts.head) = ("a \"cat\"\n?", .nodeA, ["x", String(repeating: "cd", count: 16)], "calm", String(repeating: "0a", count: 32))
        (facts.bytes, facts.durationSeconds, facts.lostPictures, facts.fragments, facts.continues, facts.hasAudio) = (1 << 33, 15.25, 3, 31, true, true)
        facts.addGap(from: 1.5, to: 2)
        facts.clock = .init(quality: "peer", uncertaintySeconds: nil, offsetSeconds: -86_400.25)
        var entry = CatalogueEntry(facts: facts, signature: String(repeating: "12", count: 64), places: [0: ClipPath(folder: "porch", start: facts.start, event: facts.event)], isStored: true)
        entry.places[1] = ClipPath(folder: "Vörgarten 2", start: facts.start, event: facts.event, attempt: 2)
        #expect(catalogue.keep([entry]) == [facts.id])
        #expect(catalogue.clip(facts.id) == entry)
        // A poorer sidecar elsewhere takes nothing away.
        var poorer = entry
        (poorer.facts.state, poorer.facts.bytes) = (.recording, 0)
        _ = catalogue.keep([poorer])
        #expect(catalogue.clip(facts.id) == entry)
        catalogue.remove(facts.id, from: 0)
        #expect(catalogue.clip(facts.id)?.places.keys.sorted() == [1])
        catalogue.remove(facts.id, from: 1)
        #expect(catalogue.clip(facts.id) == nil && catalogue.clips(ClipQuery(event: facts.event), of: [.nodeA]).isEmpty)
        // Whom no node can have recorded is not kept.
        var odd = entry
        odd.facts.id = ClipID(node: "n", boot: 1, counter: 1)
        #expect(catalogue.keep([odd]).isEmpty)
    }

    // MARK: Looking

    @Test func onlyWhatHasChangedIsRead() throws {
        let root = "\(directory)/nas"
        let catalogue = try ClipCatalogue(targets: targets())
        for counter in UInt32(1)...3 { try write(facts(counter), to: root) }
        #expect(try look(catalogue, at: root) == [1, 2, 3])
        #expect(try look(catalogue, at: root) == [])
        var changed = facts(2)
        changed.reason = "calm"
        try write(changed, to: root)
        try write(facts(4), to: root)
        try write(facts(90_000), to: root)
        try write(facts(3), to: root, protected: true)
        #expect(try look(catalogue, at: root) == [2, 3, 4, 90_000])
        #expect(catalogue.clip(changed.id)?.facts.reason == "calm" && catalogue.clip(facts(3).id)?.places[0]?.isProtected == true)
        // Deleted: one clip, one of two copies, and a whole day.
        let (one, three) = (ClipPath(folder: "porch", start: facts(1).start, event: "e1"), ClipPath(folder: "porch", start: facts(3).start, event: "e3"))
        for kind in [ClipPath.Kind.video, .manifest] { for path in [one, three] { try FileManager.default.removeItem(atPath: "\(root)/\(path.file(kind))") } }
        try FileManager.default.removeItem(atPath: "\(root)/\(ClipPath(folder: "porch", start: facts(90_000).start, event: "e").directory)")
        #expect(try look(catalogue, at: root) == [3], "what its other copy says is read once more")
        #expect(try look(catalogue, at: root) == [])
        #expect(counters(catalogue) == [2, 3, 4])
    }

    /// It costs neither the rest nor what was known.
    @Test func whatCannotBeReadIsToBeLookedAtAgain() throws {
        let root = "\(directory)/nas"
        let catalogue = try ClipCatalogue(targets: targets())
        let (early, late) = (facts(1), facts(90_000))
        for facts in [early, late] { try write(facts, to: root) }
        let (earlyPath, latePath) = (ClipPath(folder: "porch", start: early.start, event: early.event), ClipPath(folder: "porch", start: late.start, event: late.event))
        let files = FailingFiles(root)
        var scan = TargetScan(files, number: 0, catalogue: catalogue)
        func look() throws -> Int32? { try scan.look { found throws(TargetError) in (found.manifest.facts, found.manifest.signature) }?.code }
        for place in [earlyPath.directory, earlyPath.file(.manifest)] {
            files.fail(place, EIO)
            #expect(try look() == EIO && counters(catalogue) == [90_000])
        }
        files.fail(earlyPath.directory, nil)
        files.fail(earlyPath.file(.manifest), nil)
        #expect(try look() == nil && counters(catalogue) == [1, 90_000])
        for place in [latePath.directory, "porch/protected", "porch"] {
            files.fail(place, ESTALE)
            #expect(try look() == ESTALE && counters(catalogue) == [1, 90_000])
            // Not ours to read: that is no reason to ask again.
            files.fail(place, EACCES)
            #expect(try look() == nil && counters(catalogue) == [1, 90_000])
            files.fail(place, ETIMEDOUT)
            #expect(throws: TargetError.self) { try look() }
            files.fail(place, nil)
        }
    }

    /// A mount point without its file system says nothing of what the storage holds, whatever is written there; a folder that is gone from the right one does.
    @Test func anEmptyMountPointMakesNothingForgotten() throws {
        let root = "\(directory)/nas"
        let catalogue = try ClipCatalogue(targets: targets())
        for counter in UInt32(1)...3 { try write(facts(counter), to: root) }
        try look(catalogue, at: root)
        try FileManager.default.moveItem(atPath: root, toPath: "\(directory)/away")
        for counter in UInt32(4)...5 { try write(facts(counter), to: root) }
        for _ in 0..<2 { try look(catalogue, at: root) }
        #expect(counters(catalogue) == [1, 2, 3, 4, 5])
        // Mounted again.
        try FileManager.default.moveItem(atPath: root, toPath: "\(directory)/point")
        try FileManager.default.moveItem(atPath: "\(directory)/away", toPath: root)
        try look(catalogue, at: root)
        #expect(counters(catalogue) == [1, 2, 3, 4, 5])
        try FileManager.default.removeItem(atPath: "\(root)/porch")
        try look(catalogue, at: root)
        #expect(counters(catalogue) == [4, 5])
    }

    @Test func whoDeletesTheVideoHasDeletedTheClip() throws {
        let root = "\(directory)/nas"
        let catalogue = try ClipCatalogue(targets: targets())
        for counter in UInt32(1)...2 { try write(facts(counter), to: root) }
        try look(catalogue, at: root)
        try FileManager.default.removeItem(atPath: "\(root)/\(ClipPath(folder: "porch", start: facts(1).start, event: "e1").file(.video))")
        try look(catalogue, at: root)
        #expect(counters(catalogue) == [2])
    }

    /// What a member signed may be nonsense all the same.
    @Test(arguments: ["durationSeconds", "bytes", "width", "framesPerSecond"]) func signedNonsenseIsPassedOver(key: String) throws {
        let root = "\(directory)/nas"
        let catalogue = try ClipCatalogue(targets: targets())
        try write(facts(1), to: root)
        let sidecar = "\(root)/\(ClipPath(folder: "porch", start: facts(1).start, event: "e1").file(.manifest))"
        let text = try String(contentsOfFile: sidecar, encoding: .utf8)
        for value in ["1e17", "-1e17", "-9223372036854775808", "9223372036854775807", "1e300"] {
            let wrong = text.replacing(try Regex("\"\(key)\" : [0-9.]+"), with: "\"\(key)\" : \(value)")
            #expect(wrong != text)
            try wrong.write(toFile: sidecar, atomically: true, encoding: .utf8)
            try look(catalogue, at: root)
            #expect(catalogue.generation == 0, "\(value): nothing broke")
        }
        #expect(counters(catalogue).count <= 1)
    }

    /// A second copy that claims more is believed no longer than it is there.
    @Test func whatToldMoreAndIsGoneIsNotBelieved() throws {
        let root = "\(directory)/nas"
        let catalogue = try ClipCatalogue(targets: targets())
        var (honest, boast) = (facts(1), facts(1))
        (honest.bytes, boast.bytes, boast.reason) = (2, 3, "a boast")
        try write(honest, to: root)
        try write(boast, to: root, protected: true)
        try look(catalogue, at: root)
        #expect(catalogue.clip(honest.id)?.facts.reason == "a boast")
        boast.bytes = 1 << 40
        try write(boast, to: root, protected: true)
        try look(catalogue, at: root)
        #expect(catalogue.clip(honest.id)?.facts.bytes == 3, "no more than its file holds")
        try FileManager.default.removeItem(atPath: "\(root)/porch/protected")
        for _ in 0..<2 { try look(catalogue, at: root) }
        #expect(catalogue.clip(honest.id)?.facts.bytes == 2 && catalogue.clip(honest.id)?.facts.reason == nil)
        #expect(try look(catalogue, at: root) == [])
    }

    // MARK: Losing it

    @Test func aNodeThatStartsAgainKnowsWhatItKnew() throws {
        defer { try? FileManager.default.removeItem(atPath: memory) }
        let root = "\(directory)/nas"
        let targets = try targets()
        try write(facts(1), to: root)
        do { try look(ClipCatalogue(targets: targets, directory: memory), at: root) }
        let again = ClipCatalogue(targets: targets, directory: memory)
        again.location(of: 0)
        #expect(counters(again) == [1])
        #expect(try look(again, at: root) == [])
        // Not on a disk, be it asked for or not.
        let elsewhere = "\(directory)/card"
        try look(ClipCatalogue(targets: targets, directory: elsewhere), at: root)
        #expect(!FileManager.default.fileExists(atPath: elsewhere))
    }

    /// Whatever is in the file: no trap, and after one look everything is known.
    @Test(arguments: 0..<12 as Range<UInt64>) func aDamagedFileCostsARebuild(seed: UInt64) throws {
        defer { try? FileManager.default.removeItem(atPath: memory) }
        var rng = SplitMix64(seed)
        let root = "\(directory)/nas"
        let targets = try targets()
        for counter in UInt32(1)...15 { try write(facts(counter), to: root) }
        do { try look(ClipCatalogue(targets: targets, directory: memory), at: root) }
        let file = "\(memory)/catalogue.sqlite"
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: file)))
        if seed % 4 == 0 { bytes.removeLast(Int.random(in: 1...bytes.count, using: &rng)) }
        for _ in 0..<(seed % 3) * 20 where !bytes.isEmpty { bytes[Int.random(in: 0..<bytes.count, using: &rng)] = .random(in: 0...255, using: &rng) }
        let isOpen = seed % 2 == 1
        let open = isOpen ? ClipCatalogue(targets: targets, directory: memory) : nil
        // In place, under an open one's feet too.
        let handle = try FileHandle(forWritingTo: URL(filePath: file))
        try handle.truncate(atOffset: UInt64(bytes.count))
        try handle.seek(toOffset: 0)
        try handle.write(contentsOf: bytes)
        try handle.close()
        let catalogue = open ?? ClipCatalogue(targets: targets, directory: memory)
        catalogue.location(of: 0)
        _ = counters(catalogue)
        let generation = catalogue.generation
        try look(catalogue, at: root)
        // Found to be broken by the look itself: the next one fills it.
        if catalogue.generation != generation { try look(catalogue, at: root) }
        let found = counters(catalogue)
        // Damage that no check can see may hide a row until its sidecar changes; it never makes one up.
        #expect(Set(found).isSubset(of: Set(1...15)) && (catalogue.generation == 0 || found == Array(1...15)), "seed \(seed)")
    }
}
