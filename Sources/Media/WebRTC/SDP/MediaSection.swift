/// An `m=` line and what follows it (RFC 8866 §5.14).
struct MediaSection: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case video
        case audio
        /// Data channels.
        case application
        case other(String)

        init(_ text: some StringProtocol) {
            switch text {
            case "video": self = .video
            case "audio": self = .audio
            case "application": self = .application
            default: self = .other(String(text))
            }
        }

        var text: String {
            switch self {
            case .video: "video"
            case .audio: "audio"
            case .application: "application"
            case .other(let text): text
            }
        }
    }

    /// Which way media goes, seen from who wrote the description (RFC 8866 §6.7).
    enum Direction: String, Sendable, Hashable {
        case sendrecv
        case sendonly
        case recvonly
        case inactive

        var receives: Bool { self == .sendrecv || self == .recvonly }
    }

    static let formatLimit = 128
    static let extensionLimit = 64
    static let sourceLimit = 64

    var kind: Kind
    /// 0 refuses the section, unless it is `a=bundle-only`.
    var port: UInt16
    var protocolName: String
    /// As written: payload types of RTP, other words elsewhere.
    var formats: [String]
    var mid: String?
    var direction: Direction?
    var transport = TransportDescription()
    var hasRTCPMux = false
    var hasReducedSizeRTCP = false
    var isBundleOnly = false
    var payloads: [UInt8: PayloadFormat] = [:]
    /// Feedback for every payload type: `a=rtcp-fb:* …`.
    var commonFeedback: [String] = []
    var extensions: [HeaderExtensionMap] = []
    var sources: [MediaSource] = []
    /// `a=ssrc-group:FID primary retransmission` and others (RFC 5576 §4.2).
    var sourceGroups: [SourceGroup] = []
    var msid: String?

    init(kind: Kind, port: UInt16, protocolName: String = "UDP/TLS/RTP/SAVPF", formats: [String]) {
        self.kind = kind
        self.port = port
        self.protocolName = protocolName
        self.formats = formats
    }

    /// Whether the section is refused or was never wanted.
    var isRefused: Bool { port == 0 && !isBundleOnly }

    /// The payload formats in the order of preference, the order of the `m=` line.
    var orderedPayloads: [PayloadFormat] { formats.compactMap { UInt8($0).flatMap { payloads[$0] } } }

    /// Whether feedback of this kind may be sent for `payload`: `nack`, `nack pli`, `ccm fir`, `transport-cc` (RFC 4585 §4.2).
    func allows(_ feedback: String, for payload: PayloadFormat) -> Bool {
        payload.feedback.contains(feedback) || commonFeedback.contains(feedback)
    }

    /// The payload type that repeats packets of `payloadType` (RFC 4588 §8.1).
    func retransmission(of payloadType: UInt8) -> UInt8? {
        orderedPayloads.first {
            $0.encoding.lowercased() == "rtx" && $0.parameters["apt"].flatMap { UInt8($0) } == payloadType
        }?.payloadType
    }
}

/// What a payload type means: `a=rtpmap`, `a=fmtp` and `a=rtcp-fb` together.
struct PayloadFormat: Sendable, Hashable {
    var payloadType: UInt8
    /// `H264`, `rtx`, `opus`; to be compared without case.
    var encoding = ""
    var clockRate: UInt32 = 0
    /// Of sound.
    var channels: String?
    /// Of `a=fmtp`, names in lower case.
    var parameters: [String: String] = [:]
    var feedback: [String] = []

    init(payloadType: UInt8, encoding: String = "", clockRate: UInt32 = 0, parameters: [String: String] = [:], feedback: [String] = []) {
        self.payloadType = payloadType
        self.encoding = encoding
        self.clockRate = clockRate
        self.parameters = parameters
        self.feedback = feedback
    }
}

/// `a=extmap`: which identifier a header extension has in this session (RFC 8285 §5).
struct HeaderExtensionMap: Sendable, Hashable {
    var id: UInt8
    var direction: MediaSection.Direction?
    var uri: String

    init(id: UInt8, direction: MediaSection.Direction? = nil, uri: String) {
        self.id = id
        self.direction = direction
        self.uri = uri
    }
}

/// `a=ssrc:1 cname:x` (RFC 5576 §4.1); of the attributes, the CNAME.
struct MediaSource: Sendable, Hashable {
    var ssrc: UInt32
    var cname: String?
}

struct SourceGroup: Sendable, Hashable {
    /// `FID`: the second repeats the first.
    var semantics: String
    var ssrcs: [UInt32]
}
