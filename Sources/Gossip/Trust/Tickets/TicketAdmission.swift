/// A membership for which a member vouches: a newcomer's claim with its two signatures, signed by the member that took it in.
struct TicketAdmission: Sendable {
    let record: SignedRecord
    let digest: [UInt8]
    let claim: JoinClaim
    /// Who took the newcomer in.
    let member: NodeID
    private let ticketSignature: [UInt8]
    private let newcomerSignature: [UInt8]

    var ticket: [UInt8] { claim.ticket }
    var newcomer: Admission { claim.admission }

    /// Names this admission where a revocation keeps it: the beginning of the record's digest, so that nobody can give another
    /// admission the name of one that is kept.
    var serial: UInt64 { digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }

    /// Reads it; nothing is verified. `nil` for bytes that are no such record.
    init?(_ record: SignedRecord) {
        guard record.kind == .admitByTicket, record.body.count <= Roster.recordLimit, let body = WireAdmitByTicketBody(untrusted: record.body),
            let claim = JoinClaim(bytes: Array(body.claim)), let member = NodeID(bytes: blake2b(claim.member, length: 16)),
            member != claim.admission.id
        else { return nil }
        self.record = record
        self.claim = claim
        self.member = member
        digest = record.digest
        ticketSignature = Array(body.ticketSignature)
        newcomerSignature = Array(body.newcomerSignature)
    }

    /// Whether ticket, newcomer and member all signed it for that mesh.
    func isSigned(mesh: MeshID) -> Bool {
        claim.isSigned(ticket: ticketSignature, newcomer: newcomerSignature, mesh: mesh)
            && SigningKey.verify(record.signature, of: record.body, domain: .admitByTicket, mesh: mesh, publicKey: claim.member)
    }
}
