import Testing

@testable import Media

@Suite struct WebRTCSessionTests {
    @Test func connectsAndShowsPictures() throws {
        var lab = try SessionLab(seed: 1)
        lab.run(seconds: 10)
        #expect((lab.time(of: .connected) ?? 9) < 0.5)
        #expect((lab.viewer.pictures.first?.time ?? 9) < 0.5 && lab.viewer.pictures.first?.isKeyFrame == true)
        #expect(lab.viewer.pictures.count > 280 && lab.viewer.pictures.allSatisfy { $0.isIntact && $0.stream == .main })
        #expect(lab.viewer.refused == 0 && lab.session.counters.resentPackets == 0)
        #expect(lab.longestFreeze(from: 1, to: 10) < 0.06)
        // Reports each second, whose two clocks agree: 90,000 ticks of RTP in a second of wall time.
        #expect((8...11).contains(lab.viewer.reports.count))
        for (first, second) in zip(lab.viewer.reports, lab.viewer.reports.dropFirst()) {
            let seconds = Double(second.ntp.bits &- first.ntp.bits) / 4_294_967_296
            #expect(abs(Double(second.rtpTimestamp &- first.rtpTimestamp) - seconds * 90_000) < 100)
        }
        #expect(lab.session.estimator.roundTrip < .milliseconds(70))
    }

    /// The promise: with 5 % loss and 50 ms delay the picture recovers without a freeze over 500 ms.
    @Test(arguments: ByteMutator.corpus)
    func lossIsRepaired(seed: UInt64) throws {
        var lab = try SessionLab(seed: seed)
        lab.conditions = .init(loss: 0.05, delay: 0.05, jitter: 0.01)
        lab.run(seconds: 25)
        #expect(lab.closing == nil)
        #expect(lab.longestFreeze(from: 3, to: 25) < 0.5, "seed \(seed): \(lab.longestFreeze(from: 3, to: 25))")
        let shown = lab.viewer.pictures.filter { $0.time > 3 && $0.isIntact }.count
        #expect(shown > 600, "seed \(seed): \(shown) of 660 pictures")
        #expect(lab.viewer.retransmissions > 100, "seed \(seed)")
    }

    /// Without a retransmission format packets are repeated bit for bit: the fake cipher throws if one is not.
    @Test func lossIsRepairedWithoutRetransmissionFormat() throws {
        var lab = try SessionLab(seed: 3) { offer in
            offer.media[0].formats = ["102"]
            offer.media[0].payloads[103] = nil
        }
        #expect(lab.viewer.video.retransmissionPayloadType == nil)
        lab.conditions = .init(loss: 0.05, delay: 0.02)
        lab.run(seconds: 20)
        #expect(lab.closing == nil && lab.session.counters.resentPackets > 50)
        #expect(lab.longestFreeze(from: 2, to: 20) < 0.5)
    }

    /// Transport-wide feedback tells of losses too, of those of repetitions as well: who reports need not ask.
    @Test func aReportedLossIsRepairedUnasked() throws {
        var lab = try SessionLab(seed: 4)
        lab.viewer.sendsNACK = false
        lab.conditions = .init(loss: 0.05, delay: 0.05)
        lab.run(seconds: 20)
        #expect(lab.session.counters.nacks == 0 && lab.viewer.retransmissions > 100)
        #expect(lab.viewer.pictures.filter(\.isIntact).count > 480)
    }

    /// The negative of those above: whoever neither reports nor asks freezes.
    @Test func withoutNACKThePictureFreezes() throws {
        var lab = try SessionLab(seed: 4) { offer in
            for type in offer.media[0].payloads.keys { offer.media[0].payloads[type]?.feedback.removeAll { $0 == "transport-cc" } }
        }
        lab.viewer.sendsNACK = false
        lab.conditions = .init(loss: 0.05, delay: 0.05)
        lab.run(seconds: 20)
        #expect(lab.viewer.pictures.filter(\.isIntact).count < 400)
        #expect(lab.events.filter { $0.event == .keyFrameWanted(.main) }.count > 5, "but it asks for key frames, and gets them")
    }

    @Test func keyFramesAreAskedForAtMostTwiceASecond() throws {
        var lab = try SessionLab(seed: 5)
        lab.run(seconds: 1)
        let begin = lab.time
        for _ in 0..<100 {
            lab.viewer.send([.pictureLoss(.init(senderSSRC: 77, mediaSSRC: 1000))])
            lab.run(seconds: 0.05)
        }
        let asked = lab.events.filter { $0.event == .keyFrameWanted(.main) && $0.time > begin }.map(\.time)
        #expect((8...11).contains(asked.count), "\(asked)")
        #expect(zip(asked, asked.dropFirst()).allSatisfy { $1 - $0 > 0.499 })
        let before = lab.events.count
        lab.viewer.send([.pictureLoss(.init(senderSSRC: 77, mediaSSRC: 4))])
        lab.run(seconds: 1)
        #expect(lab.events.count <= before + 1, "of another stream")
    }

    /// The link halves below the main stream: small pictures keep moving; it widens, and the main stream comes back. Nobody flaps.
    @Test(arguments: [UInt64(1), 2])
    func aLinkThatNarrowsAndWidens(seed: UInt64) throws {
        var lab = try SessionLab(seed: seed)
        lab.conditions = .init(delay: 0.02, bitRate: 6_000_000)
        lab.run(seconds: 20)
        #expect(lab.session.rung == .main, "seed \(seed)")
        lab.conditions.bitRate = 900_000
        lab.run(seconds: 30)
        #expect(lab.session.rung == .small, "seed \(seed): \(lab.rungs)")
        // The link's queue holds half a second, and must drain before anything new can arrive.
        #expect(lab.longestFreeze(from: 19, to: 50) < 1.5, "seed \(seed): \(lab.longestFreeze(from: 19, to: 50))")
        #expect(lab.longestFreeze(from: 23, to: 50) < 0.2, "seed \(seed): \(lab.longestFreeze(from: 23, to: 50))")
        let late = lab.viewer.pictures.filter { $0.time > 23 && $0.time <= 50 }
        #expect(late.filter { $0.isIntact && $0.stream == .small }.count > 780, "seed \(seed): \(late.count)")
        lab.conditions.bitRate = 20_000_000
        lab.run(seconds: 60)
        #expect(lab.session.rung == .main, "seed \(seed): \(lab.rungs), estimate \(lab.session.estimatedBitRate)")
        #expect(lab.viewer.pictures.last?.stream == .main && lab.viewer.pictures.last?.isIntact == true)
        #expect(lab.rungs.count <= 7, "seed \(seed): \(lab.rungs)")
    }

    @Test func aVeryNarrowLinkGetsKeyFrames() throws {
        var settings = WebRTCSettings()
        settings.ceiling = .small
        var lab = try SessionLab(seed: 6, settings: settings)
        lab.conditions = .init(delay: 0.02, bitRate: 130_000, queueSeconds: 2)
        lab.run(seconds: 60)
        #expect(lab.session.rung == .keyFrames, "\(lab.rungs)")
        #expect(lab.viewer.pictures.filter { $0.time > 40 && $0.isIntact }.count >= 5)
    }

    /// A tile of a grid is opened: on a good link the main stream is there within a second.
    @Test func aTileBecomesLarge() throws {
        var settings = WebRTCSettings()
        settings.ceiling = .small
        var lab = try SessionLab(seed: 12, settings: settings)
        lab.run(seconds: 5)
        #expect(lab.viewer.pictures.count > 120 && lab.viewer.pictures.allSatisfy { $0.stream == .small && $0.isIntact })
        lab.session.set(ceiling: .main, now: at(lab.time))
        lab.run(seconds: 3)
        let first = lab.viewer.pictures.first { $0.stream == .main }
        #expect(first?.isKeyFrame == true && (first?.time ?? 9) < 6)
        #expect(lab.viewer.pictures.allSatisfy(\.isIntact) && lab.longestFreeze(from: 1, to: 8) < 0.1, "nothing is missed in between")
    }

    /// RFC 8445 §9: pictures keep flowing while both look for a new way.
    @Test func restartDisturbsNothing() throws {
        var lab = try SessionLab(seed: 13)
        lab.run(seconds: 3)
        let ours = IceCredentials(usernameFragment: "newA", password: String(repeating: "a", count: 22))!
        let theirs = IceCredentials(usernameFragment: "newB", password: String(repeating: "b", count: 22))!
        lab.session.restart(local: ours, remote: theirs, now: at(lab.time))
        lab.viewer.ice.restart(local: theirs, remote: ours, now: at(lab.time))
        lab.viewer.ice.add(IceCandidate(foundation: "1", priority: 1, address: SessionLab.camera, kind: .host))
        #expect(lab.session.ice.state == .checking)
        lab.run(seconds: 40)
        #expect(lab.session.ice.state == .connected && lab.viewer.ice.state == .connected && lab.closing == nil)
        #expect(lab.longestFreeze(from: 1, to: 43) < 0.06)
    }

    /// Who falls to a smaller stream is sent nothing of the larger one again, whatever is asked for.
    @Test func aFallForgetsWhatWasSent() throws {
        var lab = try SessionLab(seed: 14)
        lab.run(seconds: 3)
        let old = lab.session.sender.history.newestEntries(20).map(\.sequenceNumber)
        lab.viewer.send([.nack(.init(senderSSRC: 1, mediaSSRC: 1000, sequenceNumbers: [old[10]]))])
        lab.run(seconds: 0.1)
        #expect(lab.session.counters.resentPackets == 1, "before the fall it is repeated")
        lab.session.estimator.handle(.init(senderSSRC: 1, bitRate: 400_000, ssrcs: []), now: at(lab.time))
        lab.run(seconds: 0.5) { $0.session.rung == .small }
        #expect(lab.session.rung == .small)
        lab.viewer.send([.nack(.init(senderSSRC: 1, mediaSSRC: 1000, sequenceNumbers: old))])
        lab.run(seconds: 0.1)
        #expect(lab.session.counters.resentPackets == 1)
    }

    /// A picture that would come too late is dropped, with all up to the next key frame, and one is asked for.
    @Test func whatWouldComeTooLateIsDropped() throws {
        var lab = try SessionLab(seed: 15)
        lab.run(seconds: 3)
        let asked = lab.events.count
        var source = TestSource(.main, bytes: 12_000)
        var batch = DatagramBatch()
        for picture in 0..<60 {
            guard let unit = source.next(time: 10 + Double(picture) / 30) else { continue }
            lab.note(lab.session.send(unit, of: .main, into: &batch, now: at(lab.time)))
        }
        #expect(lab.session.counters.droppedPackets > 100)
        #expect(lab.session.queue.bytes < 600_000, "half a second of three megabits, two and a half times as fast")
        #expect(lab.session.choice.awaitsKeyFrame && lab.events[asked...].contains { $0.event == .keyFrameWanted(.main) })
    }

    /// An authentic check and a hello, with a victim's address as their sender's: the victim hears no word of a handshake.
    @Test func noHandshakeWithWhoNeverAnswered() throws {
        var lab = try SessionLab(seed: 17) { $0.media[0].transport.setup = .active }
        let ours = lab.session.ice.local
        let theirs = try #require(lab.session.ice.remote)
        var batch = DatagramBatch()
        func kinds() -> [DatagramKind?] { batch.entries.map { DatagramKind(batch[$0]) } }
        var check = StunMessage(
            .request, transactionID: .init(first: 1, second: 2),
            attributes: [.username("\(ours.usernameFragment):\(theirs.usernameFragment)"), .priority(1), .iceControlling(1), .useCandidate]
        ).bytes(key: ours.key)
        lab.note(lab.session.handle(&check, from: SessionLab.browser, to: SessionLab.camera, into: &batch, now: at(0)))
        lab.note(lab.session.tick(into: &batch, now: at(0)))
        var hello: [UInt8] = [22, 1] + [UInt8](repeating: 0xbb, count: 32)
        for second in 0..<5 {
            lab.note(lab.session.handle(&hello, from: SessionLab.browser, to: SessionLab.camera, into: &batch, now: at(Double(second))))
            lab.note(lab.session.tick(into: &batch, now: at(Double(second))))
        }
        #expect(!kinds().isEmpty && kinds().allSatisfy { $0 == .stun })
        // Who answers our check is there.
        let question = try #require(batch.entries.map { StunMessage.isPlausible(batch[$0]) ? try? StunMessage(batch[$0]) : nil }.first { $0?.messageClass == .request })
        var answer = StunMessage(.success, transactionID: try #require(question).transactionID, attributes: [.xorMappedAddress(SessionLab.camera)]).bytes(key: theirs.key)
        lab.note(lab.session.handle(&answer, from: SessionLab.browser, to: SessionLab.camera, into: &batch, now: at(4.1)))
        #expect(kinds().contains(.dtls))
    }

    /// A goodbye counts only from where the viewer is.
    @Test func aStrangersGoodbyeIsNotHeard() throws {
        var lab = try SessionLab(seed: 16)
        lab.run(seconds: 1)
        var batch = DatagramBatch()
        for (source, closing) in [(TransportAddress("10.9.9.9", port: 1)!, nil), (SessionLab.browser, WebRTCSession.Closing.there)] {
            var alert: [UInt8] = [22, 4] + [UInt8](repeating: 0xbb, count: 32)
            lab.note(lab.session.handle(&alert, from: source, to: SessionLab.camera, into: &batch, now: at(lab.time)))
            #expect(lab.closing == closing)
        }
    }

    @Test func goodbyeIsSaidAndHeard() throws {
        var lab = try SessionLab(seed: 7)
        lab.run(seconds: 2)
        lab.close()
        #expect(lab.closing == .here && lab.session.state == .closed && lab.session.nextDeadline(now: at(lab.time)) == nil)
        lab.run(seconds: 1)
        #expect(lab.viewer.goodbyes == 1 && lab.viewer.dtls.progress == .closed)
        var other = try SessionLab(seed: 8)
        other.run(seconds: 2)
        other.viewer.send([.goodbye(Goodbye(ssrcs: [77]))])
        other.run(seconds: 1)
        #expect(other.closing == .there)
    }

    @Test func aWrongCertificateEndsIt() throws {
        var lab = try SessionLab(seed: 9, promisedCertificate: 0xbc)
        lab.run(seconds: 2)
        #expect(lab.closing == .fingerprintMismatch && lab.viewer.pictures.isEmpty)
        #expect(lab.session.srtp == nil)
    }

    @Test func aViewerThatVanishesIsGivenUp() throws {
        var lab = try SessionLab(seed: 10)
        lab.run(seconds: 3)
        lab.conditions.loss = 1
        lab.run(seconds: 40)
        #expect(lab.closing == .unreachable(.consentExpired))
        let closed = lab.events.last?.time ?? 0
        #expect((30...36).contains(closed), "\(closed)")
        #expect(lab.session.estimatedBitRate < 200_000, "long before that little was sent")
    }

    @Test func whoNeverComesIsGivenUp() throws {
        var lab = try SessionLab(seed: 11)
        lab.conditions.loss = 1
        lab.run(seconds: 40)
        #expect(lab.closing == .unreachable(.noPath) && (29...31).contains(lab.events.last?.time ?? 0))
    }

    /// Strangers' datagrams, and broken ones of the viewer's, are counted and dropped; the session goes on.
    @Test(arguments: ByteMutator.seeds)
    func noiseChangesNothing(seed: UInt64) throws {
        var lab = try SessionLab(seed: seed)
        lab.run(seconds: 1)
        var mutator = ByteMutator(seed: seed)
        var generator = SeededGenerator(state: seed)
        let rtcp = RTCPPacket.bytes(of: RTCPPacketTests.one)
        let originals = [StunMessageTests.sampleRequest, rtcp, [22] + [UInt8](repeating: 1, count: 33), [0x80, 96] + [UInt8](repeating: 0, count: 40)]
        var batch = DatagramBatch()
        for round in 0..<2000 {
            var bytes = mutator.mutate(originals[round % originals.count])
            let source = Bool.random(using: &generator) ? SessionLab.browser : TransportAddress("10.9.9.9", port: 1)!
            lab.note(lab.session.handle(&bytes, from: source, to: SessionLab.camera, into: &batch, now: at(lab.time)))
        }
        #expect(lab.closing == nil, "seed \(seed)")
        #expect(lab.session.counters.refusedDatagrams > 500 && batch.entries.count < 100, "seed \(seed): \(batch.entries.count)")
        let before = lab.viewer.pictures.count
        lab.run(seconds: 1)
        #expect(lab.viewer.pictures.count >= before + 28, "seed \(seed)")
    }

    /// An authentic viewer that reports nonsense harms itself only.
    @Test(arguments: ByteMutator.seeds)
    func nonsenseOfTheViewerIsBounded(seed: UInt64) throws {
        var lab = try SessionLab(seed: seed)
        lab.run(seconds: 1)
        var generator = SeededGenerator(state: seed)
        for _ in 0..<200 {
            let base = UInt16.random(in: 0 ... .max, using: &generator)
            lab.viewer.send([
                .nack(.init(senderSSRC: 1, mediaSSRC: 1000, sequenceNumbers: (0..<500).map { base &+ UInt16($0) })),
                .transportFeedback(
                    .init(
                        senderSSRC: 1, mediaSSRC: 1000, baseSequence: base, referenceTime: .random(in: -0x80_0000...0x7f_ffff, using: &generator),
                        feedbackCount: 0, arrivals: (0..<100).map { _ in .random(in: -9999...9999, using: &generator) })),
                .receiverReport(.init(ssrc: 1, blocks: [.init(ssrc: 1000, fractionLost: 255, cumulativeLost: .max, lastSenderReport: .max)])),
            ])
            lab.run(seconds: 0.02)
        }
        #expect(lab.closing == nil, "seed \(seed)")
        #expect(lab.session.counters.sentBytes < 30_000_000, "seed \(seed)")
    }
}
