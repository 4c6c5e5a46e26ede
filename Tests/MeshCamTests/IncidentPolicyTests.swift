import Gossip
import Testing

@testable import MeshCam

@Suite struct IncidentPolicyTests {
    private let start = ContinuousClock.now

    private func id(_ digit: Character) -> EventID { EventID(hex: String(repeating: digit, count: 32))! }
    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    /// This camera notices something and the group's id for it comes back.
    private func begin(_ policy: inout IncidentPolicy, _ digit: Character, at moment: Double) {
        #expect(policy.noticed(kind: "motion", label: nil, at: at(moment)) == [.announce(incident: nil, kind: "motion", label: nil, at: at(moment))])
        _ = policy.began(id(digit), origin: "porch", kind: "motion", label: nil, at: at(moment))
    }

    /// What was recorded: event, from and until, in seconds.
    private func recordings(_ actions: [IncidentPolicy.Action]) -> [String] {
        actions.compactMap { action in
            guard case .record(let incident, _, let from, let until) = action else { return nil }
            return "\("\(incident.id)".first!) \((from - start) / .seconds(1))…\((until - start) / .seconds(1))"
        }
    }

    @Test func aClipBeginsBeforeAndEndsAfter() {
        var policy = IncidentPolicy()
        _ = policy.noticed(kind: "motion", label: nil, at: at(100))
        #expect(recordings(policy.began(id("a"), origin: "porch", kind: "motion", label: nil, at: at(100))) == ["a 90.0…110.0"])
        #expect(recordings(policy.noticed(kind: "motion", label: nil, at: at(103))) == ["a 93.0…110.0"], "at least ten seconds")
        #expect(recordings(policy.noticed(kind: "motion", label: nil, at: at(107))) == ["a 97.0…112.0"], "then five after the last motion")
    }

    @Test func theGroupHearsWhileItLasts() {
        var policy = IncidentPolicy()
        begin(&policy, "a", at: 0)
        let told = [1.0, 2, 3, 4, 5].filter { moment in
            policy.noticed(kind: "motion", label: nil, at: at(moment)).contains {
                if case .announce(id("a"), _, _, _) = $0 { true } else { false }
            }
        }
        #expect(told == [2, 4])
    }

    @Test func laterMotionIsAnotherIncident() {
        var policy = IncidentPolicy()
        begin(&policy, "a", at: 0)
        begin(&policy, "b", at: 10.5)
        #expect(policy.current?.id == id("b"))
    }

    @Test func aBusyStreetIsCutIntoIncidents() {
        var policy = IncidentPolicy()
        begin(&policy, "a", at: 0)
        for second in 1..<600 { #expect(!policy.noticed(kind: "motion", label: nil, at: at(Double(second))).contains { if case .announce(nil, _, _, _) = $0 { true } else { false } }) }
        begin(&policy, "b", at: 600)
    }

    @Test func whatOthersSeeIsRecordedHereToo() {
        var policy = IncidentPolicy()
        #expect(recordings(policy.heard(id("c"), origin: "garage", kind: "motion", label: nil, at: at(50), now: at(50))) == ["c 40.0…60.0"])
        #expect(recordings(policy.heard(id("c"), origin: "garage", kind: "motion", label: nil, at: at(58), now: at(58))) == ["c 48.0…63.0"])
        let own = policy.noticed(kind: "motion", label: nil, at: at(61))
        #expect(recordings(own) == ["c 51.0…66.0"], "our own motion belongs to the incident that is open")
        #expect(own.contains(.announce(incident: id("c"), kind: "motion", label: nil, at: at(61))))
    }

    @Test(arguments: [("a", "b", "a"), ("b", "a", "a")] as [(Character, Character, Character)])
    func twoNamesForOneHappeningBecomeOne(own: Character, other: Character, kept: Character) {
        var policy = IncidentPolicy()
        begin(&policy, own, at: 0)
        let actions = policy.heard(id(other), origin: "garage", kind: "motion", label: nil, at: at(0.2), now: at(0.2))
        #expect(actions.contains(.join(id(other), with: id(own))))
        #expect(policy.current?.id == id(kept))
        #expect(recordings(actions).allSatisfy { $0.hasPrefix("\(own) ") }, "the clip that is open keeps its name")
    }

    @Test func lateNewsReachesBackIntoThePreRoll() {
        var policy = IncidentPolicy()
        #expect(recordings(policy.heard(id("c"), origin: "garage", kind: "motion", label: nil, at: at(-4), now: at(0))) == ["c -14.0…6.0"])
    }

    /// A trigger that was a minute on its way finds nothing to record: the pre-roll (10 s) begins after all of it (10 s).
    @Test func whatIsOverIsNotRecorded() {
        var policy = IncidentPolicy()
        for late in [20.0, 21, 59] {
            #expect(policy.heard(id("c"), origin: "garage", kind: "motion", label: nil, at: at(0), now: at(late)).isEmpty, "\(late)")
            #expect(policy.heard(id("c"), origin: "garage", kind: "manual", label: nil, at: at(0), now: at(late)).isEmpty, "\(late)")
        }
        #expect(policy.current == nil)
        #expect(recordings(policy.heard(id("c"), origin: "garage", kind: "motion", label: nil, at: at(0), now: at(19.9))) == ["c -10.0…10.0"])
    }

    /// Neither by its name, which sorts first, nor by its times. It is recorded all the same: the present clip's pre-roll shows a part of it.
    @Test func lateNewsOfWhatEndedBeforeIsRecordedAndReplacesNothing() {
        var policy = IncidentPolicy()
        begin(&policy, "b", at: 30)
        let before = policy.current
        let late = policy.heard(id("a"), origin: "garage", kind: "motion", label: nil, at: at(19), now: at(31), coolDown: .seconds(30))
        #expect(recordings(late) == ["a 9.0…29.0"])
        #expect(late.count == 1)
        #expect(policy.current == before)
        // What reaches into it still belongs to it.
        #expect(policy.heard(id("c"), origin: "garage", kind: "motion", label: nil, at: at(25), now: at(34)).contains(.join(id("c"), with: id("b"))))
    }
}

@Suite struct CoolDownTests {
    private let start = ContinuousClock.now
    private func id(_ digit: Character) -> EventID { EventID(hex: String(repeating: digit, count: 32))! }
    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    /// An incident from 0 to 10 s.
    private var afterIncident: IncidentPolicy {
        var policy = IncidentPolicy()
        _ = policy.noticed(kind: "motion", label: nil, at: at(0), coolDown: .seconds(30))
        _ = policy.began(id("a"), origin: "porch", kind: "motion", label: nil, at: at(0))
        return policy
    }

    /// A camera that heard nothing for a while records on when it hears of the same incident again.
    @Test func theSameIncidentIsNotCooledDown() {
        var policy = IncidentPolicy()
        _ = policy.heard(id("a"), origin: "garage", kind: "motion", label: nil, at: at(0), now: at(0), coolDown: .seconds(60))
        let later = policy.heard(id("a"), origin: "garage", kind: "motion", label: nil, at: at(30), now: at(30), coolDown: .seconds(60))
        #expect(!later.isEmpty)
        #expect(policy.heard(id("b"), origin: "garage", kind: "motion", label: nil, at: at(60), now: at(60), coolDown: .seconds(60)).isEmpty)
    }

    @Test func nothingStartsBeforeItIsOver() {
        var policy = afterIncident
        #expect(policy.noticed(kind: "motion", label: nil, at: at(9), coolDown: .seconds(30)).count == 2, "what is running goes on")
        // Until 14 s now.
        for moment in [14.5, 20, 43.9] {
            #expect(policy.noticed(kind: "motion", label: nil, at: at(moment), coolDown: .seconds(30)).isEmpty, "\(moment)")
            #expect(policy.heard(id("b"), origin: "yard", kind: "motion", label: nil, at: at(moment), now: at(moment), coolDown: .seconds(30)).isEmpty, "\(moment)")
        }
        #expect(!policy.noticed(kind: "motion", label: nil, at: at(44), coolDown: .seconds(30)).isEmpty)
        #expect(!policy.heard(id("b"), origin: "yard", kind: "motion", label: nil, at: at(44), now: at(44), coolDown: .seconds(30)).isEmpty)
    }

    /// The incident that ended last decides, also after news of an older one.
    @Test func oldNewsDoesNotEndIt() {
        var policy = afterIncident
        _ = policy.heard(id("0"), origin: "yard", kind: "motion", label: nil, at: at(-11), now: at(-2), coolDown: .seconds(30))
        #expect(policy.current?.id == id("a"))
        #expect(policy.noticed(kind: "motion", label: nil, at: at(39.9), coolDown: .seconds(30)).isEmpty)
        #expect(policy.heard(id("b"), origin: "yard", kind: "motion", label: nil, at: at(39.9), now: at(39.9), coolDown: .seconds(30)).isEmpty)
    }

    @Test func aPersonIsNeverRefused() {
        var policy = afterIncident
        #expect(!policy.noticed(kind: "manual", label: nil, at: at(15), coolDown: .seconds(30)).isEmpty)
        #expect(!policy.heard(id("b"), origin: "yard", kind: "manual", label: nil, at: at(15), now: at(15), coolDown: .seconds(30)).isEmpty)
    }

    @Test func withoutOneTheNextIncidentFollowsAtOnce() {
        var policy = afterIncident
        #expect(!policy.noticed(kind: "motion", label: nil, at: at(10.001)).isEmpty)
    }

    /// An incident that was cut for its length is over at the cut, though things still move.
    @Test func aCutIncidentCoolsDownToo() {
        var policy = afterIncident
        for second in 1..<600 { _ = policy.noticed(kind: "motion", label: nil, at: at(Double(second)), coolDown: .seconds(30)) }
        #expect(policy.noticed(kind: "motion", label: nil, at: at(600), coolDown: .seconds(30)).isEmpty)
        #expect(policy.noticed(kind: "motion", label: nil, at: at(629), coolDown: .seconds(30)).isEmpty)
        #expect(!policy.noticed(kind: "motion", label: nil, at: at(630), coolDown: .seconds(30)).isEmpty)
    }
}
