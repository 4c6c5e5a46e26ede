/// What is wrong with an offer, in words for who sent it.
public enum OfferError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It cannot be read.
    case unreadable(SDPError)
    /// No video section, or only refused ones.
    case noVideo
    /// Video sections that only send or do nothing.
    case wantsNoVideo
    /// No H.264; with what is offered instead.
    case noH264(offered: [String])
    /// H.264 only with packetization mode 0, one packet for each NAL unit: a key frame does not fit.
    case onlyPacketizationMode0
    /// RTP and RTCP on two ports.
    case noRTCPMux
    /// Not `UDP/TLS/RTP/SAVPF` or like: no encryption, or another one.
    case unsupportedProtocol(String)
    /// Two sections of one mid.
    case repeatedMid(String)
    /// A section of a bundle without a mid, or a bundle that names a mid which no section has.
    case brokenBundle(mid: String)
    case noIceCredentials
    /// Credentials that are too short, too long or of other characters than RFC 8839 §5.4 allows.
    case badIceCredentials
    case noFingerprint
    /// Only hashes that are not good enough, or of the wrong length.
    case unsupportedFingerprint(algorithms: [String])
    /// `a=setup:holdconn`: a connection for later.
    case unsupportedSetup

    public var description: String {
        switch self {
        case .unreadable(let error): error.description
        case .noVideo: "The offer has no video section"
        case .wantsNoVideo: "The offer's video section does not receive: its direction must be recvonly or sendrecv"
        case .noH264(let offered): "The offer has no H.264 video, only \(offered.isEmpty ? "unknown formats" : offered.joined(separator: ", "))"
        case .onlyPacketizationMode0: "The offer has H.264 only with packetization-mode 0, and 1 is needed"
        case .noRTCPMux: "The offer's video section lacks rtcp-mux"
        case .unsupportedProtocol(let name): "The offer's video section uses \(name), and UDP/TLS/RTP/SAVPF is needed"
        case .repeatedMid(let mid): "The offer has two sections of mid \(mid)"
        case .brokenBundle(let mid): "The offer bundles mid \(mid), which no section has"
        case .noIceCredentials: "The offer lacks ice-ufrag and ice-pwd"
        case .badIceCredentials: "The offer's ice-ufrag or ice-pwd is not what RFC 8839 allows"
        case .noFingerprint: "The offer lacks the fingerprint of a certificate"
        case .unsupportedFingerprint(let algorithms): "The offer's fingerprint is of \(algorithms.joined(separator: ", ")), and sha-256 is needed"
        case .unsupportedSetup: "The offer wants no connection yet: its setup must be actpass, active or passive"
        }
    }
}
