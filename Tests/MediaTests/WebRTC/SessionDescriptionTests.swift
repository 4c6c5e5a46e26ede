import Testing

@testable import Media

@Suite struct SessionDescriptionTests {
    @Test(arguments: BrowserOffers.all.keys.sorted())
    func readWrittenAndReadAgain(name: String) throws {
        let description = try SessionDescription(try #require(BrowserOffers.all[name]))
        #expect(try SessionDescription(description.description) == description)
    }

    @Test func everyPartHasItsPlace() throws {
        let chromium = try SessionDescription(BrowserOffers.chromium)
        #expect(chromium.origin == .init(sessionID: "6263041863926464093", version: 2) && chromium.bundle == ["0", "1"])
        let video = chromium.media[1]
        #expect(video.orderedPayloads.map(\.payloadType).prefix(4) == [96, 97, 102, 103])
        #expect(video.payloads[106]?.feedback == ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"])
        #expect(video.payloads[106]?.parameters["profile-level-id"] == "42e01f" && video.retransmission(of: 106) == 107)
        #expect(video.extensions.count == 9 && video.extensions.contains(.init(id: 5, uri: PlayoutDelay.uri)))
        #expect(chromium.media[0].payloads[111]?.channels == "2")
        let firefox = try SessionDescription(BrowserOffers.firefox)
        #expect(firefox.transport(of: firefox.media[0]).fingerprints.count == 1 && firefox.media[0].transport.fingerprints.isEmpty)
        #expect(firefox.media[0].extensions.contains(.init(id: 6, direction: .recvonly, uri: PlayoutDelay.uri)))
        let aiortc = try SessionDescription(BrowserOffers.aiortc)
        #expect(aiortc.media[0].sourceGroups == [.init(semantics: "FID", ssrcs: [1_205_513_470, 3_361_018_480])])
        #expect(aiortc.media[0].sources.count == 2 && aiortc.media[0].transport.candidates.last?.kind == .serverReflexive)
    }

    @Test(arguments: [
        ("", 1, "v=0"), ("o=- 1 1 IN IP4 0.0.0.0", 1, "v=0"), ("v=1", 1, "v=0"), ("v=0\nv=0", 2, "v=0"), ("v=0\nx", 2, "a letter, an equals sign and a value"),
        ("v=0\n=x", 2, "a letter, an equals sign and a value"), ("v=0\no=- 1", 2, "an origin"), ("v=0\no=- x 1 IN IP4 h", 2, "an origin"),
        ("v=0\no=- 1 99999999999999999999 IN IP4 h", 2, "an origin"), ("v=0\nm=video", 2, "a media description"),
        ("v=0\nm=video 65536 RTP/AVP 0", 2, "a media description"), ("v=0\nm=video 9 RTP/AVP 0\na=rtpmap:128 x/1", 3, "a map of a payload type"),
        ("v=0\r\n\r\nm=video 9 RTP/AVP 0\r\na=rtpmap:96", 4, "a map of a payload type"), ("v=0\na=setup:both", 2, "a known setup"),
        ("v=0\na=fingerprint:sha-256 0", 2, "a fingerprint"), ("v=0\na=fingerprint:sha-256 +1:02", 2, "a fingerprint"),
        ("v=0\nm=video 9 RTP/AVP 0\na=mid:", 3, "a mid"), ("v=0\nm=video 9 RTP/AVP 0\na=extmap:x uri", 3, "a map of a header extension"),
    ])
    func whatCannotBeReadIsNamed(text: String, line: Int, expected: String) {
        #expect(throws: SDPError.malformed(line: line, expected: expected)) { try SessionDescription(text) }
    }

    @Test func boundsHold() {
        let big = "v=0\n" + String(repeating: "a=x:" + String(repeating: "y", count: 1000) + "\n", count: 200)
        #expect(throws: SDPError.tooLarge(limitBytes: SessionDescription.limitBytes)) { try SessionDescription(big) }
        let long = "v=0\n" + String(repeating: "a=x\n", count: 5000)
        #expect(throws: SDPError.tooManyLines(limit: SessionDescription.lineLimit)) { try SessionDescription(long) }
        let wide = "v=0\n" + String(repeating: "m=video 9 RTP/AVP 0\n", count: 100)
        #expect(throws: SDPError.tooManySections(limit: SessionDescription.sectionLimit)) { try SessionDescription(wide) }
        let formats = "v=0\nm=video 9 RTP/AVP" + String(repeating: " 0", count: 129)
        #expect(throws: SDPError.malformed(line: 2, expected: "a media description")) { try SessionDescription(formats) }
    }

    @Test func listsAreBounded() throws {
        var text = "v=0\nm=video 9 RTP/AVP 0\n"
        for number in 0..<300 {
            text += "a=extmap:1 u\(number)\na=ssrc:\(number) cname:x\na=ssrc-group:FID 1 2\na=rtcp-fb:* \(number)\na=rtcp-fb:0 \(number)\n"
            text += "a=candidate:1 1 udp 1 10.0.0.1 \(number + 1) typ host\na=fingerprint:sha-256 00\n"
        }
        let section = try SessionDescription(text).media[0]
        #expect(section.extensions.count == 64 && section.sources.count == 64 && section.sourceGroups.count == 64)
        #expect(section.commonFeedback.count == 32 && section.payloads[0]?.feedback.count == 32)
        #expect(section.transport.candidates.count == 64 && section.transport.fingerprints.count == 8)
    }

    /// Or its feedback would be said once more at each telling.
    @Test func aFormatThatIsNamedTwiceIsOne() throws {
        let text = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 97 96\r\na=rtpmap:96 H264/90000\r\na=rtcp-fb:96 nack\r\na=rtpmap:97 rtx/90000\r\n"
        let description = try SessionDescription(text)
        #expect(description.media[0].formats == ["96", "97"])
        #expect(try SessionDescription(description.description) == description)
    }

    /// Candidates come alone too, and in fragments (RFC 8840).
    @Test func candidatesAndFragmentsAreTotalOnAnything() {
        let line = "candidate:1 1 udp 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998 generation 0"
        let fragment = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=\(line)\r\na=end-of-candidates\r\n"
        for seed in ByteMutator.seeds {
            var mutator = ByteMutator(seed: seed)
            var read = 0
            for _ in 0..<2000 {
                if case .candidate(let candidate) = CandidateLine(String(decoding: mutator.mutate(Array(line.utf8)), as: UTF8.self)) {
                    read += 1
                    // A base that was not told comes back as the address of nobody.
                    var again = candidate
                    again.related = candidate.related ?? (candidate.kind == .host ? nil : TransportAddress("0.0.0.0", port: 9))
                    #expect(CandidateLine(candidate.line) == .candidate(again), "seed \(seed): \(candidate)")
                }
                guard let broken = try? TrickleFragment(String(decoding: mutator.mutate(Array(fragment.utf8)), as: UTF8.self)) else { continue }
                read += 1
                let said = broken.description
                #expect((try? TrickleFragment(said))?.description == said, "seed \(seed): \(said)")
            }
            #expect(read > 800, "seed \(seed): \(read)")
        }
    }

    @Test func isTotalOnAnything() {
        let offers = BrowserOffers.all.sorted { $0.key < $1.key }.map { Array($0.value.utf8) }
        for seed in ByteMutator.seeds {
            var mutator = ByteMutator(seed: seed)
            var read = 0
            var negotiated = 0
            for round in 0..<400 {
                let text = String(decoding: mutator.mutate(offers[round % offers.count]), as: UTF8.self)
                guard let description = try? SessionDescription(text) else { continue }
                read += 1
                // What was understood can be said, and reads the same when it is said again.
                let said = description.description
                #expect((try? SessionDescription(said))?.description == said, "seed \(seed): \(text)")
                if (try? OfferAnswer.negotiate(description)) != nil { negotiated += 1 }
            }
            #expect(read > 80 && negotiated > 40, "seed \(seed): \(read) read, \(negotiated) negotiated")
        }
    }
}
