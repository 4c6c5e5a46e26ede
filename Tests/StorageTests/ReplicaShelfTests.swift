import Foundation
import Testing

@testable import Storage

/// What a node keeps for others: nothing but what their cameras signed, within its bound.
@Suite struct ReplicaShelfTests {
    private let node = String(repeating: "b", count: 32)

    private func shelf(_ capacity: Int = 1 << 20) -> ReplicaShelf { ReplicaShelf(capacityBytes: capacity, keys: .of(node)) }

    private func clip(_ counter: UInt32 = 1, fragments: Int = 3) -> RecordedClip {
        var clip = RecordedClip(counter: counter)
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
        #expect(entry.facts.reason == "its camera vanished; porch kept what it had sent" && entry.facts.opening == String(decoding: clip.opening, as: UTF8.self))
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
        let clips = (1...3).map { clip(UInt32($0)) }
        let shelf = shelf((clips[0].bytes + clips[0].opening.count) * 2 + 100)
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
