import Testing

@testable import Media

@Suite struct OfferAnswerTests {
    private let local: OfferAnswer.Local = {
        var generator = SeededGenerator(state: 1)
        let host = IceCandidate(foundation: "1", priority: 2_130_706_431, address: TransportAddress("192.168.1.2", port: 5000)!, kind: .host)
        return OfferAnswer.Local(
            credentials: IceCredentials(using: &generator), candidates: [host],
            fingerprint: CertificateFingerprint(algorithm: "sha-256", bytes: [UInt8](0..<32)), ssrc: 11, retransmissionSSRC: 12, cname: "node",
            sessionID: .max)
    }()

    private func negotiate(_ text: String) throws -> (SessionDescription, NegotiatedSession) {
        let offer = try SessionDescription(text)
        return (offer, try OfferAnswer.negotiate(offer))
    }

    /// Our own viewers answer servers that make the offer, as Janus does: the first H.264 is taken, everything else refused.
    @Test func anOfferToSendIsAnswered() throws {
        let offer = try SessionDescription(
            """
            v=0
            o=- 1 1 IN IP4 10.0.0.1
            s=Mountpoint
            t=0 0
            a=group:BUNDLE a v
            m=audio 9 UDP/TLS/RTP/SAVPF 111
            c=IN IP4 10.0.0.1
            a=sendonly
            a=mid:a
            a=rtcp-mux
            a=rtpmap:111 opus/48000/2
            m=video 9 UDP/TLS/RTP/SAVPF 98 96
            c=IN IP4 10.0.0.1
            a=sendonly
            a=mid:v
            a=rtcp-mux
            a=rtpmap:98 VP8/90000
            a=rtpmap:96 H264/90000
            a=fmtp:96 profile-level-id=42e01f;packetization-mode=1
            a=extmap:2 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
            a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid

            """)
        let answer = try SessionDescription(OfferAnswer.receiving(offer, local: local).description)
        #expect(answer.media.count == 2 && answer.media[0].isRefused && answer.bundle == ["v"])
        let video = answer.media[1]
        #expect(video.formats == ["96"] && video.direction == .recvonly && video.mid == "v" && video.transport.setup == .active)
        #expect(video.extensions.map(\.id) == [2] && answer.transport(of: video).candidates.count == 1)
        var without = offer
        without.media.removeLast()
        #expect(throws: OfferError.self) { try OfferAnswer.receiving(without, local: local) }
        without = offer
        without.media[1].payloads[96] = nil
        #expect(throws: OfferError.self) { try OfferAnswer.receiving(without, local: local) }
    }

    /// What each of them is answered: payload type, retransmissions, identifiers of transport sequence, playout delay and mid.
    @Test(arguments: [
        ("Chromium", UInt8(106), UInt8(107), [UInt8(3), 5, 4], "1"), ("Firefox", 126, 127, [7, 6, 3], "0"), ("aiortc", 101, 102, [0, 0, 1], "0"),
        ("GStreamer", 96, 0, [1, 0, 0], "video0"), ("pion", 106, 107, [1, 0, 0], "0"),
    ])
    func theirOffers(name: String, payloadType: UInt8, retransmission: UInt8, ids: [UInt8], mid: String) throws {
        let (offer, session) = try negotiate(try #require(BrowserOffers.all[name]))
        let video = session.video
        #expect(video.payloadType == payloadType && video.retransmissionPayloadType ?? 0 == retransmission && video.mid == mid)
        let found = [video.extensionIDs.transportSequence, video.extensionIDs.playoutDelay, video.extensionIDs.mid]
        #expect(found.map { $0 ?? 0 } == ids)
        #expect(video.allowsNACK && video.allowsPLI && video.allowsTransportFeedback == (name != "aiortc"))
        #expect(session.fingerprints.count == (name == "aiortc" ? 3 : 1) && session.dtlsRole == .server && !session.isLite)
        #expect(session.candidates.count == ["aiortc": 2, "pion": 1][name, default: 0])

        let text = OfferAnswer.answer(to: offer, session, local: local).description
        #expect(text.contains("m=video 9 UDP/TLS/RTP/SAVPF \(payloadType)"))
        #expect(text.contains("a=sendonly\r\n") && text.contains("a=setup:passive\r\n") && text.contains("a=rtcp-mux\r\n"))
        #expect(name == "GStreamer" || text.contains("packetization-mode=1;profile-level-id=42e01f\r\n"))
        #expect(text.contains("a=group:BUNDLE \(name == "Chromium" ? "0 1" : mid)\r\n") && text.contains("a=ssrc:11 cname:node\r\n"))
        // Whoever gets it reads the same, section by section.
        let answer = try SessionDescription(text)
        #expect(answer.description == text)
        #expect(answer.media.map(\.kind) == offer.media.map(\.kind) && answer.media.map(\.mid) == offer.media.map(\.mid))
        for (index, section) in answer.media.enumerated() {
            #expect(section.isRefused == (index != video.section && section.mid != answer.bundle.first))
            #expect(index == video.section || section.direction == .inactive)
            #expect(section.protocolName == offer.media[index].protocolName)
        }
        #expect(answer.transport(of: answer.media[video.section]).credentials == local.credentials)
        #expect(answer.media[video.section].transport.candidates == local.candidates)
    }

    /// Chromium with `max-bundle` refuses the whole answer if the section that its only transport hangs on is refused [seen with 156].
    @Test func soundThatHoldsTheTransportIsIdle() throws {
        let (offer, session) = try negotiate(BrowserOffers.chromium)
        let answer = OfferAnswer.answer(to: offer, session, local: local)
        let audio = try SessionDescription(answer.description).media[0]
        #expect(audio.port == 9 && audio.direction == .inactive && audio.hasRTCPMux && audio.formats == ["111"])
        #expect(audio.payloads[111]?.encoding == "opus" && audio.transport.credentials == local.credentials && audio.sources.isEmpty)
    }

    /// A refused section names the transport and what its format means, as some want to read there, and no way to it.
    @Test func soundIsRefusedCleanly() throws {
        let (offer, session) = try negotiate(BrowserOffers.chromium.replacing("BUNDLE 0 1", with: "BUNDLE 1 0"))
        let answer = try SessionDescription(OfferAnswer.answer(to: offer, session, local: local).description)
        let audio = answer.media[0]
        #expect(audio.isRefused && audio.direction == .inactive && audio.mid == "0" && answer.bundle == ["1"])
        #expect(audio.formats == ["111"] && audio.payloads[111]?.encoding == "opus" && audio.payloads[111]?.feedback == [])
        #expect(audio.transport.credentials == local.credentials && audio.transport.fingerprints == [local.fingerprint])
        #expect(audio.transport.setup == .passive && audio.hasRTCPMux && audio.transport.candidates.isEmpty && audio.sources.isEmpty)
    }

    @Test func ourOwnOfferIsAnswered() throws {
        let offer = try SessionDescription(OfferAnswer.offer(local: local).description)
        let session = try OfferAnswer.negotiate(offer, preferredRole: .client)
        #expect(session.dtlsRole == .client && session.video.payloadType == 102 && session.video.retransmissionPayloadType == 103)
        #expect(session.credentials == local.credentials && session.fingerprints == [local.fingerprint])
        #expect(OfferAnswer.answer(to: offer, session, local: local).description.contains("a=setup:active\r\n"))
    }

    /// Each thing that can be wrong with an offer, and its name.
    @Test(arguments: [
        ("m=video 9", "m=video 0", OfferError.noVideo), ("m=video", "m=text", .noVideo), ("a=recvonly", "a=sendonly", .wantsNoVideo),
        ("a=recvonly", "a=inactive", .wantsNoVideo), ("H264/90000", "H265/90000", .noH264(offered: ["H265", "VP8"])),
        ("packetization-mode=1", "packetization-mode=0", .onlyPacketizationMode0), ("a=rtcp-mux\r\n", "", .noRTCPMux),
        ("UDP/TLS/RTP/SAVPF", "RTP/AVP", .unsupportedProtocol("RTP/AVP")), ("a=ice-ufrag:", "a=x-ufrag:", .noIceCredentials),
        ("a=ice-ufrag:gJlg", "a=ice-ufrag:gJl:", .badIceCredentials), ("a=fingerprint:", "a=x:", .noFingerprint),
        ("a=fingerprint:sha-256", "a=fingerprint:sha-1", .unsupportedFingerprint(algorithms: ["sha-1"])),
        ("a=setup:actpass", "a=setup:holdconn", .unsupportedSetup), ("BUNDLE 0", "BUNDLE 0 7", .brokenBundle(mid: "7")),
        ("a=end-of-candidates\r\n", "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n", .repeatedMid("0")),
    ])
    func whatIsWrongIsNamed(part: String, replacement: String, error: OfferError) throws {
        let text = BrowserOffers.pion.replacing(part, with: replacement)
        #expect(text != BrowserOffers.pion)
        let offer = try SessionDescription(text)
        #expect(throws: error) { try OfferAnswer.negotiate(offer) }
        #expect(error.description.hasPrefix("The offer"))
    }

    @Test func rolesFollowTheOffer() throws {
        for (setup, role) in [("active", DTLSRole.server), ("passive", .client)] {
            let (_, session) = try negotiate(BrowserOffers.pion.replacing("setup:actpass", with: "setup:\(setup)"))
            #expect(session.dtlsRole == role)
        }
        let (_, silent) = try negotiate(BrowserOffers.pion.replacing("a=setup:actpass\r\n", with: ""))
        #expect(silent.dtlsRole == .server, "without setup the offerer is active (RFC 4145 §4)")
    }

    /// With max-bundle only the first section of a bundle describes the transport (RFC 8829 §5.2.1).
    @Test func theTransportMayStandInTheFirstSectionOfTheBundle() throws {
        let text = """
            v=0
            o=- 1 1 IN IP4 0.0.0.0
            s=-
            t=0 0
            a=group:BUNDLE a v
            m=audio 9 UDP/TLS/RTP/SAVPF 0
            a=mid:a
            a=ice-ufrag:abcd
            a=ice-pwd:0123456789012345678901
            a=fingerprint:sha-256 \(String(repeating: "00:", count: 31))01
            a=setup:actpass
            m=video 0 UDP/TLS/RTP/SAVPF 96
            a=mid:v
            a=bundle-only
            a=rtcp-mux
            a=rtpmap:96 h264/90000
            a=rtcp-fb:* nack
            a=fmtp:96 packetization-mode=1; profile-level-id=640028
            """
        let (offer, session) = try negotiate(text)
        #expect(session.credentials.usernameFragment == "abcd" && session.video.section == 1)
        #expect(session.video.allowsNACK && !session.video.allowsPLI)
        let answer = OfferAnswer.answer(to: offer, session, local: local).description
        #expect(answer.contains("profile-level-id=640028") && answer.contains("a=group:BUNDLE v\r\n"), "without rtcp-mux there is nothing to hold; a profile is not negotiable (RFC 6184 §8.2.2)")
    }

    /// RFC 8840 §9 has this as its example, shortened.
    @Test func trickledCandidates() throws {
        let text = """
            a=group:BUNDLE 0 1
            m=audio 9 UDP/TLS/RTP/SAVPF 0
            a=mid:0
            a=ice-ufrag:EsAw
            a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
            a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1
            a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host generation 0 ufrag EsAw network-id 2
            a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0 ufrag EsAw network-id 1
            a=end-of-candidates
            """
        let fragment = try TrickleFragment(text)
        #expect(fragment.mid == "0" && fragment.transport.candidates.map(\.address.port) == [61764, 61765] && fragment.transport.endOfCandidates)
        #expect(fragment.transport.credentials?.usernameFragment == "EsAw")
        #expect(try TrickleFragment(fragment.description) == fragment)
    }
}
