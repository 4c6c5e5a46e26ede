/// The public half of a mesh: genesis and roster, with which anybody can check what its nodes signed. There is no secret in it, and nobody has to
/// be believed who hands it over, if the mesh's number is known: everything follows from the genesis, whose hash that is (mesh.md §1).
public struct MeshPublicKeys: Sendable {
    private static let sizeLimit = 64 << 20
    /// Who is a member and who was; not who administers.
    private static let kinds: Set<SignedRecord.Kind> = [.rootRotate, .admit, .revoke, .ticket, .admitByTicket, .revokeTicket]

    public private(set) var roster: Roster

    public init(_ roster: Roster) { self.roster = roster }

    /// Reads what ``file`` wrote; nil for anything else.
    public init?(file: [UInt8]) {
        guard file.count <= Self.sizeLimit, let content = Checksummed.open(file), let stored = WireTrustFile(untrusted: content),
            let genesis = Genesis(bytes: Array(stored.genesis))
        else { return nil }
        roster = Roster(genesis: genesis)
        roster.merge(stored.roster.compactMap(SignedRecord.init))
    }

    /// As a file, the same for the same roster.
    public var file: [UInt8] {
        var stored = WireTrustFile()
        stored.genesis = .init(roster.genesis.bytes)
        stored.roster = roster.records.filter { Self.kinds.contains($0.kind) }.map(\.wire)
        return Checksummed.seal(stored.wireBytes)
    }

    /// Adds what another copy knows of the same mesh.
    public mutating func merge(_ other: MeshPublicKeys) {
        if other.roster.meshID == roster.meshID { roster.merge(other.roster.records) }
    }

    /// Whether that node signed `bytes`, as a member or before it came to the mesh; a node that was revoked later signed them all the same.
    ///
    /// - Returns: false too for a node that the roster never had.
    public func verifies(_ signature: [UInt8], of bytes: [UInt8], by node: NodeID, domain: SignatureDomain) -> Bool {
        guard let admission = roster.admissionEver(of: node) else { return false }
        return [roster.meshID, node.aloneMesh].contains { admission.verifies(signature, of: bytes, domain: domain, mesh: $0) }
    }
}
