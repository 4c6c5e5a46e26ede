import Testing

@testable import Media

@Suite struct SendHistoryTests {
    private let unit = PacketizedAccessUnit(bytes: [1, 2, 3], ends: [1, 3], pts90k: 0, isKeyFrame: true, isDisposable: false, captured: at(0))

    private func entry(_ number: UInt16, _ seconds: Double) throws -> SendHistory.Entry {
        SendHistory.Entry(
            unit: try #require(unit), facts: .init(index: 1, sequenceNumber: number, timestamp: 5, transportSequence: 6, sent: at(seconds)))
    }

    private func name(_ answer: SendHistory.Answer) -> String {
        switch answer {
        case .resend(let entry): "resend \(entry.sequenceNumber)"
        case .unknown: "unknown"
        case .tooSoon: "too soon"
        case .exhausted: "exhausted"
        }
    }

    @Test(arguments: SequenceNumberTests.awkward)
    func answersWhatItHolds(start: UInt16) throws {
        var history = SendHistory(capacity: 64, age: .seconds(100))
        for step in 0..<200 { history.append(try entry(start &+ UInt16(step), Double(step) / 100)) }
        #expect(history.count == 64)
        for step in 0..<136 { #expect(name(history.answer(start &+ UInt16(step), now: at(2), roundTrip: .zero)) == "unknown") }
        for step in 136..<200 {
            let number = start &+ UInt16(step)
            #expect(name(history.answer(number, now: at(2), roundTrip: .zero)) == "resend \(number)")
        }
        #expect(name(history.answer(start &+ 200, now: at(2), roundTrip: .zero)) == "unknown", "not sent yet")
        #expect(history.newestEntries(3).map(\.sequenceNumber) == [start &+ 199, start &+ 198, start &+ 197])
    }

    @Test(arguments: SequenceNumberTests.awkward)
    func forgetsWhatIsOld(start: UInt16) throws {
        var history = SendHistory(capacity: 64, age: .seconds(1))
        for step in 0..<200 { history.append(try entry(start &+ UInt16(step), Double(step) / 10)) }
        #expect((10...11).contains(history.count), "one second of ten a second: \(history.count)")
        #expect(name(history.answer(start &+ 199, now: at(21), roundTrip: .zero)) == "unknown")
    }

    @Test func whatIsForgottenIsUnknown() throws {
        var history = SendHistory(capacity: 64)
        for number in 0..<100 as Range<UInt16> { history.append(try entry(number, 0)) }
        history.removeAll()
        #expect(history.count == 0 && history.newestEntries(1).isEmpty && name(history.answer(99, now: at(0), roundTrip: .zero)) == "unknown")
        history.append(try entry(100, 0))
        #expect(name(history.answer(100, now: at(0), roundTrip: .zero)) == "resend 100" && history.count == 1)
    }

    @Test func oncePerRoundTripAndNotForEver() throws {
        var history = SendHistory(resendLimit: 3)
        history.append(try entry(7, 0))
        #expect(name(history.answer(7, now: at(0.1), roundTrip: .milliseconds(50))) == "resend 7")
        #expect(name(history.answer(7, now: at(0.137), roundTrip: .milliseconds(50))) == "too soon")
        #expect(name(history.answer(7, now: at(0.138), roundTrip: .milliseconds(50))) == "resend 7")
        #expect(name(history.answer(7, now: at(0.14), roundTrip: .zero)) == "too soon", "a round trip of nothing is not believed")
        #expect(name(history.answer(7, now: at(0.3), roundTrip: .zero)) == "resend 7")
        #expect(name(history.answer(7, now: at(0.9), roundTrip: .zero)) == "exhausted")
    }

    /// Nothing is waited for where the last one is known not to have arrived.
    @Test func whatIsKnownToBeLostGoesAtOnce() throws {
        var history = SendHistory(resendLimit: 3)
        history.append(try entry(7, 0))
        #expect(name(history.answer(7, now: at(0.1), roundTrip: .milliseconds(50))) == "resend 7")
        #expect(name(history.answer(7, lost: at(0), now: at(0.11), roundTrip: .milliseconds(50))) == "too soon", "another is on its way")
        #expect(name(history.answer(7, lost: at(0.1), now: at(0.12), roundTrip: .milliseconds(50))) == "resend 7")
        #expect(name(history.answer(7, lost: at(0.12), now: at(0.13), roundTrip: .milliseconds(50))) == "resend 7")
        #expect(name(history.answer(7, lost: at(0.13), now: at(0.14), roundTrip: .milliseconds(50))) == "exhausted")
    }
}

extension SendHistory {
    fileprivate mutating func append(_ entry: Entry) { append(entry.unit, entry.facts) }
}

@Suite struct ResendBudgetTests {
    @Test func aShareOfTheRate() {
        var budget = ResendBudget(now: at(0))
        var taken = 0
        for step in 0..<10_000 {
            if budget.take(bytes: 1000, bitRate: 1_000_000, now: at(Double(step) / 1000)) { taken += 1000 }
        }
        // A burst of 20 kB, then 300 kbit/s for ten seconds.
        #expect((392_000...396_000).contains(taken), "\(taken)")
        #expect(budget.take(bytes: 20_001, bitRate: 1e12, now: at(100)) == false)
        #expect(budget.take(bytes: 20_000, bitRate: 0, now: at(100)) == true)
    }
}

@Suite struct RTXEncapsulationTests {
    @Test(arguments: SequenceNumberTests.awkward)
    func theOriginalComesBack(number: UInt16) throws {
        let original = RTPPacket(header: RTPHeader(marker: true, payloadType: 102, sequenceNumber: number, timestamp: 9, ssrc: 1), payload: [4, 5, 6])
        var payload: [UInt8] = []
        RTXEncapsulation.write(originalSequenceNumber: number, to: &payload) { $0 += original.payload }
        #expect(payload.count == RTXEncapsulation.headerBytes + 3)
        var retransmission = RTPPacket(header: original.header, payload: payload[...])
        retransmission.header.ssrc = 2
        retransmission.header.payloadType = 103
        retransmission.header.sequenceNumber = 77
        #expect(RTXEncapsulation.original(of: retransmission, ssrc: 1, payloadType: 102) == original)
        retransmission.payload = [1]
        #expect(RTXEncapsulation.original(of: retransmission, ssrc: 1, payloadType: 102) == nil)
    }
}

@Suite struct KeyFrameLimiterTests {
    @Test func onePerIntervalAndNoneLost() {
        var limiter = KeyFrameLimiter()
        #expect(limiter.request(now: at(0)) == true)
        #expect(limiter.nextDeadline == nil)
        #expect(limiter.request(now: at(0.1)) == false && limiter.request(now: at(0.2)) == false)
        #expect(limiter.nextDeadline == at(0.5))
        #expect(limiter.tick(now: at(0.499)) == false)
        #expect(limiter.tick(now: at(0.5)) == true)
        #expect(limiter.nextDeadline == nil && limiter.tick(now: at(9)) == false)
        #expect(limiter.request(now: at(9)) == true)
    }

    @Test func aKeyFrameAnswersWhatWaited() {
        var limiter = KeyFrameLimiter()
        #expect(limiter.request(now: at(0)) == true)
        #expect(limiter.request(now: at(0.4)) == false)
        limiter.keyFrameSent()
        #expect(limiter.nextDeadline == nil && limiter.tick(now: at(1)) == false)
    }

    /// RFC 5104 §4.3.1.1: a repeated FIR has the same number and is not another request.
    @Test func aRepeatedFIRIsOneRequest() {
        var limiter = KeyFrameLimiter()
        #expect(limiter.request(.init(ssrc: 1, sequenceNumber: 255), from: 9, now: at(0)) == true)
        #expect(limiter.request(.init(ssrc: 1, sequenceNumber: 255), from: 9, now: at(2)) == false)
        #expect(limiter.request(.init(ssrc: 1, sequenceNumber: 0), from: 9, now: at(3)) == true)
        for requester in 0..<1000 as Range<UInt32> { _ = limiter.request(.init(ssrc: 1, sequenceNumber: 1), from: requester, now: at(4)) }
        #expect(limiter.request(.init(ssrc: 1, sequenceNumber: 0), from: 9, now: at(5)) == true, "forgotten among a thousand, heeded again")
    }
}

@Suite struct SenderReportClockTests {
    @Test func tiesRTPTimeToWallTime() {
        var clock = SenderReportClock(wallTime: .init(moment: at(0), unixTime: .seconds(816_003_205)), timestampOffset: .max)
        #expect(clock.timestamp(now: at(1)) == nil, "nothing sent yet")
        clock.sent(captured: at(10), pts90k: 900_000)
        #expect(clock.timestamp(pts90k: 900_000) == 899_999, "the offset wraps")
        #expect(clock.timestamp(now: at(10.5)) == UInt32(899_999 + 45_000))
        #expect(clock.ntp(now: at(0.125)).bits == 0xb44d_b705_2000_0000)
        #expect(clock.timestamp(pts90k: 1 << 32) == .max, "media time goes on, RTP time wraps")
    }
}
