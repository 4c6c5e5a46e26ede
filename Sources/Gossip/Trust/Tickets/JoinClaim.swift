import Foundation

/// What a newcomer asks of one member, once: to be taken in with these keys, by that ticket. Signed with the ticket's secret and with the
/// newcomer's own, and worth nothing to any other member, because it names the one that was asked.
struct JoinClaim: Sendable {
    static let nonceSize = 32
    /// A longer one would not fit a record with its three signatures.
    static let sizeLimit = 640

    /// The signed bytes, as they were made.
    let bytes: [UInt8]
    let admission: Admission
    /// Ed25519 keys.
    let ticket: [UInt8]
    let member: [UInt8]
    /// The member's.
    let nonce: [UInt8]

    /// `nil` for bytes that are no claim.
    init?(bytes: [UInt8]) {
        guard bytes.count <= Self.sizeLimit, let body = WireJoinClaimBody(untrusted: bytes), body.ticket.count == 32, body.member.count == 32,
            body.nonce.count == Self.nonceSize, let admission = Admission(body: Array(body.admission)), admission.name.utf8.count <= 63,
            admission.hardware.utf8.count <= 64, admission.serial == 0
        else { return nil }
        self.bytes = bytes
        self.admission = admission
        ticket = Array(body.ticket)
        member = Array(body.member)
        nonce = Array(body.nonce)
    }

    /// - Parameter name: of the newcomer, for people.
    static func bytes(for node: NodeIdentity.Public, name: String, ticket: [UInt8], member: [UInt8], nonce: [UInt8]) -> [UInt8] {
        var admission = WireAdmitBody()
        admission.signKey = Data(node.signPublicKey)
        admission.dhKey = Data(node.dhPublicKey)
        admission.tlsKeyHash = Data(node.tlsKeyHash)
        admission.hardware = node.hardware.cut(toUTF8: 64)
        admission.name = name.cut(toUTF8: 63)
        var body = WireJoinClaimBody()
        body.admission = Data(admission.wireBytes)
        body.ticket = Data(ticket)
        body.member = Data(member)
        body.nonce = Data(nonce)
        return body.wireBytes
    }

    /// Whether ticket and newcomer both signed it for that mesh.
    func isSigned(ticket ticketSignature: [UInt8], newcomer: [UInt8], mesh: MeshID) -> Bool {
        SigningKey.verify(ticketSignature, of: bytes, domain: .joinTicket, mesh: mesh, publicKey: ticket)
            && SigningKey.verify(newcomer, of: bytes, domain: .joinNewcomer, mesh: mesh, publicKey: admission.signPublicKey)
    }
}
