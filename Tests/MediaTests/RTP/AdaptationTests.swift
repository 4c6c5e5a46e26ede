import Testing

@testable import Media

@Suite struct ViewerAdaptationTests {
    private let rates = ViewerAdaptation.Rates(main: 2_000_000, small: 300_000, keyFrames: 60_000)

    /// Feeds one estimate for a while, ten times a second; answers what changed.
    private func feed(
        _ adaptation: inout ViewerAdaptation, _ estimate: Double, from start: Double, seconds: Double
    ) -> [(rung: ViewerRung, time: Double)] {
        var changes: [(rung: ViewerRung, time: Double)] = []
        for step in 0..<Int(seconds * 10) {
            let time = start + Double(step) / 10
            if let rung = adaptation.update(estimate: estimate, rates: rates, now: at(time)) { changes.append((rung, time)) }
        }
        return changes
    }

    @Test func fallsSoonAndRisesSlowly() {
        var adaptation = ViewerAdaptation()
        #expect(feed(&adaptation, 3_000_000, from: 0, seconds: 5).isEmpty)
        let fall = feed(&adaptation, 1_000_000, from: 5, seconds: 5)
        #expect(fall.map(\.rung) == [.small] && abs((fall.first?.time ?? 0) - 5.2) < 0.11)
        #expect(feed(&adaptation, 2_400_000, from: 10, seconds: 10).isEmpty, "not enough room")
        let rise = feed(&adaptation, 2_600_000, from: 20, seconds: 10)
        #expect(rise.map(\.rung) == [.main] && abs((rise.first?.time ?? 0) - 23) < 0.11)
    }

    @Test func aDipIsNotAFall() {
        var adaptation = ViewerAdaptation()
        for second in 0..<20 {
            #expect(feed(&adaptation, 3_000_000, from: Double(second), seconds: 0.8).isEmpty)
            #expect(feed(&adaptation, 500_000, from: Double(second) + 0.8, seconds: 0.2).isEmpty)
        }
    }

    /// One false alarm of the estimator, healed within two seconds, costs nothing; a link that carries nine tenths is left after three.
    @Test func littleMissingIsEnduredForAWhile() {
        var adaptation = ViewerAdaptation()
        for second in 0..<10 {
            #expect(feed(&adaptation, 1_700_000, from: Double(second) * 3, seconds: 2).isEmpty)
            #expect(feed(&adaptation, 1_900_000, from: Double(second) * 3 + 2, seconds: 1).isEmpty)
        }
        let fall = feed(&adaptation, 1_700_000, from: 30, seconds: 5)
        #expect(fall.map(\.rung) == [.small] && abs((fall.first?.time ?? 0) - 33) < 0.11)
    }

    @Test func aTerribleLinkGetsKeyFramesAtOnce() {
        var adaptation = ViewerAdaptation()
        #expect(feed(&adaptation, 100_000, from: 0, seconds: 2).map(\.rung) == [.keyFrames], "not by way of the small stream")
        #expect(adaptation.wanted(rates) == 375_000)
        #expect(feed(&adaptation, 10_000_000, from: 2, seconds: 60).map(\.rung) == [.small, .main])
    }

    /// A link between two rungs for ten minutes: an estimate that looks good while little is sent, and bad as soon as more is.
    @Test func neverFlaps() {
        var adaptation = ViewerAdaptation()
        var changes: [Double] = []
        for step in 0..<6000 {
            let time = Double(step) / 10
            let estimate = adaptation.rung == .main ? 1_400_000.0 : 2_600_000
            if adaptation.update(estimate: estimate, rates: rates, now: at(time)) != nil { changes.append(time) }
        }
        #expect(changes.count <= 30, "\(changes.count) changes")
        let late = changes.filter { $0 > 200 }
        #expect(late.count <= 14, "at most a try in a minute once it is known: \(late)")
    }

    @Test func theCeilingHolds() {
        var adaptation = ViewerAdaptation(ceiling: .small)
        #expect(adaptation.rung == .small && adaptation.wanted(rates) == nil)
        #expect(feed(&adaptation, 10_000_000, from: 0, seconds: 100).isEmpty)
        adaptation.set(ceiling: .main, now: at(100))
        let rise = feed(&adaptation, 10_000_000, from: 100, seconds: 10)
        #expect(rise.map(\.rung) == [.main] && rise.first?.time == 100, "somebody looks: at once")
        adaptation.set(ceiling: .small, now: at(110))
        #expect(feed(&adaptation, 10_000_000, from: 110, seconds: 10).map(\.rung) == [.small])
        // A narrow link is not tried because somebody looks.
        adaptation.set(ceiling: .main, now: at(120))
        #expect(feed(&adaptation, 2_000_000, from: 120, seconds: 10).isEmpty)
    }

    /// A stream that never ran is guessed from the other: a tile can become large.
    @Test func theUnknownIsGuessed() {
        var adaptation = ViewerAdaptation(ceiling: .small)
        adaptation.set(ceiling: .main, now: at(0))
        let rates = ViewerAdaptation.Rates(small: 300_000)
        #expect(adaptation.wanted(rates) == 2_250_000)
        #expect(adaptation.update(estimate: 2_300_000, rates: rates, now: at(0)) == .main)
    }
}

@Suite struct StreamSwitchTests {
    private func unit(_ pts90k: Int64, key: Bool = false) -> PacketizedAccessUnit {
        PacketizedAccessUnit(bytes: [1], ends: [1], pts90k: pts90k, isKeyFrame: key, isDisposable: false, captured: at(0))!
    }

    @Test func beginsWithAKeyFrame() {
        var choice = StreamSwitch(rung: .main)
        #expect(choice.awaitsKeyFrame)
        #expect(choice.admits(unit(1), of: .main) == false)
        #expect(choice.admits(unit(2, key: true), of: .small) == false, "not the wanted stream")
        #expect(choice.admits(unit(3, key: true), of: .main) == true)
        #expect(choice.admits(unit(4), of: .main) == true && !choice.awaitsKeyFrame)
        #expect(choice.admits(unit(5), of: .small) == false)
    }

    @Test func changesOnlyAtKeyFrames() {
        var choice = StreamSwitch(rung: .main)
        #expect(choice.admits(unit(1, key: true), of: .main) == true)
        choice.set(.small)
        #expect(choice.awaitsKeyFrame)
        #expect(choice.admits(unit(2), of: .main) == true, "the old stream goes on")
        #expect(choice.admits(unit(2), of: .small) == false)
        #expect(choice.admits(unit(3, key: true), of: .small) == true)
        #expect(choice.admits(unit(4), of: .main) == false && choice.admits(unit(5, key: true), of: .main) == false)
        #expect(choice.admits(unit(4), of: .small) == true && !choice.awaitsKeyFrame)
    }

    @Test func timeNeverGoesBack() {
        var choice = StreamSwitch(rung: .main)
        #expect(choice.admits(unit(10, key: true), of: .main) == true)
        choice.set(.small)
        #expect(choice.admits(unit(10, key: true), of: .small) == false, "the small encoder lags")
        #expect(choice.admits(unit(11, key: true), of: .small) == true)
    }

    @Test func keyFramesAlone() {
        var choice = StreamSwitch(rung: .small)
        #expect(choice.admits(unit(1, key: true), of: .small) == true)
        choice.set(.keyFrames)
        #expect(choice.admits(unit(2), of: .small) == false)
        #expect(choice.admits(unit(3, key: true), of: .small) == true)
        choice.set(.small)
        #expect(choice.awaitsKeyFrame && choice.admits(unit(4), of: .small) == false, "it refers to pictures that were left out")
        #expect(choice.admits(unit(5, key: true), of: .small) == true)
        #expect(choice.admits(unit(6), of: .small) == true)
    }

    @Test func aHoleEndsAtAKeyFrame() {
        var choice = StreamSwitch(rung: .main)
        #expect(choice.admits(unit(1, key: true), of: .main) == true)
        choice.broke()
        #expect(choice.admits(unit(2), of: .main) == false && choice.awaitsKeyFrame)
        #expect(choice.admits(unit(3, key: true), of: .main) == true)
    }
}

@Suite struct PacerTests {
    @Test func aBurstThenTheRate() {
        var pacer = Pacer(bitRate: 1_000_000, now: at(0))
        var sent = 0
        while pacer.maySend(now: at(0)) {
            pacer.sent(bytes: 1200)
            sent += 1200
        }
        #expect(sent == Pacer.burstBytes)
        // 2.5 times 1 Mbit/s are 312,500 bytes a second.
        var now: MonotonicTime = at(0)
        #expect(pacer.nextTime(now: now) == at(0.005), "then some packets at once")
        sent = 0
        while now < at(1) {
            now = pacer.nextTime(now: now)
            #expect(pacer.maySend(now: now) == true, "the time that it named is right")
            pacer.sent(bytes: 1200)
            sent += 1200
        }
        #expect((310_000...316_000).contains(sent), "\(sent)")
        #expect(pacer.delay(of: 312_500).inSeconds > 0.99 && pacer.delay(of: 312_500).inSeconds < 1.05)
    }

    @Test func anEmptyBucketSendsAtOnce() {
        var pacer = Pacer(bitRate: 1_000_000, now: at(0))
        for _ in 0..<100 { pacer.sent(bytes: 1200) }
        #expect(pacer.maySend(now: at(0.1)) == false)
        #expect(pacer.maySend(now: at(1)) == true && pacer.nextTime(now: at(1)) == at(1))
        pacer.set(bitRate: 0, now: at(1))
        #expect(pacer.delay(of: 0) == .zero)
    }
}

@Suite struct ProbeTests {
    private func feed(_ results: inout ProbeResults, sendingAt rate: Double, arrivingAt arriving: Double, packets: Int = 12) -> Double? {
        var shown: Double?
        for index in 0..<packets {
            let packet = SentPacketLog.Packet(sent: at(Double(index) * 9600 / rate), bytes: 1200, probe: 1)
            if let rate = results.add(1, packet, arrived: Double(index) * 9600 / arriving) { shown = rate }
        }
        return shown
    }

    @Test func whatComesAsFastAsItWasSentIsCarried() throws {
        var results = ProbeResults()
        let shown = try #require(feed(&results, sendingAt: 4_000_000, arrivingAt: 4_000_000))
        #expect(abs(shown - 4_000_000) < 1000)
    }

    @Test func whatComesSlowerShowsTheLink() throws {
        var results = ProbeResults()
        let shown = try #require(feed(&results, sendingAt: 4_000_000, arrivingAt: 1_000_000))
        #expect(abs(shown - 950_000) < 1000)
    }

    @Test func tooFewOrTooFastShowNothing() {
        var results = ProbeResults()
        #expect(feed(&results, sendingAt: 4_000_000, arrivingAt: 4_000_000, packets: 5) == nil)
        results = ProbeResults()
        #expect(feed(&results, sendingAt: 4_000_000, arrivingAt: 9_000_000) == nil)
    }

    @Test func probesAreRareAndRarerInVain() throws {
        var plan = ProbePlan(now: at(0))
        var times: [Double] = []
        for step in 0..<6000 {
            let time = Double(step) / 10
            if let burst = plan.burst(wanted: 2_500_000, estimate: 500_000, isQuiet: true, packetBytes: 1200, now: at(time)) {
                times.append(time)
                #expect(burst.bitRate == 1_500_000 && burst.packets == 8, "three times the estimate at most")
            }
        }
        #expect(times.count <= 14 && times.first == 3, "\(times)")
        #expect(plan.burst(wanted: 400_000, estimate: 500_000, isQuiet: true, packetBytes: 1200, now: at(9999)) == nil, "known to be carried")
        #expect(plan.burst(wanted: nil, estimate: 500_000, isQuiet: true, packetBytes: 1200, now: at(9999)) == nil)
        #expect(plan.burst(wanted: 2_500_000, estimate: 500_000, isQuiet: false, packetBytes: 1200, now: at(9999)) == nil, "not into trouble")
        plan.postpone(now: at(20_000))
        #expect(plan.burst(wanted: 2_500_000, estimate: 500_000, isQuiet: true, packetBytes: 1200, now: at(20_002)) == nil, "not after a fall")
        #expect(plan.burst(wanted: 2_500_000, estimate: 500_000, isQuiet: true, packetBytes: 1200, now: at(20_061)) != nil)
    }
}
