import struct Foundation.Date

/// Why a peer does not take what a camera sends it.
public enum ReplicaRefusal: Error, Sendable, Equatable {
    /// Nothing more fits.
    case full
    /// The clip's facts come first.
    case unknown
    /// It has so many bytes; what was sent begins elsewhere.
    case elsewhere(bytes: Int)
    /// Its camera was held for gone; the clip is on its way to the targets.
    case rescued
    /// It is not what its camera signed, or no such thing at all.
    case malformed(String)
}

/// One clip of another node, kept until a target has it: a value that lies in memory and believes nothing that the camera did not sign.
struct Replica: Sendable {
    /// As the camera signed it first.
    let opening: Manifest
    /// As the camera signed it last.
    private(set) var manifest: Manifest
    private(set) var poster: [UInt8]?
    /// The file, piece by piece as it came, and where each begins.
    private(set) var pieces: [[UInt8]] = []
    private var begins: [Int] = []
    /// The camera has let go of it: it is this node's to bring to the targets, whatever becomes of the camera.
    private(set) var isHandedOver = false
    /// When its camera said something of it last.
    private(set) var touched: ContinuousClock.Instant
    /// Of the shelf's changes, the one that made it so.
    private(set) var edition = 0
    private var chain: FileChain
    private var scan = FragmentedMP4Scan()

    /// - Throws: ``ReplicaRefusal/malformed(_:)``.
    init(manifest bytes: [UInt8], of clip: ClipID, keys: FootageKeys, now: ContinuousClock.Instant) throws(ReplicaRefusal) {
        opening = try Self.parse(bytes, of: clip, keys)
        manifest = opening
        touched = now
        chain = FileChain(clip: clip) { keys.verifies($0) }
    }

    var id: ClipID { manifest.facts.id }
    /// Of the file.
    var bytes: Int { chain.bytes }
    /// The newest head of its hash chain, in hex, and how many fragments it covers; nil: nothing came yet.
    var newest: (fragments: Int, head: String)? { chain.head.map { (chain.fragments, $0.hex) } }
    /// What it takes in memory.
    var weight: Int { chain.bytes + (poster?.count ?? 0) + opening.file.count + manifest.file.count }
    /// Whether all is there that its camera closed.
    var isWhole: Bool {
        manifest.facts.state == .closed && chain.fragments == manifest.facts.fragments && chain.head?.hex == manifest.facts.head && chain.bytes == manifest.facts.bytes
    }

    mutating func touch(_ now: ContinuousClock.Instant, edition: Int) {
        touched = now
        self.edition = edition
    }

    mutating func take(manifest bytes: [UInt8], isHandedOver: Bool, keys: FootageKeys) throws(ReplicaRefusal) {
        let newer = try Self.parse(bytes, of: id, keys)
        // What comes late says less.
        if manifest.facts.state == .recording || newer.facts.state == .closed { manifest = newer }
        if isHandedOver { self.isHandedOver = true }
    }

    mutating func take(poster bytes: [UInt8]) {
        poster = bytes
    }

    /// Goes on with whole fragments, each with its camera's signature.
    mutating func take(video piece: [UInt8], at offset: Int) throws(ReplicaRefusal) {
        guard offset == chain.bytes else { throw .elsewhere(bytes: chain.bytes) }
        var longer = chain
        guard !piece.isEmpty, longer.take(piece, boxes: Self.boxLimit), !longer.hasWrongSignature, longer.signed?.bytes == longer.bytes, longer.bytes == offset + piece.count else {
            throw .malformed("these are no whole fragments that the camera signed")
        }
        chain = longer
        begins.append(offset)
        pieces.append(piece)
        scan.append(piece)
    }

    func read(at offset: Int, count: Int) -> [UInt8] {
        var found: [UInt8] = []
        var place = (begins.partitioningIndex { $0 > offset }) - 1
        while pieces.indices.contains(place), begins[place] < offset + count {
            let inside = max(offset, begins[place]) - begins[place]
            found += pieces[place].dropFirst(inside).prefix(offset + count - begins[place] - inside)
            place += 1
        }
        return found
    }

    /// The facts of what is here: the camera's own where it closed the clip, else what its file really holds.
    ///
    /// - Parameter keeper: this node's name, for people.
    func facts(keeper: String) -> ClipFacts {
        if isWhole { return manifest.facts }
        var facts = manifest.facts
        facts.state = .interrupted
        facts.reason = "its camera sent no more of it; \(keeper) kept what had come"
        facts.bytes = chain.bytes
        facts.fragments = chain.fragments
        facts.head = chain.head?.hex
        facts.durationSeconds = scan.durationSeconds
        facts.end = facts.start.addingTimeInterval(facts.durationSeconds)
        facts.opening = String(decoding: manifest.file, as: UTF8.self)
        return facts
    }

    /// Boxes of one piece: each may be a signature to check. A camera sends `SpoolPlan.replicaBatchFragments` of three boxes each.
    private static let boxLimit = 400

    private static func parse(_ bytes: [UInt8], of clip: ClipID, _ keys: FootageKeys) throws(ReplicaRefusal) -> Manifest {
        guard let manifest = try? Manifest(parsing: bytes) else { throw .malformed("these are no facts of a clip") }
        guard manifest.facts.id == clip, manifest.facts.camera == clip.node, manifest.signer == clip.node, manifest.facts.state != .interrupted, keys.verifies(manifest)
        else { throw .malformed("these facts are not signed by the clip's camera") }
        // They become a file's name.
        let events = manifest.facts.events
        guard events.count <= 65, events.allSatisfy({ (1...64).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) } }),
            manifest.facts.cameraName.utf8.count <= 256
        else { throw .malformed("these facts name no incident of a mesh") }
        return manifest
    }
}
