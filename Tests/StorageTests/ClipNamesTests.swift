import Foundation
import Testing

@testable import Storage

@Suite struct ClipNamesTests {
    @Test func pathsAreWhatTheContractPromises() {
        let start = Date(timeIntervalSince1970: 1_795_178_096.789)
        let path = ClipPath(folder: "porch", start: start, event: "00ff")
        #expect(path.file(.video) == "porch/2026-11-20/2026-11-20T12-34-56.789Z_00ff.mp4")
        #expect(path.file(.poster) == "porch/2026-11-20/2026-11-20T12-34-56.789Z_00ff.jpg")
        #expect(ClipPath(manifest: path.file(.manifest)) == path)
        var kept = path
        kept.isProtected = true
        #expect(kept.file(.manifest) == "porch/protected/2026-11-20/2026-11-20T12-34-56.789Z_00ff.json")
        #expect(ClipPath(manifest: kept.file(.manifest)) == kept)
    }

    /// A name that differs by a millisecond from the manifest's time would not be found by it.
    @Test(arguments: 0..<1000 as Range<Int>) func namesSayTheMillisecond(millisecond: Int) {
        let path = ClipPath(folder: "porch", start: Date(timeIntervalSince1970: Double(1_795_262_984_000 + millisecond) / 1000), event: "e")
        let digits = String(millisecond)
        #expect(path.stem == "2026-11-21T12-09-44.\(String(repeating: "0", count: 3 - digits.count))\(digits)Z_e")
    }

    @Test(arguments: ["", "a", "porch/x.json", "porch/2026-11-20/notes.json", "porch/2026-11-20/.2026-11-20T1_e.json", "a/b/c/d/e.json",
        "porch/other/2026-11-20/2026-11-20T12_e.json", "porch/2026-11-20/2026-11-20T12_e.mp4", "//.json", "porch/2026-11-20/"])
    func otherFilesAreNotOurs(path: String) {
        #expect(ClipPath(manifest: path) == nil)
    }

    @Test func folderNamesAreSafe() {
        #expect(ClipPath.folderName(for: "Front door") == "Front-door")
        #expect(ClipPath.folderName(for: "../../etc") == "etc")
        #expect(ClipPath.folderName(for: "protected") == "camera")
        #expect(ClipPath.folderName(for: "...") == "camera")
        #expect(ClipPath.folderName(for: "Küche") == "Küche")
        #expect(ClipPath.folderName(for: String(repeating: "门", count: 500)).utf8.count <= 144)
        #expect(!ClipPath.folderName(for: "a/b\0c\nd").contains { "/\0\n".contains($0) })
    }

    @Test func idsReadBackAndRefuseTheRest() throws {
        let id = ClipID(node: String(repeating: "0f", count: 16), boot: 7, counter: 4_294_967_295)
        #expect(ClipID("\(id)") == id)
        let node = String(repeating: "0f", count: 16)
        #expect("\(id)" == "\(node)-00000007-ffffffff")
        for text in ["", "-", "x-00000001-00000001", node, "\(node)-1-1", "\(node.uppercased())-00000001-00000001",
            "\(node)-00000001-+0000001", "\(node)-00000001-00000001-00000001"]
        {
            #expect(ClipID(text) == nil, "\(text)")
        }
    }
}

@Suite struct ClipIndexTests {
    private func entry(_ counter: UInt32, start: Double, camera: String = "c", event: String = "e") -> CatalogueEntry {
        CatalogueEntry(facts: .sample(counter: counter, start: start, camera: camera, event: event))
    }

    @Test func pagesAreWholeAndInOrder() {
        var index = ClipIndex()
        var rng = SplitMix64(42)
        // Several clips share a moment, as group recordings do.
        for counter in UInt32(1)...137 { index.set(entry(counter, start: Double(Int.random(in: 0..<40, using: &rng)))) }
        var seen: [CatalogueEntry] = []
        var query = ClipQuery(limit: 10)
        while true {
            let page = index.clips(query)
            seen += page
            guard page.count == 10, let last = page.last else { break }
            query.after = .init(start: last.facts.start, id: "\(last.facts.id)")
        }
        #expect(seen.count == 137 && Set(seen.map(\.facts.id)).count == 137)
        // Across nodes lists are merged by (start, id as text): every node must sort like that.
        func key(_ entry: CatalogueEntry) -> (Date, String) { (entry.facts.start, "\(entry.facts.id)") }
        #expect(zip(seen, seen.dropFirst()).allSatisfy { key($0) > key($1) })
    }

    @Test func conditionsNarrow() {
        var index = ClipIndex()
        index.set(entry(1, start: 100, camera: "a", event: "x"))
        index.set(entry(2, start: 200, camera: "b", event: "x"))
        index.set(entry(3, start: 300, camera: "a", event: "y"))
        index.update(ClipID(node: .nodeA, boot: 1, counter: 3)) { $0.facts.alsoEvents = ["x"] }
        func found(_ query: ClipQuery) -> [UInt32] { index.clips(query).map(\.facts.id.counter) }
        #expect(found(ClipQuery(cameras: ["a"])) == [3, 1])
        #expect(found(ClipQuery(cameras: ["a", "b"], event: "y")) == [3])
        #expect(found(ClipQuery(cameras: [])) == [])
        #expect(found(ClipQuery(event: "x")) == [3, 2, 1])
        #expect(found(ClipQuery(from: Date(timeIntervalSince1970: 201))) == [3, 2], "a clip that began before and lasts into the span counts")
        #expect(found(ClipQuery(to: Date(timeIntervalSince1970: 300))) == [2, 1])
        #expect(found(ClipQuery(kind: "sound")) == [])
        index.remove(ClipID(node: .nodeA, boot: 1, counter: 2))
        #expect(found(ClipQuery()) == [3, 1])
    }
}

@Suite struct ManifestTests {
    @Test func whatIsSignedIsWhatIsStored() throws {
        var signed: [UInt8] = []
        var facts = ClipFacts.sample(counter: 1, start: 1_795_178_096.789)
        facts.label = "quote \" and \",\"signature\":\" inside"
        let manifest = try Manifest(facts: facts, signer: "n") { bytes in
            signed = bytes
            return [0xab, 0xcd]
        }
        let read = try Manifest(parsing: manifest.file)
        #expect(read.factsBytes == signed && read.signature == [0xab, 0xcd] && read.signer == "n")
        #expect(read.facts == facts)
    }

    /// A node that was stolen can sign what it likes.
    @Test func endlessTextsAreRefused() throws {
        func isRead(_ change: (inout ClipFacts) -> Void) throws -> Bool {
            var facts = ClipFacts.sample(counter: 1, start: 5)
            change(&facts)
            return (try? Manifest(parsing: Manifest(facts: facts, signer: "n") { _ in [1] }.file)) != nil
        }
        let long = String(repeating: "x", count: 10_000)
        #expect(try isRead { $0.cameraName = "porch at the back" })
        for text in [\ClipFacts.cameraName, \.kind, \.codec, \.event, \.clock.quality] { #expect(try !isRead { $0[keyPath: text] = long }, "\(text)") }
        for text in [\ClipFacts.label, \.origin, \.reason] { #expect(try !isRead { $0[keyPath: text] = long }, "\(text)") }
        #expect(try !isRead { $0.alsoEvents = Array(repeating: "e", count: 10_000) })
    }

    @Test(arguments: 0..<500 as Range<UInt64>) func damageIsAnErrorNeverATrap(seed: UInt64) throws {
        var rng = SplitMix64(seed)
        var file = try Manifest(facts: .sample(counter: 1, start: 5), signer: "n") { _ in [1, 2, 3] }.file
        for _ in 0..<Int.random(in: 1...4, using: &rng) {
            let place = Int.random(in: 0..<file.count, using: &rng)
            if Bool.random(using: &rng) { file[place] = UInt8.random(in: 0...255, using: &rng) } else { file = Array(file.prefix(place + 1)) }
        }
        let whole = try Manifest(facts: .sample(counter: 1, start: 5), signer: "n") { _ in [1, 2, 3] }.file
        if let read = try? Manifest(parsing: file), file != whole {
            #expect(read.file == file || read.factsBytes.count < file.count, "seed \(seed)")
        }
    }
}

extension String {
    static let nodeA = String(repeating: "a", count: 32)
}

extension ClipFacts {
    static func sample(counter: UInt32, start: Double, camera: String = "c", event: String = "e") -> ClipFacts {
        var facts = ClipFacts(
            id: ClipID(node: .nodeA, boot: 1, counter: counter), camera: camera, cameraName: "porch", event: event, kind: "motion",
            label: nil, origin: nil, start: Date(timeIntervalSince1970: start), triggered: Date(timeIntervalSince1970: start + 10),
            codec: "h264", width: 1920, height: 1080, framesPerSecond: 30, hasAudio: false, continues: false,
            clock: .init(quality: "ntp", uncertaintySeconds: 0.02))
        facts.end = facts.start.addingTimeInterval(15)
        return facts
    }
}
