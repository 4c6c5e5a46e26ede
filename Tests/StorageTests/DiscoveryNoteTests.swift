import Foundation
import Testing

@testable import Storage

@Suite struct DiscoveryNoteTests {
    private let note = DiscoveryNote(
        camera: .nodeA, name: "Front\r\ndoor", node: .nodeA, addresses: ["https://porch.local:8443"], gossip: ["192.168.1.7:7462", "[fe80::1%eth0]:7462"])

    /// Not the real thing, but different for different bytes.
    private func signature(_ bytes: [UInt8]) -> [UInt8] { Digest.of([bytes]) }

    private func read(_ file: [UInt8]) -> DiscoveryNote? { DiscoveryNote(signed: file) { node, bytes, given in node == .nodeA && given == signature(bytes) } }

    @Test func whatIsSignedReadsBack() throws {
        let file = note.file { signature($0) }
        let back = try #require(read(file))
        #expect(back.gossip == note.gossip && back.addresses == note.addresses && back.node == note.node && back.name == "Front  door")
        #expect(DiscoveryNote(parsing: file)?.camera == .nodeA)
        let text = String(decoding: file, as: UTF8.self)
        #expect(text.hasPrefix("This folder holds the recordings of a MeshCam camera.\n"), "people read it, too")
        #expect(read(Array(file.dropLast())) == back, "an editor may take the last line's end")
    }

    @Test func whatIsNotSignedIsHeededByNobody() throws {
        let file = note.file { signature($0) }
        let text = String(decoding: file, as: UTF8.self)
        #expect(read(note.file()) == nil)
        #expect(read(Array(text.replacing("192.168.1.7", with: "192.168.1.8").utf8)) == nil)
        #expect(read(Array(text.replacing("gossip 192", with: "gossip 10.0.0.1:1\ngossip 192").utf8)) == nil)
        #expect(read(file + Array("gossip 10.0.0.1:1\n".utf8)) == nil, "nothing after the signature")
        #expect(read(Array("gossip 10.0.0.1:1\n".utf8) + file) == nil)
        #expect(read([]) == nil && read(Array("signature 00\n".utf8)) == nil)
    }

    @Test(arguments: 0..<500 as Range<UInt64>) func damageNeverTraps(seed: UInt64) {
        var rng = SplitMix64(seed)
        var file = note.file { signature($0) }
        for _ in 0..<Int.random(in: 1...6, using: &rng) where !file.isEmpty {
            let place = Int.random(in: file.indices, using: &rng)
            switch Int.random(in: 0..<3, using: &rng) {
            case 0: file[place] = .random(in: 0 ... .max, using: &rng)
            case 1: file.remove(at: place)
            default: file.insert(.random(in: 0 ... .max, using: &rng), at: place)
            }
        }
        if let back = read(file) { #expect(back.gossip == note.gossip, "seed \(seed): only what was signed") }
    }

    @Test func itStaysBounded() {
        let many = DiscoveryNote(camera: .nodeA, name: "x", node: .nodeA, addresses: (0..<1000).map { "a\($0)" }, gossip: (0..<1000).map { "g\($0)" })
        let back = DiscoveryNote(parsing: many.file())
        #expect(back?.addresses.count == 16 && back?.gossip.count == 16)
        #expect(DiscoveryNote(parsing: [UInt8](repeating: 0x20, count: DiscoveryNote.sizeLimit + 1)) == nil)
    }
}
