import Foundation

@testable import Storage

/// A clip as its camera makes it, piece by piece, each with its signature.
struct RecordedClip {
    let id: ClipID
    let keys: FootageKeys
    private(set) var facts: ClipFacts
    private(set) var pieces: [[UInt8]] = []
    private var chain: HashChain?

    init(node: String = .nodeA, boot: UInt32 = 1, counter: UInt32 = 1, start: Double = 1_795_178_096.789) {
        id = ClipID(node: node, boot: boot, counter: counter)
        keys = .of(node)
        let start = Date(timeIntervalSince1970: start + Double(counter))
        facts = ClipFacts(
            id: id, camera: node, cameraName: "Front door", event: "e\(counter)", kind: "motion", label: nil, origin: nil, start: start, triggered: start,
            codec: "h264", width: 640, height: 360, framesPerSecond: 10, hasAudio: false, continues: false, clock: .init(quality: "none", uncertaintySeconds: nil))
    }

    var bytes: Int { facts.bytes }
    var file: [UInt8] { pieces.flatMap(\.self) }
    var manifest: [UInt8] { try! Manifest(facts: facts, signer: id.node) { keys.sign(.facts, $0) }.file }

    /// The init segment first, then half a second each time.
    @discardableResult
    mutating func grow(padding: Int = 0) -> [UInt8] {
        let fragment = chain == nil ? TestMP4.initSegment : TestMP4.box("free", [UInt8](repeating: 0, count: padding))
            + TestMP4.fragment(decodeTime: UInt32(facts.fragments) * 500, samples: 5, duration: 100)
        fragment.withUnsafeBytes { bytes in if chain == nil { chain = HashChain(clip: id, initSegment: bytes) } else { chain?.append(bytes); facts.fragments += 1 } }
        let piece = fragment + SignedHead(clip: id, fragments: facts.fragments, head: chain!.head) { keys.sign(.head, $0) }.box
        pieces.append(piece)
        facts.bytes += piece.count
        facts.durationSeconds = Double(facts.fragments) / 2
        facts.head = chain!.hex
        return piece
    }

    mutating func close(witnesses: [Witness]? = nil) {
        facts.state = .closed
        facts.witnesses = witnesses
    }

    /// What was signed when it began.
    var opening: [UInt8] {
        var opened = RecordedClip(node: id.node, boot: id.boot, counter: id.counter)
        opened.facts.start = facts.start
        return opened.manifest
    }
}
