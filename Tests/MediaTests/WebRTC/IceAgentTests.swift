import Testing

@testable import Media

@Suite struct IceAgentTests {
    private func address(_ text: String, _ port: UInt16 = 5000) -> TransportAddress { TransportAddress(text, port: port)! }

    private func agent(
        _ role: IceRole, _ addresses: [String], seed: UInt64, stunServers: [TransportAddress] = [], settings: IceSettings = IceSettings()
    ) -> IceAgent {
        var generator = SeededGenerator(state: seed ^ 0x5eed)
        let credentials = IceCredentials(using: &generator)
        return IceAgent(
            role: role, credentials: credentials, addresses: addresses.map { address($0) }, stunServers: stunServers, settings: settings,
            random: SeededGenerator(state: seed), now: at(0))
    }

    /// Tells each agent the other's credentials and candidates.
    private func introduce(_ network: inout IceNetwork, hidingOffer: Bool = false) {
        let now: MonotonicTime = at(network.time)
        let candidates = network.agents.map(\.localCandidates)
        network.agents[0].setRemote(network.agents[1].local, now: now)
        network.agents[1].setRemote(network.agents[0].local, now: now)
        for candidate in candidates[1] { network.agents[0].add(candidate) }
        // A browser gives names instead of addresses (mDNS), which are of no use to the other side.
        if !hidingOffer { for candidate in candidates[0] { network.agents[1].add(candidate) } }
    }

    private func path(_ network: IceNetwork, _ index: Int) -> IcePath? { network.selected[index]?.last?.path }

    private func agree(_ network: IceNetwork) -> Bool {
        guard let first = path(network, 0), let second = path(network, 1) else { return false }
        return first == IcePath(local: second.remote, remote: second.local)
    }

    /// A browser on a LAN, hiding its address: it finds us, we answer and ask back where it came from.
    @Test func aHiddenBrowserOnALANFindsUs() {
        var network = IceNetwork(seed: 1)
        network.agents = [agent(.controlling, ["192.168.1.7"], seed: 1), agent(.controlled, ["192.168.1.2", "2001:db8::2"], seed: 2)]
        introduce(&network, hidingOffer: true)
        network.run(until: 1) { $0.selected.count == 2 }
        #expect(agree(network) && path(network, 1)?.remote == address("192.168.1.7"))
        #expect(network.agents[1].remoteCandidates.map(\.kind) == [.peerReflexive])
        #expect((network.selected[1]?.first?.time ?? 9) < 0.3)
        // Check and answer, nomination and answer, ours and its answer: nothing else was needed.
        #expect(network.datagrams == 6 && !network.agents[1].sendsChecks)
    }

    @Test(arguments: ByteMutator.corpus)
    func findsAWayThroughLossDelayAndDisorder(seed: UInt64) {
        var network = IceNetwork(seed: seed)
        network.conditions = .init(loss: 0.3, delay: 0.001...0.200, duplicates: 0.1)
        var settings = IceSettings()
        settings.alwaysChecks = seed % 2 == 0
        network.agents = [
            agent(.controlling, ["192.168.1.7", "2001:db8::7"], seed: seed),
            agent(.controlled, ["192.168.1.2", "2001:db8::2"], seed: seed &+ 1, settings: settings),
        ]
        introduce(&network, hidingOffer: seed % 3 == 0)
        network.run(until: 30) { $0.selected.count == 2 }
        #expect(agree(network), "seed \(seed): \(network.selected)")
        #expect(network.failures.isEmpty, "seed \(seed)")
        #expect(network.datagrams < 100, "seed \(seed): \(network.datagrams)")
    }

    /// Both behind translators that let nobody in unasked: only checks of both sides open the way.
    @Test(arguments: ByteMutator.corpus)
    func twoTranslatorsAreCrossedByServerReflexiveCandidates(seed: UInt64) {
        let server = address("198.51.100.1", 3478)
        var network = IceNetwork(seed: seed)
        network.conditions = .init(loss: 0.1, delay: 0.02...0.06)
        network.stunServer = server
        network.translators = [0: .init(outside: "203.0.113.1"), 1: .init(outside: "203.0.113.2")]
        network.agents = [
            agent(.controlling, ["192.168.1.7"], seed: seed, stunServers: [server]),
            agent(.controlled, ["10.0.0.2"], seed: seed &+ 1, stunServers: [server]),
        ]
        introduce(&network)
        network.run(until: 20) { $0.selected.count == 2 }
        #expect(network.agents[1].sendsChecks)
        #expect(network.agents.allSatisfy { $0.localCandidates.contains { $0.kind == .serverReflexive } }, "seed \(seed)")
        #expect(path(network, 0)?.remote.host == "203.0.113.2" && path(network, 1)?.remote.host == "203.0.113.1", "seed \(seed): \(network.selected)")
    }

    /// The same without a server: the translators let nobody in, and both sides say so in time.
    @Test func withoutAWayBothGiveUp() {
        var network = IceNetwork(seed: 3)
        network.translators = [0: .init(outside: "203.0.113.1"), 1: .init(outside: "203.0.113.2")]
        network.agents = [agent(.controlling, ["192.168.1.7"], seed: 1), agent(.controlled, ["10.0.0.2"], seed: 2)]
        introduce(&network)
        network.run(until: 60)
        #expect(network.selected.isEmpty)
        #expect(network.failures[0]?.failure == .noPath && network.failures[1]?.failure == .noPath)
        #expect((29...31).contains(network.failures[1]?.time ?? 0))
        #expect(network.agents.allSatisfy { $0.nextDeadline == nil })
    }

    @Test(arguments: [IceRole.controlling, .controlled], ByteMutator.corpus)
    func twoOfARoleSettleIt(role: IceRole, seed: UInt64) {
        var network = IceNetwork(seed: seed)
        network.conditions = .init(loss: 0.1, delay: 0.005...0.05)
        var settings = IceSettings()
        settings.alwaysChecks = true
        network.agents = [
            agent(role, ["192.168.1.7"], seed: seed, settings: settings), agent(role, ["192.168.1.2"], seed: seed &+ 1, settings: settings),
        ]
        introduce(&network)
        network.run(until: 20) { $0.selected.count == 2 }
        #expect(agree(network), "seed \(seed)")
        #expect(Set(network.agents.map(\.role)).count == 2, "seed \(seed): one controls")
        let winner = network.agents[0].tieBreaker >= network.agents[1].tieBreaker ? 0 : 1
        #expect(network.agents[winner].role == .controlling, "seed \(seed): the larger tie-breaker (RFC 8445 §7.3.1.1)")
    }

    @Test func theBestWayIsChosen() {
        var network = IceNetwork(seed: 5)
        let addresses = ["192.168.1.7", "2001:db8::7"]
        network.agents = [agent(.controlling, addresses, seed: 1), agent(.controlled, ["192.168.1.2", "2001:db8::2"], seed: 2)]
        introduce(&network)
        network.run(until: 5)
        #expect(agree(network) && path(network, 0)?.local.family == .ipv4, "the first address has the highest priority")
    }

    /// RFC 7675: the one who hears nothing stops after 30 s; as long as checks come, it goes on.
    @Test func consentExpires() {
        var network = IceNetwork(seed: 6)
        network.agents = [agent(.controlling, ["192.168.1.7"], seed: 1), agent(.controlled, ["192.168.1.2"], seed: 2)]
        introduce(&network, hidingOffer: true)
        network.run(until: 300)
        #expect(network.failures.isEmpty && agree(network))
        // Five seconds between checks; one side's checks are the other's proof.
        #expect((100...300).contains(network.datagrams), "\(network.datagrams)")
        network.passes = { _, time in time < 300 }
        network.run(until: 400)
        #expect(network.failures[0]?.failure == .consentExpired && network.failures[1]?.failure == .consentExpired)
        for index in 0...1 { #expect((320...331).contains(network.failures[index]?.time ?? 0), "\(network.failures)") }
        #expect(network.agents[1].selected == nil)
    }

    /// Consent survives what a bad network loses, and is asked for by us where the other side never checks again.
    @Test(arguments: ByteMutator.corpus)
    func consentSurvivesLoss(seed: UInt64) {
        var network = IceNetwork(seed: seed)
        network.conditions = .init(loss: 0.05, delay: 0.01...0.1)
        var silent = IceSettings()
        silent.consentInterval = .seconds(10_000)
        silent.consentExpiry = .seconds(20_000)
        network.agents = [agent(.controlling, ["192.168.1.7"], seed: seed, settings: silent), agent(.controlled, ["192.168.1.2"], seed: seed &+ 1)]
        introduce(&network, hidingOffer: true)
        network.run(until: 600)
        #expect(network.failures.isEmpty && agree(network), "seed \(seed): \(network.failures)")
    }

    /// RFC 8445 §9: a restart moves the session to another network; the old way serves until there is a new one.
    @Test func restart() {
        var network = IceNetwork(seed: 7)
        network.agents = [agent(.controlling, ["192.168.1.7"], seed: 1), agent(.controlled, ["192.168.1.2"], seed: 2)]
        introduce(&network, hidingOffer: true)
        network.run(until: 2)
        let before = path(network, 1)
        var moved = agent(.controlling, ["192.168.1.99"], seed: 9)
        let fresh = IceCredentials(usernameFragment: "fresh", password: String(repeating: "p", count: 22))!
        network.agents[1].restart(local: fresh, remote: moved.local, now: at(2))
        #expect(network.agents[1].state == .checking && network.agents[1].selected == before)
        #expect(network.agents[1].checklist.pairs.isEmpty && network.agents[1].remoteCandidates.isEmpty, "nothing of before counts")
        moved.setRemote(fresh, now: at(2))
        moved.add(network.agents[1].localCandidates[0])
        network.agents[0] = moved
        network.run(until: 4)
        #expect(path(network, 1)?.remote == address("192.168.1.99") && network.agents[1].state == .connected)
        network.run(until: 100)
        #expect(network.failures.isEmpty)
    }

    /// The other side trickles a better way after the first one was nominated.
    @Test func lateCandidatesArePaired() {
        var network = IceNetwork(seed: 8)
        network.agents = [agent(.controlling, ["2001:db8::7"], seed: 1), agent(.controlled, ["192.168.1.2"], seed: 2)]
        introduce(&network, hidingOffer: true)
        network.run(until: 5)
        #expect(network.selected.isEmpty, "no family in common yet")
        let second = agent(.controlled, ["2001:db8::2"], seed: 2).localCandidates[0]
        network.agents[0].add(second)
        let credentials = network.agents[1].local
        let remote = network.agents[0].local
        network.agents[1] = IceAgent(
            role: .controlled, credentials: credentials, addresses: [address("2001:db8::2")], random: SeededGenerator(state: 4), now: at(5))
        network.agents[1].setRemote(remote, now: at(5))
        network.run(until: 8)
        #expect(agree(network))
    }
}
