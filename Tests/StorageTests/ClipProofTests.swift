import Foundation
import Testing

@testable import Storage

@Suite struct ClipProofTests {
    private let clip = ClipID(node: String(repeating: "a", count: 32), boot: 1, counter: 2)
    /// As the recorder hands them on: the init segment, then fragments, of which one has padding before it.
    private let pieces: [[UInt8]] = [
        TestMP4.box("ftyp", Array("iso6".utf8)) + TestMP4.initSegment, TestMP4.fragment(decodeTime: 0, samples: 5, duration: 100),
        TestMP4.box("free", [0, 0, 0]) + TestMP4.fragment(decodeTime: 500, samples: 5, duration: 100), TestMP4.fragment(decodeTime: 1000, samples: 5, duration: 100),
    ]
    private var file: [UInt8] { pieces.flatMap(\.self) }
    private let keys = FootageKeys.weak
    /// The same as a node records them: behind each piece its signature.
    private var signedFile: [UInt8] { signedPieces.flatMap(\.self) }
    private var signedPieces: [[UInt8]] {
        var chain: HashChain?
        return pieces.enumerated().map { index, piece in
            piece.withUnsafeBytes { bytes in if chain == nil { chain = HashChain(clip: clip, initSegment: bytes) } else { chain?.append(bytes) } }
            return piece + SignedHead(clip: clip, fragments: index, head: chain!.head) { keys.sign(.head, $0) }.box
        }
    }

    /// What a recorder signs after so many pieces.
    private func facts(after count: Int) -> ClipFacts {
        var facts = ClipFacts(
            id: clip, camera: .nodeA, cameraName: "Front door", event: "e", kind: "motion", label: nil, origin: nil, start: .now, triggered: .now,
            codec: "h264", width: 640, height: 360, framesPerSecond: 10, hasAudio: false, continues: false, clock: .init(quality: "none", uncertaintySeconds: nil))
        guard count > 0 else { return facts }
        var chain = pieces[0].withUnsafeBytes { HashChain(clip: clip, initSegment: $0) }
        for piece in pieces[1..<count] { piece.withUnsafeBytes { chain.append($0) } }
        facts.head = chain.hex
        facts.fragments = count - 1
        facts.bytes = pieces[..<count].reduce(0) { $0 + $1.count }
        return facts
    }

    private func proof(_ facts: ClipFacts, of file: [UInt8]) -> ClipProof.Finding { wholeProof(facts, of: file).finding }

    private func wholeProof(_ facts: ClipFacts, of file: [UInt8]) -> ClipProof {
        ClipProof(of: facts, size: file.count) { keys.verifies($0) } read: { offset, count in Array(file.dropFirst(offset).prefix(count)) }
    }

    @Test func whatWasSignedIsProven() {
        for count in 1...pieces.count {
            #expect(proof(facts(after: count), of: pieces[..<count].flatMap(\.self)) == .whole)
            if count < pieces.count { #expect(proof(facts(after: count), of: file) == .beginning(bytes: facts(after: count).bytes)) }
        }
        #expect(proof(facts(after: 0), of: file) == .unsigned)
    }

    /// Any bit, wherever it is: of a box's length, too.
    @Test func nothingCanBeAltered() {
        let facts = facts(after: pieces.count)
        for place in file.indices {
            for bit in 0..<8 {
                var altered = file
                altered[place] ^= 1 << UInt8(bit)
                #expect(proof(facts, of: altered) == .altered, "bit \(bit) of byte \(place)")
            }
        }
        var other = facts
        other.id = ClipID(node: clip.node, boot: 1, counter: 3)
        #expect(proof(other, of: file) == .altered, "another clip's name")
        #expect(proof(facts, of: pieces[0] + pieces[2] + pieces[1] + pieces[3]) == .altered, "in another order")
        for length in 0..<file.count { #expect(proof(facts, of: Array(file.prefix(length))) == .cut(missing: file.count - length)) }
        #expect(proof(facts, of: file + [0]) == .beginning(bytes: file.count))
        #expect(proof(facts, of: file + pieces[1]) == .beginning(bytes: file.count))
    }

    /// A camera that vanished signed nothing but what it sent; that proves itself, wherever it ends.
    @Test func whatWasSignedWhileRecordedIsProvenWithoutTheEnd() {
        let pieces = signedPieces
        for count in 0...pieces.count {
            let whole = pieces[..<count].flatMap(\.self)
            let proof = wholeProof(facts(after: 0), of: whole)
            #expect(proof == wholeProof(facts(after: 0), of: whole + (count < pieces.count ? pieces[count].dropLast(SignedHead.size + 1) : [])), "what is torn does not count")
            #expect(proof.signedWhileRecorded == whole.count && proof.finding == .unsigned && !proof.hasWrongSignature)
        }
        var closed = facts(after: self.pieces.count)
        closed.bytes = signedFile.count
        #expect(proof(closed, of: signedFile) == .whole)
        let cut = wholeProof(closed, of: Array(signedFile.dropLast(pieces[3].count + 10)))
        #expect(cut.finding == .cut(missing: pieces[3].count + 10) && cut.signedWhileRecorded == pieces[0].count + pieces[1].count)
        #expect(SignedHead(box: Array(pieces[2].suffix(SignedHead.size)))?.clip == clip, "the file says whose it is")
    }

    /// Any bit of a file that nobody closed: what counts as signed ends before it, or it is said.
    @Test func nothingSignedCanBeAltered() {
        let file = signedFile
        for place in file.indices {
            for bit in 0..<8 {
                var altered = file
                altered[place] ^= 1 << UInt8(bit)
                let proof = wholeProof(facts(after: 0), of: altered)
                // A signature that was altered is said, though those behind it vouch for what it covered.
                #expect(proof.signedWhileRecorded <= place || proof.hasWrongSignature, "bit \(bit) of byte \(place)")
            }
        }
        let pieces = signedPieces
        #expect(wholeProof(facts(after: 0), of: pieces[0] + pieces[2]).hasWrongSignature, "one left out")
        #expect(wholeProof(facts(after: 0), of: pieces[0] + pieces[1] + pieces[1]).hasWrongSignature, "one twice")
        var other = facts(after: 0)
        other.id = ClipID(node: clip.node, boot: 1, counter: 3)
        #expect(wholeProof(other, of: file).signedWhileRecorded == 0, "another clip's")
        let stranger = ClipProof(of: facts(after: 0), size: file.count) { FootageKeys.of("b").verifies($0) && $0.clip.node == "b" } read: { offset, count in
            Array(file.dropFirst(offset).prefix(count))
        }
        #expect(stranger.signedWhileRecorded == 0 && stranger.hasWrongSignature)
    }

    /// What comes piece by piece is judged like what lies there whole.
    @Test func piecesAreJudgedAsTheFile() {
        var chain = FileChain(clip: clip) { [keys] in keys.verifies($0) }
        var bytes = 0
        for piece in signedPieces {
            let isWhole = chain.take(piece)
            #expect(isWhole)
            bytes += piece.count
            #expect(chain.signed?.bytes == bytes && chain.bytes == bytes && !chain.hasWrongSignature)
        }
        #expect(chain.signed?.fragments == 3 && chain.head?.hex == facts(after: 4).head)
        for torn in [[0, 0, 0], Array(pieces[1].dropLast())] {
            let isWhole = chain.take(torn)
            #expect(!isWhole)
        }
    }

    @Test(arguments: 0..<500 as Range<UInt64>) func noiseNeverTraps(seed: UInt64) {
        var random = SplitMix64(seed)
        var noise = file
        for _ in 0..<Int.random(in: 1...8, using: &random) { noise[Int.random(in: noise.indices, using: &random)] = .random(in: 0...255, using: &random) }
        noise = Array(noise.prefix(Int.random(in: 0...noise.count, using: &random)))
        let facts = facts(after: pieces.count)
        #expect(noise == file || proof(facts, of: noise) != .whole, "seed \(seed)")
    }
}
