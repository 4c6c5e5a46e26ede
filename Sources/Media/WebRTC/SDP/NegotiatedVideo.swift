/// What both sides agreed on for one video stream from us to them.
struct NegotiatedVideo: Sendable, Hashable {
    /// The section's place in the description.
    var section: Int
    var mid: String?
    /// Of H.264.
    var payloadType: UInt8
    /// Of retransmissions; without one, packets are repeated as they were.
    var retransmissionPayloadType: UInt8?
    var extensionIDs: RTPHeaderTemplate.ExtensionIDs
    /// What the other side may send.
    var allowsNACK: Bool
    var allowsPLI: Bool
    var allowsFIR: Bool
    /// Feedback and header extension both: without one the other is no use.
    var allowsTransportFeedback: Bool
    var allowsREMB: Bool
    /// The parameters that the answer states.
    var formatParameters: [String: String]
}

/// What both sides agreed on.
struct NegotiatedSession: Sendable, Hashable {
    var video: NegotiatedVideo
    /// Of the other side.
    var credentials: IceCredentials
    var isLite: Bool
    var candidates: [IceCandidate]
    var endOfCandidates: Bool
    /// Of the other side's certificate; one of them must be that of the certificate it shows.
    var fingerprints: [CertificateFingerprint]
    /// Ours.
    var dtlsRole: DTLSRole
}

/// Who begins the DTLS handshake (RFC 5763 §5).
enum DTLSRole: Sendable, Hashable {
    /// `a=setup:active`
    case client
    /// `a=setup:passive`
    case server
}
