import Foundation
import Logging
import Synchronization
import Testing
import TestSupport

@testable import Storage

/// Of cameras that do not answer, and of several that share a storage.
extension ClipStoreTests {
    @Test func aForgedManifestIsNotTakenForOurs() async throws {
        let root = try make("\(directory)/forged")
        let first = store([root])
        let id = first.open(draft())
        try await first.running {
            first.append([1, 2, 3], to: id, durationSeconds: 0, beginsWithKeyFrame: false)
            first.close(id, durationSeconds: 1, reason: "x", lostPictures: 0)
            try await first.wait { first.clip(id)?.isStored == true }
        }
        let file = "\(root)/Front-door/2026-11-20/2026-11-20T12-34-56.789Z_ev1.json"
        let text = try String(contentsOfFile: file, encoding: .utf8).replacing("\"closed\"", with: "\"recording\"")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let second = store([root], boot: 2)
        try await second.running {
            let other = second.open(draft(event: "ev2"))
            second.append([1], to: other, durationSeconds: 1, beginsWithKeyFrame: true)
            second.close(other, durationSeconds: 1, reason: "x", lostPictures: 0)
            try await second.wait { second.clip(other)?.isStored == true }
            #expect(second.clip(id) == nil)
        }
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
    }

    @Test func anotherNodeReadsTheClipsOfOneThatIsGone() async throws {
        let root = try make("\(directory)/shared")
        let gone = store([root])
        let id = gone.open(draft())
        try await gone.running {
            gone.append([1, 2, 3], to: id, durationSeconds: 0, beginsWithKeyFrame: false)
            gone.setPoster([9], of: id)
            gone.close(id, durationSeconds: 1, reason: "x", lostPictures: 0)
            try await gone.wait { gone.clip(id)?.isStored == true }
        }
        let honest = OrphanCatalogue(catalogue: ClipCatalogue(targets: targets([root])), keys: Self.keys)
        let found = await honest.clips(of: [.nodeA], ClipQuery())
        #expect(found.map(\.facts.id) == [id])
        let entry = try #require(found.first)
        #expect(try await honest.read(entry, at: 1, count: 9999).withoutSignedHeads == [2, 3])
        #expect(try await honest.poster(of: entry) == [9])
        #expect(await honest.clips(of: ["somebody else"], ClipQuery()).isEmpty)
        let strict = OrphanCatalogue(catalogue: ClipCatalogue(targets: targets([root])), keys: FootageKeys { _, _ in [] } verify: { _, _, _, _ in false })
        #expect(await strict.clips(of: [.nodeA], ClipQuery()).isEmpty, "a manifest that nobody signed is not shown")
        // Without its note, or with one that somebody else put there, it is found as well.
        let note = URL(filePath: "\(root)/Front-door/discovery.txt")
        for forged in [nil, DiscoveryNote(camera: "somebody else", name: "x", node: "somebody else", addresses: []).file { _ in [1, 2, 3] }] {
            if let forged { try Data(forged).write(to: note) } else { try FileManager.default.removeItem(at: note) }
            #expect(await OrphanCatalogue(catalogue: ClipCatalogue(targets: targets([root])), keys: Self.keys).clips(of: [.nodeA], ClipQuery()).map(\.facts.id) == [id])
        }
        // One that its camera signed saves the look.
        try Data(DiscoveryNote(camera: "somebody else", name: "x", node: .nodeA, addresses: []).file { Self.keys.sign(.discovery, $0) }).write(to: note)
        #expect(await OrphanCatalogue(catalogue: ClipCatalogue(targets: targets([root])), keys: Self.keys).clips(of: [.nodeA], ClipQuery()).isEmpty)
    }

    /// A camera that was killed had brought more to one storage than to the other.
    @Test func whatOneCopyLacksComesFromAnother() async throws {
        let roots = [try make("\(directory)/shorter"), try make("\(directory)/longer")]
        let gone = store(roots)
        let id = gone.open(draft())
        try await gone.running {
            gone.append([1, 2, 3], to: id, durationSeconds: 0, beginsWithKeyFrame: true)
            gone.append([4, 5, 6], to: id, durationSeconds: 0.5, beginsWithKeyFrame: true)
            gone.close(id, durationSeconds: 0.5, reason: "x", lostPictures: 0)
            try await gone.wait { gone.clip(id)?.isStored == true && gone.clip(id)?.places.count == 2 }
        }
        let video = "Front-door/2026-11-20/2026-11-20T12-34-56.789Z_ev1.mp4"
        let whole = try Data(contentsOf: URL(filePath: "\(roots[1])/\(video)"))
        try whole.prefix(3).write(to: URL(filePath: "\(roots[0])/\(video)"))
        let again = store(roots, boot: 2)
        try await again.running {
            try await eventually { again.clip(id)?.places.count == 2 && again.clip(id)?.facts.bytes == whole.count }
            #expect(try await again.read(id, at: 0, count: 9999) == Array(whole))
        }
        let orphans = OrphanCatalogue(catalogue: ClipCatalogue(targets: targets(roots)), keys: Self.keys)
        let entry = try #require(await orphans.clips(of: [.nodeA], ClipQuery()).first)
        #expect(entry.places.count == 2)
        #expect(try await orphans.read(entry, at: 1, count: 9999) == Array(whole.dropFirst()))
    }

    /// A peer has brought a clip of this camera's: it is shown as soon as the peer says so, and not at the next look that comes by itself.
    @Test func whatAPeerHasBroughtIsLookedFor() async throws {
        let root = try make("\(directory)/brought")
        let clock = Clock()
        let camera = store([root], clock: clock)
        try await camera.running {
            let own = camera.open(draft())
            camera.append([1, 2, 3], to: own, durationSeconds: 0, beginsWithKeyFrame: true)
            camera.close(own, durationSeconds: 1, reason: "x", lostPictures: 0)
            try await camera.wait { camera.clip(own)?.isStored == true }
            // As if it had been kept by a peer: one of an earlier run.
            var facts = try #require(camera.clip(own)).facts
            facts.id = ClipID(node: facts.id.node, boot: 0, counter: 7)
            facts.event = "ev7"
            let manifest = try Manifest(facts: facts, signer: facts.id.node) { Self.keys.sign(.facts, $0) }
            let path = ClipPath(folder: "Front-door", start: facts.start, event: facts.event)
            try Data([1, 2, 3]).write(to: URL(filePath: "\(root)/\(path.file(.video))"))
            try Data(manifest.file).write(to: URL(filePath: "\(root)/\(path.file(.manifest))"))
            let id = facts.id
            #expect(camera.clip(id) == nil)
            clock.advance(.seconds(10))
            camera.lookAgain()
            try await camera.wait { camera.clip(id) != nil }
        }
    }

    /// A storage that hangs holds up no list of what the others hold.
    @Test func listsDoNotWaitForAStorageThatHangs() async throws {
        let roots = [try make("\(directory)/hanging"), try make("\(directory)/working")]
        let gone = store([roots[1]])
        let id = gone.open(draft())
        try await gone.running {
            gone.append([1, 2, 3], to: id, durationSeconds: 0, beginsWithKeyFrame: true)
            gone.close(id, durationSeconds: 1, reason: "x", lostPictures: 0)
            try await gone.wait { gone.clip(id)?.isStored == true }
        }
        let both = targets(roots)
        let hanging = try #require(both.present.first { $0.target.location.name == "hanging" }).target.reading
        try hanging.probe()
        let pid = try #require(hanging.pid)
        kill(pid, SIGSTOP)
        defer { kill(pid, SIGCONT) }
        let orphans = OrphanCatalogue(catalogue: ClipCatalogue(targets: both), keys: Self.keys)
        let began = ContinuousClock.now
        #expect(await orphans.clips(of: [.nodeA], ClipQuery()).map(\.facts.id) == [id])
        #expect(await orphans.clips(of: [.nodeA], ClipQuery()).map(\.facts.id) == [id])
        #expect(ContinuousClock.now - began < TargetProcess.patience)
    }

    @Test func twoCamerasOfOneNameGetTwoFolders() async throws {
        let root = try make("\(directory)/names")
        for camera in [String.nodeA, String(repeating: "b", count: 32)] {
            let store = store([root], camera: camera)
            try await store.running {
                let id = store.open(draft())
                store.append([1], to: id, durationSeconds: 1, beginsWithKeyFrame: true)
                store.close(id, durationSeconds: 1, reason: "x", lostPictures: 0)
                try await store.wait { store.clip(id)?.isStored == true }
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: root).filter { !$0.hasPrefix(".") }.sorted() == ["Front-door", "Front-door-bbbbbbbb"])
    }
}
