/// This node's key, and every member's public ones, for what is said of footage.
public struct FootageKeys: Sendable {
    /// What a signature is for; one of one kind never passes for another.
    public enum Statement: Sendable {
        /// The facts of a clip, see ``Manifest``.
        case facts
        /// A fragment and all before it, see ``SignedHead``.
        case head
        /// Another node's fragments, see ``Witness``.
        case witness
        /// Whose folder it is, see ``DiscoveryNote``.
        case discovery
    }

    /// This node's signature.
    let sign: @Sendable (Statement, _ bytes: [UInt8]) -> [UInt8]
    /// Whether `signature` is that node's, as a member of this mesh or before it came to it.
    let verify: @Sendable (Statement, _ node: String, _ bytes: [UInt8], _ signature: [UInt8]) -> Bool

    public init(
        sign: @escaping @Sendable (Statement, _ bytes: [UInt8]) -> [UInt8],
        verify: @escaping @Sendable (Statement, _ node: String, _ bytes: [UInt8], _ signature: [UInt8]) -> Bool
    ) {
        (self.sign, self.verify) = (sign, verify)
    }

    /// Those facts with this node's signature.
    ///
    /// - Parameter signer: this node's id.
    public func manifest(of facts: ClipFacts, signer: String) throws -> Manifest { try Manifest(facts: facts, signer: signer) { sign(.facts, $0) } }

    /// Whether the node that recorded it signed the facts, or one that kept them for a camera that vanished.
    public func verifies(_ manifest: Manifest) -> Bool {
        guard manifest.signer == manifest.facts.id.node || isKept(manifest.facts) else { return false }
        return verify(.facts, manifest.signer, manifest.factsBytes, manifest.signature)
    }

    /// Whether who kept a clip says of it what its camera had said: which clip it is, and when and why it began.
    private func isKept(_ facts: ClipFacts) -> Bool {
        guard facts.state == .interrupted, let text = facts.opening, let opening = try? Manifest(parsing: Array(text.utf8)) else { return false }
        let said = opening.facts
        return opening.signer == facts.id.node && verify(.facts, opening.signer, opening.factsBytes, opening.signature)
            && (said.id, said.camera, said.event, said.kind, said.start, said.triggered) == (facts.id, facts.camera, facts.event, facts.kind, facts.start, facts.triggered)
            && (said.cameraName, said.clock) == (facts.cameraName, facts.clock)
    }

    /// Whether that node signed it. Whether the clip has that head is not told here.
    public func verifies(_ witness: Witness, of clip: ClipID) -> Bool {
        guard witness.node != clip.node, let signature = [UInt8](hex: witness.signature.utf8) else { return false }
        return verify(.witness, witness.node, witness.signedBytes(of: clip), signature)
    }

    /// Whether a folder may hold clips of these cameras, by its `discovery.txt`. One that no member signed, or that is gone, says nothing: each clip is
    /// signed itself.
    func mayHold(_ note: [UInt8]?, clipsOf cameras: Set<String>) -> Bool {
        guard let note, let signed = DiscoveryNote(signed: note, verify: { verify(.discovery, $0, $1, $2) }) else { return true }
        return cameras.contains(signed.camera)
    }

    func verifies(_ head: SignedHead) -> Bool { verify(.head, head.clip.node, head.signedBytes, head.signature) }
}
