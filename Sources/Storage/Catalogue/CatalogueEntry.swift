/// A clip as the catalogue knows it: its facts, and where its bytes are.
public struct CatalogueEntry: Sendable, Equatable {
    public var facts: ClipFacts
    /// Signature of the manifest in hex; `nil` while it has none.
    public var signature: String?
    /// Where each target keeps it, by the target's number; empty while it is in memory only.
    public var places: [Int: ClipPath]
    /// Whether all of it has reached a target.
    public var isStored: Bool
    /// The id of the peer that has a copy of all of it; nil: none has.
    public var holder: String?
    /// Whether all of it is on the camera's own local disk.
    public var isOnDisk = false

    public init(facts: ClipFacts, signature: String? = nil, places: [Int: ClipPath] = [:], isStored: Bool = false) {
        self.facts = facts
        self.signature = signature
        self.places = places
        self.isStored = isStored
    }

    /// Of how many of the clip's bytes a sidecar tells; -1: it is none.
    func told(_ sidecar: [UInt8]) -> Int { (try? Manifest(parsing: sidecar)).map(\.facts.bytes) ?? -1 }

    /// Where it is, targets that do not work last.
    func places(broken: Set<Int>) -> [(number: Int, path: ClipPath)] {
        places.map { ($0.key, $0.value) }.sorted { (broken.contains($0.number) ? 1 : 0, $0.number) < (broken.contains($1.number) ? 1 : 0, $1.number) }
    }
}

/// What several targets answer to one question: of a recording that was cut off one may hold less than another.
struct BestAnswer {
    /// An answer that tells of so much is all there is; one that tells of less than `least` is none, if another can be had.
    let least, wanted: Int
    private var bytes: [UInt8]?
    private var told = -1
    /// What kept the last target from answering.
    var problem: String?

    init(least: Int, wanted: Int) { (self.least, self.wanted) = (least, wanted) }

    /// Whether there is one with which to go without asking a target that does not work.
    var isSomething: Bool { told >= least }

    /// - Parameter told: of how much it tells.
    /// - Returns: whether no other target need be asked.
    mutating func take(_ answer: [UInt8], told: Int) -> Bool {
        if bytes == nil || told > self.told { (bytes, self.told) = (answer, told) }
        return told >= wanted
    }

    /// The best of them. Where there is none, and a target did not answer, that is the problem.
    func get(otherwise: String) throws(ClipReadError) -> [UInt8] {
        guard let bytes, isSomething || problem == nil else { throw .unavailable(problem ?? otherwise) }
        return bytes
    }
}
