import Testing

@testable import Gossip

/// The rules of SWIM and Lifeguard one by one, on the value alone. Docs.docc/Membership.md names each with its section.
@Suite struct MembershipRulesTests {
    static let seeds: [UInt64] = [1, 2, 3, 4, 5]
    private let ids: [NodeID]
    private let start = ContinuousClock.now

    init() {
        var rng = Randomness.seeded(7)
        ids = (0..<40).compactMap { _ in NodeID(bytes: (0..<16).map { _ in UInt8.random(in: 0...255, using: &rng) }) }
    }

    /// Node 0's membership, with the others alive.
    private func membership(_ count: Int, settings: GossipSettings = GossipSettings()) -> Membership {
        var membership = Membership(id: ids[0], boot: 1, members: ids.prefix(count), settings: settings, now: start)
        for id in ids[1..<count] { _ = membership.apply(alive(id), now: start) }
        return membership
    }

    private func alive(_ id: NodeID, _ number: UInt32 = 0) -> Claim { claim(.alive, id, by: id, number) }

    private func claim(_ status: Status, _ id: NodeID, by author: NodeID, _ number: UInt32 = 0) -> Claim {
        Claim(subject: id, standing: Standing(status: status, incarnation: Incarnation(boot: 1, number: number)), author: author)
    }

    private func target(_ directives: [Membership.Directive]) -> NodeID? {
        directives.lazy.compactMap { if case .send(let frame, let to) = $0, frame.kind == .ping { to } else { nil } }.first
    }

    /// SWIM §4.3: every member once in each round.
    @Test(arguments: seeds) func roundRobin(seed: UInt64) {
        var rng = Randomness.seeded(seed)
        var membership = membership(20)
        for round in 0..<3 {
            let targets = (0..<19).compactMap { _ in membership.nextTarget(rng: &rng) }
            #expect(Set(targets) == Set(ids[1..<20]), "seed \(seed), round \(round)")
        }
    }

    /// SWIM §4.3: a newcomer is put at a random place of the running round, not at its end.
    @Test func newcomersAreProbedInTheRunningRound() {
        var places: Set<Int> = []
        for seed in 0..<40 as Range<UInt64> {
            var rng = Randomness.seeded(seed)
            var membership = membership(20)
            for _ in 0..<5 { _ = membership.nextTarget(rng: &rng) }
            membership.setMembers(Array(ids.prefix(21)))
            _ = membership.apply(alive(ids[20]), now: start)
            let rest = (0..<15).compactMap { _ in membership.nextTarget(rng: &rng) }
            let place = rest.firstIndex(of: ids[20])
            #expect(place != nil && Set(rest).count == 15, "seed \(seed)")
            if let place { places.insert(place) }
        }
        #expect(places.count > 5)
    }

    /// *Ours*: a suspect that not enough others accuse is asked again every second; one that is missed by enough, once before its time ends.
    @Test(arguments: [0, 1, 2]) func suspicionsAskAgain(confirmations: Int) {
        var settings = GossipSettings()
        // No probes meanwhile.
        settings.probeInterval = .seconds(100)
        var rng = Randomness.seeded(1)
        var membership = membership(10, settings: settings)
        let suspect = ids[3]
        for accuser in ids[4...4 + confirmations] { _ = membership.apply(claim(.suspect, suspect, by: accuser), now: start) }
        var asked: [Duration] = []
        while membership.standing(of: suspect)?.status == .suspect {
            let now = membership.nextDeadline
            for case .sendEverywhere(let frame, suspect) in membership.tick(now: now, rng: &rng) where frame.kind == .ping { asked.append(now - start) }
        }
        #expect(membership.standing(of: suspect)?.status == .dead)
        let expected: [Duration] = [(1...7).map { .seconds($0) }, (1...4).map { .seconds($0) }, [.seconds(2)]][confirmations]
        #expect(asked == expected)
    }

    /// Lifeguard §IV-A: awareness stretches interval and timeout, is bounded, and heals with each answer.
    @Test func localHealth() throws {
        var rng = Randomness.seeded(1)
        var membership = membership(10)
        var now = start
        // Nobody answers anything: each failed probe and each missing NACK counts.
        for _ in 0..<400 {
            now = membership.nextDeadline
            _ = membership.tick(now: now, rng: &rng)
            if membership.present.isEmpty { break }
        }
        #expect(membership.awareness == membership.settings.awarenessLimit - 1)
        #expect(membership.scaled(.milliseconds(500)) == .seconds(4))
        for id in ids[1..<3] { _ = membership.apply(alive(id, 1), now: now) }
        var healed = 0
        for _ in 0..<100 where membership.awareness > 0 {
            now = membership.nextDeadline
            for case .send(let frame, let to) in membership.tick(now: now, rng: &rng) where frame.kind == .ping {
                let before = membership.awareness
                let ping = try #require(WirePing(untrusted: frame.body))
                _ = membership.acknowledge(ping.sequence, from: to, now: now)
                #expect(membership.awareness == before - 1)
                healed += 1
            }
        }
        #expect(healed == 7)
    }

    /// Lifeguard §IV-A: a helper that says NACK shows that the fault is the target's, and costs us nothing.
    @Test func nacksSpareTheProber() throws {
        var rng = Randomness.seeded(3)
        var membership = membership(5)
        let directives = membership.tick(now: start + .milliseconds(500), rng: &rng)
        let probe = try #require(membership.probe)
        #expect(target(directives) == probe.target)
        let asked = membership.tick(now: probe.indirectAt, rng: &rng)
        let helpers = asked.compactMap { if case .send(let frame, let to) = $0, frame.kind == .pingRequest { to } else { nil } }
        #expect(helpers.count == 3 && Set(helpers).count == 3 && !helpers.contains(probe.target))
        // Beside the helpers: all its addresses, and TLS.
        #expect(asked.contains(.probeByTLS(probe.target, sequence: probe.sequence)))
        #expect(asked.contains(.sendEverywhere(Membership.ping(probe.sequence), to: probe.target)))
        for helper in helpers { membership.noteNack(probe.sequence, from: helper) }
        _ = membership.tick(now: probe.deadline, rng: &rng)
        #expect(membership.standings[probe.target]?.status == .suspect && membership.awareness == 0)
    }

    /// Lifeguard §IV-A: only those that were asked count, and each once. Else one member could make the prober think well of itself.
    @Test func nacksOfOthersCountForNothing() throws {
        var rng = Randomness.seeded(3)
        var membership = membership(8)
        _ = membership.tick(now: start + .milliseconds(500), rng: &rng)
        let probe = try #require(membership.probe)
        let asked = membership.tick(now: probe.indirectAt, rng: &rng)
        let helpers = asked.compactMap { if case .send(let frame, let to) = $0, frame.kind == .pingRequest { to } else { nil } }
        for other in ids[1..<8] where !helpers.contains(other) { membership.noteNack(probe.sequence, from: other) }
        for _ in 0..<3 { membership.noteNack(probe.sequence, from: try #require(helpers.first)) }
        membership.noteNack(probe.sequence &+ 1, from: helpers[1])
        _ = membership.tick(now: probe.deadline, rng: &rng)
        #expect(membership.awareness == 2)
    }

    /// Lifeguard §IV-B: independent accusers shorten the time; the same one, or one too many, changes nothing; nothing restarts it.
    @Test func suspicionIsConfirmedNotRestarted() throws {
        var membership = membership(10)
        let victim = ids[1]
        _ = membership.apply(claim(.suspect, victim, by: ids[2]), now: start)
        let first = try #require(membership.suspicions[victim]?.deadline)
        #expect(first == start + .milliseconds(7500))
        #expect(!membership.isNews(claim(.suspect, victim, by: ids[2])))
        _ = membership.apply(claim(.suspect, victim, by: ids[3]), now: start + .seconds(1))
        let second = try #require(membership.suspicions[victim]?.deadline)
        // 7.5 s - 5 s · log 2 / log 3.
        #expect(abs((second - start) / .seconds(1) - 4.345) < 0.001)
        _ = membership.apply(claim(.suspect, victim, by: ids[4]), now: start + .seconds(2))
        #expect(membership.suspicions[victim]?.deadline == start + .milliseconds(2500))
        #expect(!membership.isNews(claim(.suspect, victim, by: ids[5])))
        // Only the suspect itself ends it, in a later incarnation.
        #expect(!membership.isNews(alive(victim, 0)))
        _ = membership.apply(alive(victim, 1), now: start + .seconds(2))
        #expect(membership.standings[victim]?.status == .alive && membership.suspicions[victim] == nil)
        #expect(!membership.isNews(claim(.suspect, victim, by: ids[6], 0)))
    }

    /// SWIM §4.2: whoever is accused goes beyond the incarnation that it is accused in.
    @Test func refutation() {
        var membership = membership(4)
        for number in 0..<3 as Range<UInt32> {
            let now = start + .milliseconds(200) * Int(number)
            let directives = membership.apply(claim(.suspect, ids[0], by: ids[Int(number) + 1], number), now: now)
            let expected = Standing(status: .alive, incarnation: Incarnation(boot: 1, number: number + 1))
            #expect(directives == [.assert(expected, of: ids[0])])
        }
        #expect(membership.awareness == 3)
        // Who is no member is refuted, because others may believe it; but nobody can check who said it, so it slows nobody down.
        #expect(membership.apply(claim(.suspect, ids[0], by: ids[5], 3), now: start + .seconds(1)).count == 1)
        #expect(membership.awareness == 3)
        #expect(!membership.isNews(claim(.dead, ids[0], by: ids[1], 2)))
    }

    /// One accuser that counts along makes a member neither speak all the time nor doubt itself for long.
    @Test func accusationsInARowAreRefutedOnce() throws {
        var rng = Randomness.seeded(2)
        var membership = membership(5)
        #expect(membership.apply(claim(.dead, ids[0], by: ids[1], 0), now: start).count == 1)
        for number in 1..<20 as Range<UInt32> {
            #expect(membership.apply(claim(.dead, ids[0], by: ids[1], number), now: start + .milliseconds(1)) == [])
        }
        #expect(membership.awareness == 1 && membership.own.number == 1)
        // The second one is answered with the next round of news.
        #expect(membership.nextDeadline == start + .milliseconds(200))
        let later = membership.tick(now: start + .milliseconds(200), rng: &rng)
        #expect(later == [.assert(Standing(status: .alive, incarnation: Incarnation(boot: 1, number: 2)), of: ids[0])])
        _ = membership.apply(claim(.dead, ids[0], by: ids[1], 2), now: start + .seconds(9))
        #expect(membership.awareness == 1 && membership.own.number == 3)
        _ = membership.apply(claim(.dead, ids[0], by: ids[1], 3), now: start + .seconds(10))
        #expect(membership.awareness == 2)
    }

    /// Others' `dead` starts and confirms a suspicion, as their `suspect` does. Only this node's own clock buries.
    @Test func deadFromOthersIsAnAccusation() throws {
        var rng = Randomness.seeded(1)
        var membership = membership(10)
        let victim = ids[1]
        _ = membership.apply(claim(.dead, victim, by: ids[2]), now: start)
        #expect(membership.standings[victim]?.status == .suspect && membership.suspicions[victim]?.deadline == start + .milliseconds(7500))
        for author in ids[2..<10] { _ = membership.apply(claim(.dead, victim, by: author), now: start) }
        #expect(membership.standings[victim]?.status == .suspect && membership.suspicions[victim]?.deadline == start + .milliseconds(2500))
        var now = start
        while now < start + .milliseconds(2499) {
            now = min(max(membership.nextDeadline, now + .milliseconds(1)), start + .milliseconds(2499))
            _ = membership.tick(now: now, rng: &rng)
        }
        #expect(membership.standings[victim]?.status == .suspect)
        let last = membership.tick(now: start + .milliseconds(2500), rng: &rng)
        #expect(last.contains(.assert(Standing(status: .dead, incarnation: Incarnation(boot: 1, number: 0)), of: victim)))
        // For whom we hold for dead, nobody's accusation is news.
        #expect(!membership.isNews(claim(.dead, victim, by: ids[3])) && !membership.isNews(claim(.suspect, victim, by: ids[3])))
    }

    /// Whoever is heard is not buried, however many say that it is dead.
    @Test func whoeverIsHeardIsNotBuried() {
        var rng = Randomness.seeded(1)
        var membership = membership(5)
        let victim = ids[1]
        var now = start
        for author in ids[2..<5] { _ = membership.apply(claim(.dead, victim, by: author), now: now) }
        for _ in 0..<100 {
            now += .milliseconds(500)
            _ = membership.tick(now: now, rng: &rng)
            membership.hear(victim, now: now)
        }
        #expect(membership.standings[victim]?.status == .suspect)
        for _ in 0..<6 {
            now += .milliseconds(500)
            _ = membership.tick(now: now, rng: &rng)
        }
        #expect(membership.standings[victim]?.status == .dead)
    }

    /// Whoever comes back learns who died meanwhile, and takes nobody for dead whom it knows to be there.
    @Test func obituariesCountForTheAbsent() {
        var membership = membership(4)
        let (present, absent) = (ids[1], ids[4])
        membership.setMembers(ids.prefix(5))
        for id in [present, absent] {
            let isNews = membership.isNews(lastWord: alive(id, 3), obituary: claim(.dead, id, by: ids[2], 3))
            #expect(isNews == (id == absent))
        }
        #expect(!membership.isNews(lastWord: alive(absent, 3), obituary: claim(.dead, absent, by: ids[2], 4)))
        #expect(!membership.isNews(lastWord: alive(absent, 3), obituary: claim(.suspect, absent, by: ids[2], 3)))
        #expect(!membership.isNews(lastWord: alive(absent, 3), obituary: claim(.dead, absent, by: absent, 3)))
        #expect(membership.apply(obituary: claim(.dead, absent, by: ids[2], 3), now: start).count == 1)
        #expect(membership.standings[absent]?.status == .dead && !membership.isNews(alive(absent, 3)) && membership.isNews(alive(absent, 4)))
        #expect(membership.suspicions[absent] == nil)
    }

    /// A member that asks for more probes than it can have under way gets no more, and the others theirs.
    @Test func nobodyTakesAllRelays() {
        var membership = membership(6)
        var sent = 0
        for sequence in 0..<100 as Range<UInt32> {
            sent += membership.probe(ids[2], for: ids[1], sequence: sequence, challenge: 1, now: start).count
        }
        #expect(sent == 4)
        #expect(membership.probe(ids[2], for: ids[3], sequence: 1, challenge: 1, now: start).count == 1)
    }

    /// What is kept instead of computed is what would be computed.
    @Test(arguments: seeds) func presentFollowsStandings(seed: UInt64) {
        var rng = Randomness.seeded(seed)
        var membership = membership(10)
        for _ in 0..<2000 {
            let subject = ids[Int.random(in: 1..<12, using: &rng)]
            let status = Status.allCases.randomElement(using: &rng) ?? .alive
            let author = status == .alive || status == .left ? subject : ids[Int.random(in: 1..<10, using: &rng)]
            _ = membership.apply(claim(status, subject, by: author, UInt32.random(in: 0...5, using: &rng)), now: start)
            if Int.random(in: 0..<50, using: &rng) == 0 {
                membership.setMembers(ids.prefix(12).filter { _ in Bool.random(using: &rng) })
            }
            #expect(membership.present == membership.standings.filter { $0.value.status.isPresent }.keys.sorted(), "seed \(seed)")
        }
    }
}

@Suite struct SamplingTests {
    @Test func picksDifferentOnesEvenly() {
        var rng = Randomness.seeded(1)
        let numbers = Array(0..<20)
        var counts = [Int](repeating: 0, count: 20)
        for _ in 0..<4000 {
            let picked = numbers.sample(3, using: &rng) { $0 != 7 }
            #expect(picked.count == 3 && Set(picked).count == 3)
            for number in picked { counts[number] += 1 }
        }
        #expect(counts[7] == 0)
        // 4000 · 3 / 19 = 632 each.
        #expect(counts.enumerated().allSatisfy { $0.offset == 7 || (520...750).contains($0.element) }, "\(counts)")
        #expect([1, 2].sample(5, using: &rng).sorted() == [1, 2] && [Int]().sample(1, using: &rng).isEmpty)
    }
}
