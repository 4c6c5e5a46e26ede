/// Offer and answer (RFC 3264, RFC 8829) for a node that sends one video stream and receives none.
enum OfferAnswer {
    /// Hashes that are good enough (RFC 8122 §5), and their lengths.
    private static let fingerprintBytes = ["sha-256": 32, "sha-384": 48, "sha-512": 64]
    private static let midURI = "urn:ietf:params:rtp-hdrext:sdes:mid"

    /// Our side of a session.
    struct Local: Sendable {
        var credentials: IceCredentials
        var candidates: [IceCandidate]
        /// Whether none will be trickled later.
        var endOfCandidates = true
        var fingerprint: CertificateFingerprint
        var ssrc: UInt32
        var retransmissionSSRC: UInt32
        /// The same for all streams of this node (RFC 8834 §4.9).
        var cname: String
        /// What the other side's page sees as stream and track: 1 to 64 characters of a token.
        var msid = "meshcam video"
        /// A random number below 2^63 (RFC 8829 §5.2.1).
        var sessionID: UInt64
        var version: UInt64 = 1
    }

    // MARK: Reading an offer

    /// Finds what to send, or what is in the way.
    /// - Parameter preferredRole: Ours if the offer leaves the choice. As server we wait for the other side's first message: it comes as soon
    ///   as a way is open there.
    static func negotiate(_ offer: SessionDescription, preferredRole: DTLSRole = .server) throws(OfferError) -> NegotiatedSession {
        try check(offer)
        let videos = offer.media.indices.filter { offer.media[$0].kind == .video && !offer.media[$0].isRefused }
        guard !videos.isEmpty else { throw .noVideo }
        guard let index = videos.first(where: { offer.media[$0].direction?.receives ?? true }) else { throw .wantsNoVideo }
        let section = offer.media[index]
        guard section.protocolName.hasSuffix("RTP/SAVPF") || section.protocolName.hasSuffix("RTP/SAVP") else {
            throw .unsupportedProtocol(section.protocolName)
        }
        let payload = try choosePayload(section)
        guard section.hasRTCPMux else { throw .noRTCPMux }
        let transport = offer.transport(of: section)
        guard transport.usernameFragment != nil, transport.password != nil else { throw .noIceCredentials }
        guard let credentials = transport.credentials else { throw .badIceCredentials }
        return NegotiatedSession(
            video: video(section, index: index, payload: payload), credentials: credentials, isLite: transport.isLite,
            candidates: transport.candidates, endOfCandidates: transport.endOfCandidates, fingerprints: try fingerprints(transport),
            dtlsRole: try role(transport.setup, preferred: preferredRole))
    }

    private static func check(_ offer: SessionDescription) throws(OfferError) {
        var mids: Set<String> = []
        for mid in offer.media.compactMap(\.mid) {
            guard mids.insert(mid).inserted else { throw .repeatedMid(mid) }
        }
        if let stranger = offer.bundle.first(where: { !mids.contains($0) }) { throw .brokenBundle(mid: stranger) }
    }

    private static func choosePayload(_ section: MediaSection) throws(OfferError) -> PayloadFormat {
        let h264 = section.orderedPayloads.filter { $0.encoding.lowercased() == "h264" && $0.clockRate == 90_000 }
        guard !h264.isEmpty else {
            let names = section.orderedPayloads.map(\.encoding).filter { !["rtx", "red", "ulpfec", "flexfec-03", ""].contains($0.lowercased()) }
            throw .noH264(offered: Array(Set(names)).sorted().prefix(8).map { String($0.prefix(32)) })
        }
        let ranked = h264.compactMap { payload in H264Format(payload).rank.map { (payload, $0) } }
        // Of equals the first, as the offer prefers it.
        guard let best = ranked.min(by: { $0.1 < $1.1 }) else { throw .onlyPacketizationMode0 }
        return best.0
    }

    private static func video(_ section: MediaSection, index: Int, payload: PayloadFormat) -> NegotiatedVideo {
        var ids = RTPHeaderTemplate.ExtensionIDs()
        // One-byte headers have no more identifiers; an extension that they who offer it only send is not for us.
        for map in section.extensions where (1...14).contains(map.id) && map.direction?.receives ?? true {
            switch map.uri {
            case TransportFeedback.extensionURI: ids.transportSequence = map.id
            case PlayoutDelay.uri: ids.playoutDelay = map.id
            case midURI: ids.mid = map.id
            default: continue
            }
        }
        let allowsTransportFeedback = section.allows("transport-cc", for: payload) && ids.transportSequence != nil
        if !allowsTransportFeedback { ids.transportSequence = nil }
        if section.mid == nil { ids.mid = nil }
        return NegotiatedVideo(
            section: index, mid: section.mid, payloadType: payload.payloadType,
            retransmissionPayloadType: section.retransmission(of: payload.payloadType), extensionIDs: ids,
            allowsNACK: section.allows("nack", for: payload), allowsPLI: section.allows("nack pli", for: payload),
            allowsFIR: section.allows("ccm fir", for: payload), allowsTransportFeedback: allowsTransportFeedback,
            allowsREMB: section.allows("goog-remb", for: payload), formatParameters: H264Format(payload).answer)
    }

    static func fingerprints(_ transport: TransportDescription) throws(OfferError) -> [CertificateFingerprint] {
        guard !transport.fingerprints.isEmpty else { throw .noFingerprint }
        let good = transport.fingerprints.filter { fingerprintBytes[$0.algorithm] == $0.bytes.count }
        guard !good.isEmpty else { throw .unsupportedFingerprint(algorithms: transport.fingerprints.map { String($0.algorithm.prefix(16)) }) }
        return good
    }

    /// RFC 8842 §5.3. An offer without `a=setup` means active (RFC 4145 §4).
    private static func role(_ setup: TransportDescription.Setup?, preferred: DTLSRole) throws(OfferError) -> DTLSRole {
        switch setup {
        case .actpass: preferred
        case .passive: .client
        case .active, nil: .server
        case .holdconn: throw .unsupportedSetup
        }
    }

    // MARK: Writing

    /// The answer: the video section accepted, every other one refused in its place (RFC 3264 §6). Sound will be accepted here one day.
    ///
    /// One is not refused but idle: the first of a bundle that has the video in it. The transport of all hangs there, and browsers that bundle
    /// from the beginning (`max-bundle`) lose it with the section.
    static func answer(to offer: SessionDescription, _ session: NegotiatedSession, local: Local) -> SessionDescription {
        var answer = SessionDescription(origin: .init(sessionID: String(local.sessionID & (1 << 63 - 1)), version: local.version))
        let ours = transport(local, setup: session.dtlsRole == .client ? .active : .passive)
        answer.media = offer.media.indices.map { index in
            let section = offer.media[index]
            if index == session.video.section { return accepted(section, session, local: local) }
            return holdsTransport(section, offer, session) ? idle(section, ours) : refused(section, ours)
        }
        // What is refused leaves the bundle (RFC 9143 §7.3.3).
        answer.bundle = offer.bundle.filter { mid in answer.media.contains { $0.mid == mid && !$0.isRefused } }
        return answer
    }

    private static func holdsTransport(_ section: MediaSection, _ offer: SessionDescription, _ session: NegotiatedSession) -> Bool {
        guard let mid = section.mid, let video = session.video.mid else { return false }
        return offer.bundle.first == mid && offer.bundle.contains(video) && section.hasRTCPMux && !section.isRefused
            && section.orderedPayloads.contains { !$0.encoding.isEmpty }
    }

    /// Accepted for its transport only: nothing goes either way.
    private static func idle(_ offered: MediaSection, _ transport: TransportDescription) -> MediaSection {
        var section = refused(offered)
        section.port = 9
        section.transport = transport
        return section
    }

    /// Port 0 says all that RFC 3264 §6 and RFC 8829 §5.3.1 want. Strangers read on: webrtcbin takes no answer of which a section lacks the
    /// fingerprint [seen with 1.22.0], aiortc none without credentials and rtcp-mux [1.16.0], pion none with a payload type that has no map
    /// [3.1.56].
    static func refused(_ offered: MediaSection, _ transport: TransportDescription = TransportDescription()) -> MediaSection {
        let payload = offered.orderedPayloads.first { !$0.encoding.isEmpty }
        let formats = payload.map { [String($0.payloadType)] } ?? offered.formats
        var section = MediaSection(kind: offered.kind, port: 0, protocolName: offered.protocolName, formats: formats.isEmpty ? ["0"] : formats)
        section.mid = offered.mid
        section.direction = .inactive
        section.hasRTCPMux = offered.hasRTCPMux
        section.transport = transport
        section.transport.candidates = []
        section.transport.endOfCandidates = false
        if var payload {
            payload.feedback = []
            section.payloads[payload.payloadType] = payload
        }
        return section
    }

    private static func accepted(_ offered: MediaSection, _ session: NegotiatedSession, local: Local) -> MediaSection {
        let video = session.video
        var section = MediaSection(kind: .video, port: 9, protocolName: offered.protocolName, formats: [String(video.payloadType)])
        section.mid = offered.mid
        section.direction = .sendonly
        section.hasRTCPMux = true
        section.hasReducedSizeRTCP = offered.hasReducedSizeRTCP
        section.msid = local.msid
        section.transport = transport(local, setup: session.dtlsRole == .client ? .active : .passive)
        var feedback: [String] = []
        if video.allowsNACK { feedback.append("nack") }
        if video.allowsPLI { feedback.append("nack pli") }
        if video.allowsFIR { feedback.append("ccm fir") }
        if video.allowsTransportFeedback { feedback.append("transport-cc") }
        // Not both: who sends transport-wide feedback need not guess as well.
        if video.allowsREMB, !video.allowsTransportFeedback { feedback.append("goog-remb") }
        section.payloads[video.payloadType] = PayloadFormat(
            payloadType: video.payloadType, encoding: "H264", clockRate: 90_000, parameters: video.formatParameters, feedback: feedback)
        section.sources = [MediaSource(ssrc: local.ssrc, cname: local.cname)]
        if let repeated = video.retransmissionPayloadType {
            section.formats.append(String(repeated))
            section.payloads[repeated] = PayloadFormat(
                payloadType: repeated, encoding: "rtx", clockRate: 90_000, parameters: ["apt": String(video.payloadType)])
            section.sources.append(MediaSource(ssrc: local.retransmissionSSRC, cname: local.cname))
            section.sourceGroups = [SourceGroup(semantics: "FID", ssrcs: [local.ssrc, local.retransmissionSSRC])]
        }
        let ids = video.extensionIDs
        for (id, uri) in [(ids.transportSequence, TransportFeedback.extensionURI), (ids.playoutDelay, PlayoutDelay.uri), (ids.mid, midURI)] {
            if let id { section.extensions.append(HeaderExtensionMap(id: id, uri: uri)) }
        }
        return section
    }

    static func transport(_ local: Local, setup: TransportDescription.Setup) -> TransportDescription {
        var transport = TransportDescription()
        transport.usernameFragment = local.credentials.usernameFragment
        transport.password = local.credentials.password
        if !local.endOfCandidates { transport.options = ["trickle"] }
        transport.fingerprints = [local.fingerprint]
        transport.setup = setup
        transport.candidates = local.candidates
        transport.endOfCandidates = local.endOfCandidates
        return transport
    }
}
