import Foundation
import Synchronization
import Testing

@testable import Storage

/// What a node keeps for others: nothing but what their cameras signed, within its bound.
@Suite struct ReplicaShelfTests {
    private let node = String(repeating: "b", count: 32)

    private func shelf(_ capacity: Int = 1 << 20) -> ReplicaShelf { ReplicaShelf(capacityBytes: capacity, keys: .of(node)) }

    /// Time that a test may move on.
    private final class Clock: Sendable {
        private let ahead = Mutex(Duration.zero)
        var now: ContinuousClock.Instant { .now + ahead.withLock { $0 } }
        func advance(_ duration: Duration) { ahead.withLock { $0 += duration } }
    }

    private func clip(_ counter: UInt32 = 1, of camera: String = .nodeA, fragments: Int = 3) -> RecordedClip {
        var clip = RecordedClip(node: camera, counter: counter)
        for _ in 0...fragments { clip.grow() }
        return clip
    }

    private func send(_ clip: RecordedClip, to shelf: ReplicaShelf) throws {
        try shelf.take(manifest: clip.opening, of: clip.id, isHandedOver: false)
        var offset = 0
        for piece in clip.pieces {
            try shelf.take(video: piece, at: offset, of: clip.id)
            offset += piece.count
        }
    }

    @Test func whatCameIsKeptAndSaid() throws {
        let (shelf, clip) = (shelf(), clip())
        try send(clip, to: shelf)
        try shelf.take(poster: [9], of: clip.id)
        let entry = try #require(shelf.clips(ClipQuery(), keeper: "porch").first)
        #expect(entry.facts.state == .interrupted && entry.facts.fragments == 3 && entry.facts.durationSeconds == 1.5 && entry.facts.bytes == clip.bytes)
        #expect(entry.facts.reason == "its camera sent no more of it; porch kept what had come" && entry.facts.opening == String(decoding: clip.opening, as: UTF8.self))
        #expect(shelf.read(clip.id, at: 0, count: .max >> 1) == clip.file && shelf.poster(of: clip.id) == [9])
        for _ in 0..<200 {
            let (from, count) = (Int.random(in: 0..<clip.bytes), Int.random(in: 1...900))
            #expect(shelf.read(clip.id, at: from, count: count) == Array(clip.file.dropFirst(from).prefix(count)), "\(count) from \(from)")
        }
        var closed = clip
        closed.close()
        try shelf.take(manifest: closed.manifest, of: clip.id, isHandedOver: false)
        #expect(shelf.clip(clip.id, keeper: "porch")?.facts == closed.facts)
        #expect(throws: Never.self) { try shelf.take(manifest: clip.opening, of: clip.id, isHandedOver: false) }
        #expect(shelf.clip(clip.id, keeper: "porch")?.facts.state == .closed, "what comes late says less")
        shelf.release(clip.id)
        #expect(shelf.bytes == 0 && shelf.clips(ClipQuery(), keeper: "porch").isEmpty && shelf.read(clip.id, at: 0, count: 1) == nil)
    }

    @Test func onlyWhatItsCameraSignedIsTaken() throws {
        let (shelf, clip) = (shelf(), clip())
        #expect(throws: ReplicaRefusal.unknown) { try shelf.take(video: clip.pieces[0], at: 0, of: clip.id) }
        #expect(throws: ReplicaRefusal.unknown) { try shelf.take(poster: [1], of: clip.id) }
        for forged in [[], Array("{}".utf8), Array(clip.opening.dropLast(60)), self.clip(2).opening] {
            #expect { try shelf.take(manifest: forged, of: clip.id, isHandedOver: false) } throws: { if case ReplicaRefusal.malformed = $0 { true } else { false } }
        }
        for event in ["", "../../x", "a/b", String(repeating: "e", count: 300), "e\0"] {
            var facts = clip.facts
            facts.event = event
            let named = try Manifest(facts: facts, signer: clip.id.node) { clip.keys.sign(.facts, $0) }.file
            #expect { try shelf.take(manifest: named, of: clip.id, isHandedOver: false) } throws: { if case ReplicaRefusal.malformed = $0 { true } else { false } }
        }
        try shelf.take(manifest: clip.opening, of: clip.id, isHandedOver: false)
        try shelf.take(video: clip.pieces[0] + clip.pieces[1], at: 0, of: clip.id)
        let have = clip.pieces[0].count + clip.pieces[1].count
        for (piece, offset) in [(clip.pieces[0], 0), (clip.pieces[2], 5), (clip.pieces[3], have + clip.pieces[2].count)] {
            #expect(throws: ReplicaRefusal.elsewhere(bytes: have)) { try shelf.take(video: piece, at: offset, of: clip.id) }
        }
        var altered = clip.pieces[2]
        altered[20] ^= 1
        for wrong in [altered, Array(clip.pieces[2].dropLast()), clip.pieces[3], Array(clip.pieces[2].dropLast(SignedHead.size)), [0, 0, 0, 8] + Array("free".utf8), []] {
            #expect { try shelf.take(video: wrong, at: have, of: clip.id) } throws: { if case ReplicaRefusal.malformed = $0 { true } else { false } }
        }
        try shelf.take(video: clip.pieces[2], at: have, of: clip.id)
        #expect(shelf.read(clip.id, at: 0, count: .max >> 1) == clip.pieces[0...2].flatMap(\.self), "what was refused left nothing")
    }

    /// Where a target will come back each of these may be the last copy; without any the newest count.
    @Test func fullIsFullUnlessNoTargetEverTakesThem() throws {
        let clips = (1...3).map { clip(UInt32($0), of: String(repeating: "\($0)", count: 32)) }
        let shelf = shelf((clips[0].bytes + 2 * clips[0].opening.count) * 2 + 100)
        shelf.setRing(false)
        try send(clips[0], to: shelf)
        try send(clips[1], to: shelf)
        #expect(throws: ReplicaRefusal.full) { try send(clips[2], to: shelf) }
        #expect(shelf.clips(ClipQuery(), keeper: "b").map(\.facts.id) == [clips[1].id, clips[0].id] && shelf.bytes <= shelf.capacityBytes)
        shelf.setRing(true)
        shelf.release(clips[2].id)
        try send(clips[2], to: shelf)
        #expect(shelf.clips(ClipQuery(), keeper: "b").map(\.facts.id) == [clips[2].id, clips[1].id] && shelf.bytes <= shelf.capacityBytes)
        #expect(throws: ReplicaRefusal.full) { try ReplicaShelf(capacityBytes: 0, keys: .of(node)).take(manifest: clips[0].opening, of: clips[0].id, isHandedOver: false) }
    }

    /// Whatever one camera sends, a part stays for the others.
    @Test(arguments: [true, false]) func noCameraTakesAll(isRing: Bool) throws {
        let shelf = shelf(64 << 10)
        shelf.setRing(isRing)
        var counter: UInt32 = 0
        var isFull = false
        while !isFull, counter < 200 {
            counter += 1
            do { try send(clip(counter), to: shelf) } catch ReplicaRefusal.full { isFull = true }
        }
        #expect(isFull != isRing && shelf.bytes <= 48 << 10)
        #expect(shelf.clip(clip(1).id, keeper: "b") == nil || !isRing, "in a ring the newest count")
        for counter in 1...5 { try send(clip(UInt32(counter), of: node), to: shelf) }
        #expect(shelf.clips(ClipQuery(), keeper: "b").count { $0.facts.camera == node } == 5)
    }

    /// A camera may let go of a clip without a word: what nothing came of for as long as no clip takes goes to the targets.
    @Test func whatNobodyTouchesIsRescued() throws {
        let clock = Clock()
        let shelf = ReplicaShelf(capacityBytes: 1 << 20, keys: .of(node)) { clock.now }
        var clip = clip()
        try send(clip, to: shelf)
        clock.advance(ReplicaShelf.idleLimit - .seconds(60))
        let piece = clip.grow()
        try shelf.take(video: piece, at: clip.bytes - piece.count, of: clip.id)
        clock.advance(.seconds(120))
        #expect(shelf.startRescue(keeper: "b") { _, _ in false }.isEmpty)
        clock.advance(ReplicaShelf.idleLimit)
        let rescue = try #require(shelf.startRescue(keeper: "b") { _, _ in false }.first)
        #expect(rescue.pieces.flatMap(\.self) == clip.file && rescue.opening.file == clip.opening)
    }

    /// Each signature takes a while to check.
    @Test func aPieceHasOnlySoManySignatures() throws {
        let (shelf, clip) = (shelf(), clip(fragments: 200))
        try shelf.take(manifest: clip.opening, of: clip.id, isHandedOver: false)
        #expect { try shelf.take(video: clip.file, at: 0, of: clip.id) } throws: { if case ReplicaRefusal.malformed = $0 { true } else { false } }
        let head = clip.pieces[0].suffix(SignedHead.size)
        let stuffed = clip.pieces[0] + (0..<1000).flatMap { _ in head }
        #expect { try shelf.take(video: stuffed, at: 0, of: clip.id) } throws: { if case ReplicaRefusal.malformed = $0 { true } else { false } }
        try shelf.take(video: clip.pieces[...SpoolPlan.replicaBatchFragments].flatMap(\.self), at: 0, of: clip.id)
    }

    /// What it has it countersigns, and nobody can make another's word of it.
    @Test func itSaysWhatItHas() throws {
        let (shelf, clip) = (shelf(), clip())
        #expect(shelf.witness(of: clip.id, node: node, time: .now) == nil)
        try shelf.take(manifest: clip.opening, of: clip.id, isHandedOver: false)
        #expect(shelf.witness(of: clip.id, node: node, time: .now) == nil, "nothing came yet")
        try send(clip, to: shelf)
        let word = try #require(shelf.witness(of: clip.id, node: node, time: .now))
        let keys = FootageKeys.weak
        #expect(word.fragments == 3 && word.head == clip.facts.head && keys.verifies(word, of: clip.id))
        #expect(!keys.verifies(word, of: self.clip(2).id), "of another clip it says nothing")
        let camera = ReplicaShelf(capacityBytes: 1 << 20, keys: clip.keys)
        try send(clip, to: camera)
        let own = try #require(camera.witness(of: clip.id, node: clip.id.node, time: .now))
        #expect(!keys.verifies(own, of: clip.id), "nobody witnesses for itself")
        var closed = clip
        closed.close(witnesses: [word])
        let file = clip.file
        func proof(_ facts: ClipFacts) -> ClipProof {
            ClipProof(of: facts, size: file.count, isSigned: { keys.verifies($0) }) { offset, count in Array(file.dropFirst(offset).prefix(count)) }
        }
        #expect(proof(closed.facts).finding == .whole && proof(closed.facts).witnesses == [word])
        let parsed = try Manifest(parsing: closed.manifest)
        #expect(try keys.verifies(#require(parsed.facts.witnesses?.first), of: clip.id), "its time is as it was signed")
        closed.close(witnesses: [Witness(of: clip.id, node: node, fragments: 2, head: word.head, time: .now) { keys.sign(.witness, $0) }])
        #expect(proof(closed.facts).finding == .whole && proof(closed.facts).witnesses.isEmpty, "that was not its head then")
    }

    @Test func whoseCameraIsGoneIsRescuedOnce() throws {
        let (shelf, clip) = (shelf(), clip())
        try send(clip, to: shelf)
        #expect(shelf.startRescue(keeper: "b") { _, _ in false }.isEmpty)
        let rescue = try #require(shelf.startRescue(keeper: "b") { node, boot in node == clip.id.node && boot == 1 }.first)
        #expect(rescue.manifest == nil && rescue.facts.head == clip.facts.head && rescue.pieces.flatMap(\.self) == clip.file)
        #expect(shelf.startRescue(keeper: "b") { _, _ in true }.isEmpty, "it is under way")
        #expect(throws: ReplicaRefusal.rescued) { try shelf.take(video: clip.pieces[1], at: clip.bytes, of: clip.id) }
        shelf.release(clip.id)
        #expect(shelf.bytes > 0, "it stays until a target has it")
        shelf.rescueFailed(clip.id)
        #expect(shelf.startRescue(keeper: "b") { _, _ in true }.count == 1)
        shelf.rescued(clip.id)
        #expect(shelf.bytes == 0)
    }

    /// Whoever closes a clip in its camera's stead shows what the camera itself had signed, and says nothing else.
    @Test func aKeepersWordNeedsTheCameras() throws {
        let (shelf, clip) = (shelf(), clip())
        try send(clip, to: shelf)
        let facts = try #require(shelf.startRescue(keeper: "b") { _, _ in true }.first).facts
        let keys = FootageKeys.of(node)
        func isGood(_ change: (inout ClipFacts) -> Void) throws -> Bool {
            var facts = facts
            change(&facts)
            let manifest = try Manifest(parsing: Manifest(facts: facts, signer: node) { keys.sign(.facts, $0) }.file)
            return keys.verifies(manifest)
        }
        #expect(try isGood { _ in })
        #expect(try !isGood { $0.opening = nil } && !isGood { $0.opening = "{}" } && !isGood { $0.state = .closed })
        #expect(try !isGood { $0.start += 60 } && !isGood { $0.event = "another" } && !isGood { $0.camera = "another" })
        #expect(try !isGood { $0.opening = String(decoding: self.clip(2).opening, as: UTF8.self) }, "another clip's")
        #expect(try !isGood { $0.opening = $0.opening?.replacing("Front door", with: "Back door") }, "the camera did not sign that")
    }

    /// A camera that lets go of a clip leaves it to this node, alive or not; its own last word on it stands.
    @Test func whatWasHandedOverIsRescuedWhileItsCameraLives() throws {
        let shelf = shelf()
        var clip = clip()
        try send(clip, to: shelf)
        clip.close()
        try shelf.take(manifest: clip.manifest, of: clip.id, isHandedOver: true)
        shelf.release(clip.id)
        let rescue = try #require(shelf.startRescue(keeper: "b") { _, _ in false }.first)
        #expect(rescue.manifest?.file == clip.manifest && rescue.facts == clip.facts)
    }
}
