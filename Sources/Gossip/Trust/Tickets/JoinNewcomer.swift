import Foundation

/// A new node's side of joining with a ticket: asks one member at a time, and believes an answer only if it is that of a member of the
/// bundle's mesh, for this very request.
///
/// TLS between the two proves nothing and need not: the request is worth nothing to anybody but the member that it names, the answer can
/// be read by this node alone, and who is a member is decided by signatures that lead back to the root's key in the bundle.
public struct JoinNewcomer: Sendable {
    private static let nonceSize = 16
    /// Longer answers are refused: a full roster has less.
    public static let answerLimit = 8 << 20

    let bundle: JoinBundle
    let identity: NodeIdentity
    let name: String

    /// - Parameter name: this node's, for people.
    public init(bundle: JoinBundle, identity: NodeIdentity, name: String) {
        self.bundle = bundle
        self.identity = identity
        self.name = name
    }

    /// What one member is asked, once.
    public struct Request: Sendable {
        /// To be sent.
        public let bytes: [UInt8]
        let offer: JoinOffer
    }

    public func request(for offer: JoinOffer) -> Request {
        let claim = JoinClaim.bytes(
            for: identity.public, name: name, ticket: bundle.key.publicKey, member: offer.member, nonce: offer.nonce)
        var content = WireAdmitByTicketBody()
        content.claim = Data(claim)
        content.ticketSignature = Data(bundle.key.key.sign(claim, domain: .joinTicket, mesh: bundle.meshID))
        content.newcomerSignature = Data(identity.sign(claim, domain: .joinNewcomer, mesh: bundle.meshID))
        var request = WireJoinRequest()
        request.version = JoinOffer.version
        request.content = Data(content.wireBytes)
        request.nonce = Data(secureRandomBytes(Self.nonceSize))
        return Request(bytes: request.wireBytes, offer: offer)
    }

    /// What the mesh gives to this node, which is a member by it.
    ///
    /// - Throws: ``JoinError``.
    public func welcome(_ answer: [UInt8], to request: Request) throws(JoinError) -> JoinWelcome {
        guard answer.count <= Self.answerLimit, let wire = WireJoinAnswer(untrusted: answer) else { throw .malformed }
        guard wire.refusal == 0 else { throw .refused(JoinRefusal(rawValue: wire.refusal) ?? .notUnderstood) }
        let box = Array(wire.box)
        guard
            SigningKey.verify(
                Array(wire.signature), of: JoinAnswer.signedBytes(request: request.bytes, box: box), domain: .joinAnswer, mesh: bundle.meshID,
                publicKey: request.offer.member), let member = NodeID(bytes: blake2b(request.offer.member, length: 16)),
            let content = WelcomeBox.open(box, by: identity)
        else { throw .notGenuine }
        let welcome: PairingWelcome
        do {
            welcome = try PairingWelcome(untrusted: content, own: identity.public, member: member)
        } catch {
            throw .notGenuine
        }
        guard welcome.genesis == bundle.genesis else { throw .notGenuine }
        var roster = Roster(genesis: welcome.genesis)
        roster.merge(welcome.records)
        guard roster.isRoot(bundle.rootPublicKey) else { throw .notGenuine }
        return JoinWelcome(roster: roster, peers: welcome.peers)
    }

    /// Whether this node still belongs to the mesh when all that several members gave is taken together.
    public func isMember(of welcome: JoinWelcome) -> Bool {
        guard let own = welcome.roster.admission(of: identity.id) else { return false }
        return own.dhPublicKey == identity.dhPublicKey && own.tlsKeyHash == identity.tlsKeyHash
    }
}

/// What members gave, in this node's hands.
public struct JoinWelcome: Sendable {
    public private(set) var roster: Roster
    private(set) var peers: [NodeID: [PeerAddress]]

    init(roster: Roster, peers: [NodeID: [PeerAddress]]) {
        self.roster = roster
        self.peers = peers
    }

    /// Adds what another member gave.
    public mutating func merge(_ other: JoinWelcome) {
        roster.merge(other.roster.records)
        peers.merge(other.peers) { first, _ in first }
    }

    /// Puts all of it on the disk; with that this node belongs to the mesh.
    public func save(in directory: String) throws(TrustError) {
        try PeersFile.save(PeersFile.content(of: peers.mapValues { ($0, 0) }), in: directory)
        try TrustStore(directory: directory, genesis: roster.genesis, records: roster.records).save()
    }
}
