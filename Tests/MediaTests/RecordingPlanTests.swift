import Testing

@testable import Media

@Suite struct RecordingPlanTests {
    private func request(triggered: Double, until: Double, event: String = "e") -> RecordingRequest {
        RecordingRequest(event: event, kind: "motion", triggered: at(triggered), from: at(triggered - 10), until: at(until))
    }

    private func names(_ actions: [RecordingPlan.Action]) -> [String] {
        actions.map {
            switch $0 {
            case .open(_, _, let continues): continues ? "continue" : "open"
            case .append: "append"
            case .cut: "cut"
            case .close(let reason, _, _): "close \(reason)"
            }
        }
    }

    @Test func opensAtAKeyFrameAndEndsAfterTheLastRequest() {
        var plan = RecordingPlan(settings: RecordingSettings())
        #expect(plan.unit(picture(0, key: true)).isEmpty)
        #expect(plan.request(request(triggered: 10, until: 15)) == true)
        #expect(plan.unit(picture(0.9)).isEmpty, "a clip cannot begin with a picture that depends on others")
        #expect(names(plan.unit(picture(1, key: true))) == ["open", "append"])
        #expect(plan.request(request(triggered: 10, until: 15)) == false, "the same request again changes nothing")
        #expect(plan.openUntil == at(15))
        #expect(plan.request(request(triggered: 12, until: 17)) == false)
        #expect(plan.openUntil == at(17))
        #expect(plan.request(request(triggered: 12, until: 11)) == false, "an earlier end does not shorten")
        #expect(plan.openUntil == at(17))
        #expect(names(plan.unit(picture(16.9))) == ["cut", "append"])
        #expect(names(plan.unit(picture(17))) == ["close motionEnded"])
        #expect(!plan.wantsUnits)
    }

    /// An event that begins in the moment between the end of another and the end of its clip, and one that comes before the first key frame.
    @Test func aClipShowsWhatItHolds() {
        var plan = RecordingPlan(settings: RecordingSettings())
        #expect(plan.request(request(triggered: 10, until: 15, event: "a")) == true)
        #expect(plan.request(request(triggered: 10, until: 12, event: "b")) == false)
        #expect(names(plan.unit(picture(1, key: true))) == ["open", "append"] && plan.events(at: at(1)) == ["a", "b"])
        #expect(names(plan.unit(picture(14.9))) == ["cut", "append"])
        #expect(plan.request(request(triggered: 15.1, until: 25, event: "c")) == false)
        #expect(plan.events(at: at(15)) == ["c"] && plan.openUntil == at(25))
        // The file that goes on shows what still happens, not what is over.
        #expect(plan.request(request(triggered: 16, until: 700, event: "c")) == false)
        #expect(names(plan.unit(picture(602, key: true))) == ["close maximumLength", "continue", "append"])
        #expect(plan.events(at: at(602)) == ["c"])
        #expect(names(plan.unit(picture(700))) == ["close motionEnded"] && plan.events(at: at(602)).isEmpty)
        for number in 0..<1000 { _ = plan.request(request(triggered: 800, until: 900, event: "\(number)")) }
        #expect(plan.events(at: at(800)).count == 32)
    }

    /// Somebody deleted the file that grows: the rest of the happening goes into another one.
    @Test func aLostClipIsFollowedByAnother() {
        var plan = RecordingPlan(settings: RecordingSettings())
        #expect(plan.request(request(triggered: 0, until: 20)) == true)
        #expect(names(plan.unit(picture(0, key: true))) == ["open", "append"])
        plan.sinkLost()
        #expect(names(plan.unit(picture(1))) == ["cut", "append"], "a clip can only begin with a key frame")
        #expect(names(plan.unit(picture(2, key: true))) == ["close sinkLost", "continue", "append"])
        #expect(names(plan.unit(picture(4, key: true))) == ["cut", "append"], "the next one is not lost")
        #expect(names(plan.unit(picture(20))) == ["close motionEnded"])
        plan.sinkLost()
        #expect(plan.wantsUnits == false, "without a clip nothing can be lost")
    }

    @Test func aClipHasItsMinimumLength() {
        var plan = RecordingPlan(settings: RecordingSettings())
        #expect(plan.request(request(triggered: 1, until: 3)) == true)
        _ = plan.unit(picture(1, key: true))
        #expect(plan.openUntil == at(11))
        #expect(names(plan.unit(picture(10.9))) == ["cut", "append"])
        #expect(names(plan.unit(picture(11))) == ["close motionEnded"])
    }

    @Test func cutsEveryHalfSecondAndAtEachKeyFrame() {
        var plan = RecordingPlan(settings: RecordingSettings())
        #expect(plan.request(request(triggered: 0, until: 100)) == true)
        var cuts: [Double] = []
        for index in 0..<50 {
            let time = Double(index) / 10
            for action in plan.unit(picture(time, key: index % 17 == 0)) {
                if case .cut(let next, _, let isKey) = action {
                    cuts.append((next.captured - origin).inSeconds)
                    #expect(isKey == (cuts.count == 1 || [1.7, 3.4].contains { abs(cuts[cuts.count - 2] - $0) < 1e-6 }))
                }
            }
        }
        #expect(cuts.map { ($0 * 10).rounded() / 10 } == [0.5, 1, 1.5, 1.7, 2.2, 2.7, 3.2, 3.4, 3.9, 4.4, 4.9])
    }

    @Test func aLongRecordingGoesOnInANewFileAtAKeyFrame() {
        var settings = RecordingSettings()
        settings.maximumClip = .seconds(20)
        var plan = RecordingPlan(settings: settings)
        #expect(plan.request(request(triggered: 0, until: 45)) == true)
        var log: [String] = []
        for index in 0..<500 where plan.wantsUnits {
            let actions = plan.unit(picture(Double(index) / 10, key: index % 15 == 0))
            log += names(actions).filter { $0 != "append" && $0 != "cut" }.map { "\($0) at \(Double(index) / 10)" }
        }
        #expect(
            log == [
                "open at 0.0", "close maximumLength at 21.0", "continue at 21.0", "close maximumLength at 42.0", "continue at 42.0",
            ], "\(log)")
        #expect(log.filter { $0.hasPrefix("continue") }.count == 2)
    }

    @Test func aLostSourceClosesTheClipAndReopensWhenItComesBackInTime() {
        var plan = RecordingPlan(settings: RecordingSettings())
        #expect(plan.request(request(triggered: 0, until: 30)) == true)
        _ = plan.unit(picture(0, key: true))
        #expect(names(plan.interrupted("unplugged", now: at(5))) == [#"close sourceLost("unplugged")"#])
        #expect(plan.wantsUnits)
        #expect(names(plan.unit(picture(8, key: true))) == ["open", "append"])
        #expect(names(plan.interrupted("again", now: at(31))) == [#"close sourceLost("again")"#])
        #expect(!plan.wantsUnits)
    }

    @Test func stoppingClosesWhatIsOpen() {
        var plan = RecordingPlan(settings: RecordingSettings())
        #expect(plan.stop().isEmpty)
        #expect(plan.request(request(triggered: 0, until: 30)) == true)
        #expect(plan.stop().isEmpty)
        #expect(plan.request(request(triggered: 0, until: 30)) == true)
        _ = plan.unit(picture(0, key: true))
        #expect(names(plan.stop()) == ["close stopped"])
        #expect(!plan.wantsUnits)
    }

    /// Random requests, pictures and faults: opens and closes alternate, every clip begins with a key frame, nothing is appended outside one,
    /// and no clip is shorter than the minimum unless it was stopped or its source was lost.
    @Test func keepsItsInvariantsUnderAnything() {
        for round in 0..<200 {
            let seed = UInt64(round) &* 7919 &+ 17
            var generator = SeededGenerator(state: seed)
            var settings = RecordingSettings()
            settings.maximumClip = .seconds(30)
            var plan = RecordingPlan(settings: settings)
            var openSince: ContinuousClock.Instant?
            for index in 0..<1500 {
                let now = Double(index) / 10
                var actions: [RecordingPlan.Action] = []
                if Int.random(in: 0..<60, using: &generator) == 0 {
                    _ = plan.request(request(triggered: now, until: now + Double.random(in: -3...20, using: &generator)))
                }
                switch Int.random(in: 0..<400, using: &generator) {
                case 0: actions = plan.interrupted("fault", now: at(now))
                case 1: actions = plan.stop()
                default: actions = plan.unit(picture(now, key: Int.random(in: 0..<12, using: &generator) == 0))
                }
                for action in actions {
                    switch action {
                    case .open(let first, _, _):
                        #expect(openSince == nil && first.isVideoKeyFrame, "seed \(seed)")
                        openSince = first.captured
                    case .append, .cut: #expect(openSince != nil, "seed \(seed)")
                    case .close(let reason, _, _):
                        if reason == .motionEnded, let openSince { #expect(at(now) - openSince >= .seconds(10), "seed \(seed)") }
                        if reason == .maximumLength, let openSince { #expect(at(now) - openSince >= .seconds(30), "seed \(seed)") }
                        #expect(openSince != nil, "seed \(seed)")
                        openSince = nil
                    }
                }
                #expect((plan.openUntil != nil) == (openSince != nil), "seed \(seed)")
            }
        }
    }
}
