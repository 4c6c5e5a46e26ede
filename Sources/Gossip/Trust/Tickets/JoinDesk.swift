import Foundation

/// A member's side of joining with a ticket: decides whom to take in. A value; time comes in.
///
/// Asking for an offer costs no memory: the nonce proves itself by a key that only this desk has, so nobody can hoard nonces. Only used
/// ones are remembered, until they are too old to be used again; each of them took a true ticket's signature.
public struct JoinDesk: Sendable {
    /// An offer is good for so long.
    static let lifetime = Duration.seconds(60)
    /// More claims with a right signature are not considered within ``lifetime``.
    static let usedLimit = 1024
    /// A longer request is refused.
    public static let requestLimit = 2048

    public enum Decision: Sendable {
        case refuse(JoinRefusal)
        /// It is a member already: a lost answer, or another member was quicker.
        case known(Guest)
        /// The record makes it a member, once it is merged.
        case admit(SignedRecord, Guest)
    }

    /// Who asked, and how the answer is bound to the question.
    public struct Guest: Sendable {
        public let newcomer: Admission
        let request: [UInt8]
    }

    private let identity: NodeIdentity
    private let secret = SecretBytes(secureRandomBytes(32))
    private let began: ContinuousClock.Instant
    /// When each used nonce is forgotten.
    private var used: [[UInt8]: ContinuousClock.Instant] = [:]
    /// Whom this desk let in by which ticket: counts at once, also before the roster has it.
    private var letIn: [[UInt8]: Set<NodeID>] = [:]

    public init(identity: NodeIdentity, now: ContinuousClock.Instant = .now) {
        self.identity = identity
        began = now
    }

    /// A first word to whoever asks.
    public func offer(now: ContinuousClock.Instant) -> [UInt8] {
        let milliseconds = UInt64(clamping: Int64((now - began) / .milliseconds(1)))
        let head = milliseconds.bigEndianBytes + secureRandomBytes(8)
        return JoinOffer(member: identity.signPublicKey, nonce: head + proof(of: head)).bytes
    }

    public mutating func consider(_ request: [UInt8], roster: Roster, now: ContinuousClock.Instant) -> Decision {
        guard roster.admission(of: identity.id) != nil else { return .refuse(.noMember) }
        guard request.count <= Self.requestLimit, let wire = WireJoinRequest(untrusted: request), wire.version == JoinOffer.version,
            let content = WireAdmitByTicketBody(untrusted: wire.content), let claim = JoinClaim(bytes: Array(content.claim)),
            claim.member == identity.signPublicKey, claim.admission.id != identity.id
        else { return .refuse(.notUnderstood) }
        guard isFresh(claim.nonce, now: now) else { return .refuse(.stale) }
        guard claim.isSigned(ticket: Array(content.ticketSignature), newcomer: Array(content.newcomerSignature), mesh: roster.meshID) else {
            return .refuse(.notUnderstood)
        }
        guard let standing = roster.ticket(claim.ticket) else { return .refuse(.unknownTicket) }
        // From here on whoever asks holds a true ticket.
        used = used.filter { $0.value > now }
        guard used.count < Self.usedLimit else { return .refuse(.busy) }
        used[claim.nonce] = now + Self.lifetime
        let newcomer = claim.admission
        let node = NodeIdentity.Public(
            id: newcomer.id, signPublicKey: newcomer.signPublicKey, dhPublicKey: newcomer.dhPublicKey, tlsKeyHash: newcomer.tlsKeyHash,
            hardware: newcomer.hardware)
        guard (try? roster.checkNewcomer(node)) != nil else { return .refuse(.notAdmitted) }
        let guest = Guest(newcomer: newcomer, request: request)
        if roster.admission(of: newcomer.id) != nil { return .known(guest) }
        guard !standing.isRevoked else { return .refuse(.revoked) }
        let joined = letIn[claim.ticket, default: []].union(standing.joined)
        guard joined.contains(newcomer.id) || joined.count < standing.ticket.uses else { return .refuse(.usedUp) }
        letIn[claim.ticket, default: []].insert(newcomer.id)
        let body = Array(wire.content)
        guard body.count <= Roster.recordLimit else { return .refuse(.notUnderstood) }
        return .admit(
            SignedRecord(kind: .admitByTicket, body: body, signature: identity.sign(body, domain: .admitByTicket, mesh: roster.meshID)), guest)
    }

    /// What a guest gets, for its eyes alone.
    ///
    /// - Parameters:
    ///   - roster: with the newcomer's admission.
    ///   - peers: where members are.
    public func answer(_ guest: Guest, roster: Roster, peers: [NodeID: [PeerAddress]]) -> [UInt8] {
        let welcome = PairingWelcome(roster: roster, peers: peers).wire.wireBytes
        guard let box = WelcomeBox.seal(welcome, for: guest.newcomer.dhPublicKey) else { return JoinAnswer.refusal(.notUnderstood) }
        return JoinAnswer.bytes(
            box: box,
            signature: identity.sign(JoinAnswer.signedBytes(request: guest.request, box: box), domain: .joinAnswer, mesh: roster.meshID))
    }

    private func isFresh(_ nonce: [UInt8], now: ContinuousClock.Instant) -> Bool {
        let head = Array(nonce.prefix(16))
        guard nonce.count == JoinClaim.nonceSize, used[nonce] == nil, Sodium.areEqual(proof(of: head), Array(nonce.suffix(16))) else { return false }
        let made = began + .milliseconds(Int64(clamping: head.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }))
        return now - made < Self.lifetime
    }

    private func proof(of head: [UInt8]) -> [UInt8] { blake2b(head, length: 16, key: secret.copy) }
}

/// A member's last word.
public enum JoinAnswer {
    static func bytes(box: [UInt8], signature: [UInt8]) -> [UInt8] {
        var wire = WireJoinAnswer()
        wire.box = Data(box)
        wire.signature = Data(signature)
        return wire.wireBytes
    }

    public static func refusal(_ reason: JoinRefusal) -> [UInt8] {
        var wire = WireJoinAnswer()
        wire.refusal = reason.rawValue
        return wire.wireBytes
    }

    /// Binds an answer to its question.
    static func signedBytes(request: [UInt8], box: [UInt8]) -> [UInt8] { blake2b(request, length: 32) + blake2b(box, length: 32) }
}
