import Testing

@testable import Media

@Suite struct BandwidthEstimatorTests {
    static let seeds: [UInt64] = [1, 2, 3, 42]

    /// Nothing limits: the estimate grows to what the source sends, with room.
    @Test(arguments: seeds)
    func growsOnAWideLink(seed: UInt64) {
        var settings = BandwidthEstimator.Settings()
        settings.startBitRate = 300_000
        var link = BottleneckLink(link: .init(bitRate: 50_000_000), seed: seed, settings: settings)
        link.sourceBitRate = 4_000_000
        link.run(seconds: 60)
        #expect(link.estimator.bitRate > 4_000_000 && link.estimator.bitRate < 8_000_000, "seed \(seed): \(link.estimator.bitRate)")
        #expect(link.lostPackets == 0 && link.estimator.loss == 0)
    }

    /// A stream larger than the first guess, on a link that carries it: known before anything is taken back.
    @Test(arguments: seeds)
    func aLargeStreamIsGivenTheBenefitOfDoubt(seed: UInt64) {
        var link = BottleneckLink(link: .init(bitRate: 100_000_000), seed: seed)
        link.sourceBitRate = 12_000_000
        link.overrun = 12_000_000
        link.run(seconds: 0.4)
        #expect(link.estimator.bitRate > 12_000_000, "seed \(seed): \(link.estimator.bitRate)")
    }

    /// It finds the link's rate, keeps the queue short, and loses little.
    @Test(arguments: seeds, [500_000.0, 1_500_000, 6_000_000])
    func findsTheBottleneck(seed: UInt64, bitRate: Double) {
        var link = BottleneckLink(link: .init(bitRate: bitRate, queueBytes: Int(bitRate / 8)), seed: seed)
        link.run(seconds: 30)
        let mean = link.run(seconds: 60)
        #expect(mean > 0.6 * bitRate && mean < 1.05 * bitRate, "seed \(seed): \(mean) on \(bitRate)")
        #expect(link.worstQueue < 0.4, "seed \(seed): \(link.worstQueue) s of queue, where 1 s fits")
    }

    /// Reports that waited to be read tell no more than how long the way is at most.
    @Test func waitingIsNotTakenForTheWay() {
        var estimator = BandwidthEstimator()
        func report(_ milliseconds: Int, hasWaited: Bool, at second: Double) {
            estimator.handle(
                ReportBlock(ssrc: 1), roundTrip: .milliseconds(milliseconds), hasWaited: hasWaited, hasTransportFeedback: true, now: at(second))
        }
        report(4, hasWaited: false, at: 0)
        for second in 1...60 { report(35, hasWaited: true, at: Double(second)) }
        #expect(estimator.roundTrip == .milliseconds(4))
        for second in 61...90 { report(1, hasWaited: true, at: Double(second)) }
        #expect(estimator.roundTrip < .milliseconds(2), "it became shorter")
        for second in 91...120 { report(35, hasWaited: false, at: Double(second)) }
        #expect(estimator.roundTrip > .milliseconds(30))
    }

    /// The link halves, and later doubles.
    @Test(arguments: seeds)
    func followsAStepDownAndUp(seed: UInt64) {
        var link = BottleneckLink(link: .init(bitRate: 4_000_000, queueBytes: 250_000), seed: seed)
        link.run(seconds: 30)
        link.link.bitRate = 1_000_000
        link.run(seconds: 3)
        #expect(link.estimator.bitRate < 1_100_000, "seed \(seed): \(link.estimator.bitRate) three seconds after the step")
        // The queue that grew meanwhile drains; then it stays short.
        link.run(seconds: 7)
        let low = link.run(seconds: 20)
        #expect(low > 550_000 && low < 1_050_000, "seed \(seed): \(low)")
        #expect(link.worstQueue < 0.7, "seed \(seed): \(link.worstQueue) s of queue, where 2 s fit")
        link.link.bitRate = 4_000_000
        link.run(seconds: 40)
        #expect(link.estimator.bitRate > 2_000_000, "seed \(seed): \(link.estimator.bitRate) after the step up")
    }

    /// Loss by chance is not congestion (draft-ietf-rmcat-gcc-02 §6): up to 10 % nothing falls.
    @Test(arguments: seeds)
    func lossByChanceIsEndured(seed: UInt64) {
        var link = BottleneckLink(link: .init(bitRate: 20_000_000, delay: 0.05, loss: 0.05, jitter: 0.002), seed: seed)
        link.sourceBitRate = 2_500_000
        link.run(seconds: 60)
        #expect(link.estimator.bitRate > 2_500_000, "seed \(seed): \(link.estimator.bitRate)")
        #expect(link.estimator.loss > 0)
    }

    /// More than that is taken for congestion, whatever the delays say.
    @Test(arguments: seeds)
    func heavyLossLowersTheRate(seed: UInt64) {
        var link = BottleneckLink(link: .init(bitRate: 20_000_000, loss: 0.3), seed: seed)
        link.sourceBitRate = 2_500_000
        link.run(seconds: 20)
        #expect(link.estimator.bitRate < 500_000, "seed \(seed): \(link.estimator.bitRate)")
    }

    /// Jitter of a radio link is not a queue.
    @Test(arguments: seeds)
    func jitterIsEndured(seed: UInt64) {
        var link = BottleneckLink(link: .init(bitRate: 20_000_000, delay: 0.03, jitter: 0.010), seed: seed)
        link.sourceBitRate = 2_000_000
        link.run(seconds: 60)
        #expect(link.estimator.bitRate > 2_000_000, "seed \(seed): \(link.estimator.bitRate)")
    }

    @Test func silenceHalvesTheRate() {
        var link = BottleneckLink(link: .init(bitRate: 10_000_000), seed: 1)
        link.sourceBitRate = 2_000_000
        link.run(seconds: 5)
        let before = link.estimator.bitRate
        link.link.loss = 1
        link.run(seconds: 1)
        #expect(link.estimator.bitRate == before)
        link.run(seconds: 6)
        #expect(link.estimator.bitRate < before / 8)
        link.run(seconds: 60)
        #expect(link.estimator.bitRate == BandwidthEstimator.Settings().minimumBitRate)
        // A link that comes back is taken into use again.
        link.link.loss = 0
        link.run(seconds: 60)
        #expect(link.estimator.bitRate > 500_000, "\(link.estimator.bitRate)")
    }

    /// A picture every two seconds is reported on soon after each: nothing is wrong with the link.
    @Test func whoIsSentLittleIsNotSilent() {
        var estimator = BandwidthEstimator()
        var log = SentPacketLog()
        for second in stride(from: 0.0, to: 20, by: 2) {
            let sequence = log.append(bytes: 1000, now: at(second))
            estimator.tick(unreportedSince: log.unreportedSince, now: at(second + 0.05))
            let feedback = TransportFeedback(
                senderSSRC: 1, mediaSSRC: 2, baseSequence: sequence, referenceTime: Int32(second / 0.064), feedbackCount: 0, arrivals: [0])
            estimator.handle(log.reports(in: feedback), now: at(second + 0.1))
            for tick in 2..<20 { estimator.tick(unreportedSince: log.unreportedSince, now: at(second + Double(tick) * 0.1)) }
        }
        #expect(estimator.bitRate >= BandwidthEstimator.Settings().startBitRate, "\(estimator.bitRate)")
    }

    @Test func theReceiversOwnLimitIsHeeded() {
        var estimator = BandwidthEstimator()
        estimator.handle(.init(senderSSRC: 1, bitRate: 700_000, ssrcs: []), now: at(0))
        #expect(estimator.bitRate == 700_000)
        estimator.handle(.init(senderSSRC: 1, bitRate: .max, ssrcs: []), now: at(1))
        #expect(estimator.bitRate == 3_000_000)
        estimator.handle(.init(senderSSRC: 1, bitRate: 0, ssrcs: []), now: at(1))
        #expect(estimator.bitRate == 50_000)
        // It sees half a megabit a second, and finds that half as much again would do: it cannot know of more.
        estimator.handle(.init(senderSSRC: 1, bitRate: 750_000, ssrcs: []), sending: 500_000, now: at(2))
        #expect(estimator.bitRate == 3_000_000)
        estimator.handle(.init(senderSSRC: 1, bitRate: 600_000, ssrcs: []), sending: 500_000, now: at(3))
        #expect(estimator.bitRate == 600_000)
    }

    /// Where only receiver reports come, their loss counts.
    @Test func reportsAloneLowerTheRate() {
        var estimator = BandwidthEstimator()
        for second in 0..<10 {
            estimator.handle(
                ReportBlock(ssrc: 1, fractionLost: 64), roundTrip: .milliseconds(50), hasTransportFeedback: false, now: at(Double(second)))
        }
        #expect(estimator.bitRate < 1_000_000)
        #expect(estimator.roundTrip < .milliseconds(60))
    }

    /// Or their lack of it: who reports no delays is not held at the rate that a session begins with.
    @Test func reportsWithoutLossRaiseTheRate() {
        var estimator = BandwidthEstimator()
        func report(_ lost: UInt8, at second: Double) {
            estimator.handle(ReportBlock(ssrc: 1, fractionLost: lost), roundTrip: .milliseconds(20), hasTransportFeedback: false, now: at(second))
        }
        // However often they come.
        for step in 0..<40 { report(0, at: Double(step) / 10) }
        #expect(estimator.bitRate > 5_000_000 && estimator.bitRate < 7_000_000, "\(estimator.bitRate)")
        for second in 4..<60 { report(0, at: Double(second)) }
        #expect(estimator.bitRate == BandwidthEstimator.Settings().maximumBitRate)
        for second in 60..<64 { report(64, at: Double(second)) }
        #expect(estimator.bitRate < 20_000_000, "\(estimator.bitRate)")
    }

    /// Feedback that contradicts itself, repeats or lies moves the rate within its limits and nothing else.
    @Test func isTotalOnAnything() {
        for seed in ByteMutator.seeds {
            var generator = SeededGenerator(state: seed)
            var estimator = BandwidthEstimator()
            var log = SentPacketLog()
            for step in 0..<2000 {
                for _ in 0..<5 { _ = log.append(bytes: 1200, probe: step % 7 == 0 ? step / 7 : nil, now: at(Double(step) / 100)) }
                let feedback = TransportFeedback(
                    senderSSRC: 1, mediaSSRC: 2, baseSequence: UInt16.random(in: 0 ... .max, using: &generator),
                    referenceTime: Int32.random(in: -0x80_0000...0x7f_ffff, using: &generator), feedbackCount: 0,
                    arrivals: (0..<200).map { _ in Bool.random(using: &generator) ? Int32.random(in: -100_000...100_000, using: &generator) : nil })
                estimator.handle(log.reports(in: feedback), now: at(Double(step) / 100))
                let limits = BandwidthEstimator.Settings()
                #expect(estimator.bitRate >= limits.minimumBitRate && estimator.bitRate <= limits.maximumBitRate, "seed \(seed)")
            }
        }
    }
}

@Suite struct PacketGroupsTests {
    /// draft-ietf-rmcat-gcc-02 §5.2: what was sent within 5 ms is one group; groups are compared by their last packets.
    @Test func burstsAreOneGroup() {
        var groups = PacketGroups()
        var variations: [PacketGroups.Variation] = []
        for (departure, arrival) in [(0.0, 1.0), (0.004, 1.010), (0.033, 1.035), (0.036, 1.050), (0.066, 1.070), (0.1, 1.2)] {
            if let variation = groups.add(departure: departure, arrival: arrival) { variations.append(variation) }
        }
        #expect(variations.count == 2)
        #expect(abs(variations[0].departure - 0.032) < 1e-9 && abs(variations[0].arrival - 0.040) < 1e-9 && variations[0].arrived == 1.050)
        #expect(abs(variations[1].departure - 0.030) < 1e-9 && abs(variations[1].arrival - 0.020) < 1e-9)
    }

    /// A packet of a group that is over, come late, changes nothing.
    @Test func overtakenPacketsAreLeftOut() {
        let packets = (0..<40).map { (departure: Double($0) * 0.01, arrival: 5 + Double($0) * 0.011) }
        var orderly = PacketGroups()
        var overtaken = PacketGroups()
        for (index, packet) in packets.enumerated() {
            let expected = orderly.add(departure: packet.departure, arrival: packet.arrival)
            #expect(overtaken.add(departure: packet.departure, arrival: packet.arrival) == expected)
            if index > 3 { #expect(overtaken.add(departure: packet.departure - 0.025, arrival: packet.arrival + 0.001) == nil) }
        }
    }

    @Test func aClockThatJumpsBeginsAnew() {
        var groups = PacketGroups()
        for step in 0..<5 { _ = groups.add(departure: Double(step) * 0.01, arrival: Double(step) * 0.01) }
        for step in 5..<8 { #expect(groups.add(departure: Double(step) * 0.01, arrival: 100 + Double(step) * 0.01).map { $0.arrival < 1 } ?? true) }
        #expect(groups.add(departure: 0.08, arrival: 100.08) != nil, "after which it goes on")
    }
}

@Suite struct SentPacketLogTests {
    private func feedback(_ base: UInt16, _ reference: Int32, _ arrivals: [Int32?]) -> TransportFeedback {
        TransportFeedback(senderSSRC: 1, mediaSSRC: 2, baseSequence: base, referenceTime: reference, feedbackCount: 0, arrivals: arrivals)
    }

    @Test(arguments: SequenceNumberTests.awkward)
    func reportsEachArrivalOnce(start: UInt16) {
        var log = SentPacketLog(firstSequence: start)
        for step in 0..<6 { #expect(log.append(bytes: 100 + step, now: at(Double(step))) == start &+ UInt16(step)) }
        #expect(log.unreportedSince == at(0))
        let first = log.reports(in: feedback(start &- 1, 10, [0, 4, nil, 8]))
        #expect(first.map(\.packet.bytes) == [100, 101, 102] && first.map(\.received) == [.milliseconds(641), nil, .milliseconds(642)])
        #expect(log.unreportedSince == nil)
        let second = log.reports(in: feedback(start, 10, [4, 12, 8, nil]))
        #expect(second.map(\.packet.bytes) == [101, 103], "what had arrived is not told twice; what was late is")
    }

    /// The 24 bits of reference time wrap after 12 days.
    @Test func theReferenceTimeWraps() {
        var log = SentPacketLog()
        var times: [Duration?] = []
        for reference: Int32 in [0x7f_fffe, 0x7f_ffff, -0x80_0000, -0x7f_ffff] {
            let sequence = log.append(bytes: 1, now: at(0))
            times += log.reports(in: feedback(sequence, reference, [0])).map(\.received)
        }
        let start = Duration.milliseconds(64 * 0x7f_fffe)
        #expect(times == [start, start + .milliseconds(64), start + .milliseconds(128), start + .milliseconds(192)])
    }

    /// What is overtaken is not lost, what is long overdue is: and that is told once.
    @Test(arguments: SequenceNumberTests.awkward)
    func whatIsOverdueIsLost(start: UInt16) {
        var log = SentPacketLog(firstSequence: start)
        for step in 0..<8 { _ = log.append(bytes: 1, probe: step == 1 ? 1 : nil, original: step == 1 ? nil : UInt16(step), now: at(Double(step) / 100)) }
        _ = log.reports(in: feedback(start, 1, [0, nil, nil, 0]))
        #expect(log.newLosses().map(\.sent) == [at(0.01)], "20 ms before the newest that arrived")
        _ = log.reports(in: feedback(start &+ 2, 1, [nil, 0, nil, nil, 0]))
        let losses = log.newLosses()
        #expect(losses.map(\.sequenceNumber) == [2, 4] && losses.map(\.sent) == [at(0.02), at(0.04)])
        _ = log.reports(in: feedback(start &+ 2, 1, [nil, 0, nil, 0, 0, 0]))
        #expect(log.newLosses().isEmpty, "5 was only late, the others are known")
    }

    @Test func lossesAreBounded() {
        var log = SentPacketLog()
        for _ in 0..<2000 { _ = log.append(bytes: 1, original: 1, now: at(0)) }
        _ = log.append(bytes: 1, now: at(1))
        _ = log.reports(in: feedback(0, 0, [Int32?](repeating: nil, count: 2000) + [0]))
        #expect(log.newLosses().count == SentPacketLog.missingLimit)
    }

    @Test func old() {
        var log = SentPacketLog()
        for _ in 0..<SentPacketLog.capacity + 1 { _ = log.append(bytes: 1, now: at(0)) }
        #expect(log.reports(in: feedback(0, 0, [0, 0])).count == 1, "the oldest is forgotten")
    }
}
