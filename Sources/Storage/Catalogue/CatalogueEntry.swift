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

    /// Whether a sidecar tells of all that is known of the clip: of a recording that was cut off one target may hold less than another.
    func isToldBy(_ sidecar: [UInt8]) -> Bool { (try? Manifest(parsing: sidecar)).map { $0.facts.bytes >= facts.bytes } ?? false }
}
