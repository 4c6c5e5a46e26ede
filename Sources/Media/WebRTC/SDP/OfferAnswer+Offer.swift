/// The other side's half: what a viewer of ours offers, and what it makes of an answer. A node that asks another for a stream, and tests, use it.
extension OfferAnswer {
    /// An offer to receive one H.264 stream.
    static func offer(local: Local) -> SessionDescription {
        var section = MediaSection(kind: .video, port: 9, formats: ["102", "103"])
        section.mid = "0"
        section.direction = .recvonly
        section.hasRTCPMux = true
        section.hasReducedSizeRTCP = true
        section.transport = transport(local, setup: .actpass)
        section.payloads[102] = PayloadFormat(
            payloadType: 102, encoding: "H264", clockRate: 90_000,
            parameters: ["level-asymmetry-allowed": "1", "packetization-mode": "1", "profile-level-id": H264Format.label],
            feedback: ["nack", "nack pli", "ccm fir", "transport-cc"])
        section.payloads[103] = PayloadFormat(payloadType: 103, encoding: "rtx", clockRate: 90_000, parameters: ["apt": "102"])
        section.extensions = [
            HeaderExtensionMap(id: 1, uri: TransportFeedback.extensionURI), HeaderExtensionMap(id: 2, uri: PlayoutDelay.uri),
            HeaderExtensionMap(id: 3, uri: "urn:ietf:params:rtp-hdrext:sdes:mid"),
        ]
        var offer = SessionDescription(origin: .init(sessionID: String(local.sessionID & (1 << 63 - 1)), version: local.version))
        offer.bundle = ["0"]
        offer.media = [section]
        return offer
    }

    /// The answer to who offers to send video: the first H.264 that is offered, to receive; everything else refused. Whoever answers begins DTLS.
    ///
    /// - Throws: ``OfferError`` when there is no H.264.
    static func receiving(_ offer: SessionDescription, local: Local) throws(OfferError) -> SessionDescription {
        var answer = SessionDescription(origin: .init(sessionID: String(local.sessionID & (1 << 63 - 1)), version: local.version))
        guard let video = offer.media.firstIndex(where: { $0.kind == .video && !$0.isRefused }) else { throw .noVideo }
        guard let payload = offer.media[video].orderedPayloads.first(where: { $0.encoding.lowercased() == "h264" }) else { throw .noH264(offered: []) }
        answer.media = offer.media.indices.map { index in
            let offered = offer.media[index]
            guard index == video else { return refused(offered) }
            var section = MediaSection(kind: .video, port: 9, protocolName: offered.protocolName, formats: [String(payload.payloadType)])
            section.mid = offered.mid
            section.direction = .recvonly
            section.hasRTCPMux = true
            section.hasReducedSizeRTCP = offered.hasReducedSizeRTCP
            section.transport = transport(local, setup: .active)
            section.payloads[payload.payloadType] = payload
            section.extensions = offered.extensions.filter { $0.uri == TransportFeedback.extensionURI && (1...14).contains($0.id) }
            return section
        }
        answer.bundle = offer.bundle.filter { mid in answer.media.contains { $0.mid == mid && !$0.isRefused } }
        return answer
    }
}
