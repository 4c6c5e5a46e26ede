import Testing

@testable import Media

/// What strangers and enemies can do to an agent: nothing.
@Suite struct IceAgentAttackTests {
    private let here = TransportAddress("192.168.1.2", port: 5000)!
    private let there = TransportAddress("192.168.1.7", port: 6000)!
    private let ours = IceCredentials(usernameFragment: "ours", password: String(repeating: "o", count: 22))!
    private let theirs = IceCredentials(usernameFragment: "them", password: String(repeating: "t", count: 22))!

    private func agent() -> IceAgent {
        var agent = IceAgent(role: .controlled, credentials: ours, addresses: [here], random: SeededGenerator(state: 1), now: at(0))
        agent.setRemote(theirs, now: at(0))
        return agent
    }

    private func check(
        _ attributes: [StunAttribute]? = nil, key: [UInt8]? = nil, extra: (inout [UInt8]) -> Void = { _ in }
    ) -> [UInt8] {
        let attributes = attributes ?? [.username("ours:them"), .priority(1), .iceControlling(7), .useCandidate]
        var message = StunMessage(.request, transactionID: StunTransactionID(first: 1, second: 2), attributes: attributes).bytes(key: nil, hasFingerprint: false)
        extra(&message)
        StunIntegrity.append(to: &message, key: key ?? ours.key)
        StunFingerprint.append(to: &message)
        message.set(bigEndian: UInt16(message.count - 20), at: 2)
        return message
    }

    /// The one response among `actions`.
    private func response(_ actions: [IceAgent.Action]) throws -> (message: StunMessage, bytes: [UInt8]) {
        guard case .transmit(let bytes, let path)? = actions.first else { throw StunError.notSTUN }
        #expect(path == IcePath(local: here, remote: there))
        return (try StunMessage(bytes[...]), bytes)
    }

    /// Our own check of a pair, answered from there.
    private func answered(_ agent: inout IceAgent, from remote: TransportAddress, at second: Double) throws -> [IceAgent.Action] {
        let checks = agent.tick(now: at(second)).compactMap { action -> [UInt8]? in
            guard case .transmit(let bytes, let path) = action, path.remote == remote else { return nil }
            return bytes
        }
        let id = try StunMessage(try #require(checks.first)[...]).transactionID
        let answer = StunMessage(.success, transactionID: id, attributes: [.xorMappedAddress(here)]).bytes(key: theirs.key)
        return agent.handle(answer[...], from: remote, to: here, now: at(second))
    }

    /// An agent that has a way to `there`.
    private func connected() throws -> IceAgent {
        var agent = agent()
        _ = agent.handle(check()[...], from: there, to: here, now: at(0))
        #expect(try answered(&agent, from: there, at: 0) == [.selected(IcePath(local: here, remote: there))])
        return agent
    }

    @Test func aRightCheckIsAnsweredAndFollowedOnceOursIsAnswered() throws {
        var agent = agent()
        let actions = agent.handle(check()[...], from: there, to: here, now: at(0))
        let (message, bytes) = try response(actions)
        #expect(message.messageClass == .success && message.mappedAddress == there && StunIntegrity.isRight(in: bytes[...], key: ours.key))
        #expect(actions.count == 1 && agent.selected == nil && agent.knows(IcePath(local: here, remote: there)) && !agent.hasProof(of: IcePath(local: here, remote: there)))
        #expect(try answered(&agent, from: there, at: 0.001) == [.selected(IcePath(local: here, remote: there))])
        #expect(agent.hasProof(of: IcePath(local: here, remote: there)) && agent.state == .connected)
    }

    /// A sender's address is easily written: nothing is sent to where only authentic checks claim to come from.
    @Test func nobodyIsSentAnythingWhoNeverAnswered() {
        var agent = agent()
        var sent = 0
        for step in 0..<300 {
            sent += agent.handle(check()[...], from: there, to: here, now: at(Double(step) / 10)).count
            sent += agent.tick(now: at(Double(step) / 10)).count
            #expect(agent.selected == nil)
        }
        #expect(sent < 2 * 300, "an answer to each, and our checks with their pauses: \(sent)")
    }

    @Test func aWrongPasswordIsRefusedWith401() throws {
        var agent = agent()
        let actions = agent.handle(check(key: theirs.key)[...], from: there, to: here, now: at(0))
        #expect(try response(actions).message.errorCode == 401 && actions.count == 1)
        #expect(agent.remoteCandidates.isEmpty && agent.state == .checking)
    }

    @Test func whatMustBeUnderstoodAndIsNotIsRefusedWith420() throws {
        var agent = agent()
        let bytes = check(extra: { StunAttribute.append(0x7777, [1], to: &$0) })
        let actions = agent.handle(bytes[...], from: there, to: here, now: at(0))
        let message = try response(actions).message
        #expect(message.errorCode == 420 && message.attributes.contains(.unknownAttributes([0x7777])) && agent.remoteCandidates.isEmpty)
    }

    @Test func aCheckForAnotherSessionIsNotAnswered() {
        var agent = agent()
        for name in ["other:them", "our:them", "ours", ":ours", "oursx:them"] {
            let bytes = check([.username(name), .priority(1), .iceControlling(7)])
            #expect(agent.handle(bytes[...], from: there, to: here, now: at(0)).isEmpty, "\(name)")
        }
        #expect(agent.handle(check([.priority(1)])[...], from: there, to: here, now: at(0)).isEmpty, "no name at all")
    }

    /// Whoever sees one of our checks but not the password cannot answer it.
    @Test func aForgedAnswerChangesNothing() throws {
        var settings = IceSettings()
        settings.alwaysChecks = true
        var agent = IceAgent(role: .controlling, credentials: ours, addresses: [here], settings: settings, random: SeededGenerator(state: 1), now: at(0))
        agent.setRemote(theirs, now: at(0))
        agent.add(IceCandidate(foundation: "1", priority: 1, address: there, kind: .host))
        guard case .transmit(let bytes, _)? = agent.tick(now: at(0)).first else {
            Issue.record("no check")
            return
        }
        let id = try StunMessage(bytes[...]).transactionID
        let answer = StunMessage(.success, transactionID: id, attributes: [.xorMappedAddress(here)])
        _ = agent.handle(answer.bytes(key: ours.key)[...], from: there, to: here, now: at(0.1))
        _ = agent.handle(answer.bytes(key: nil)[...], from: there, to: here, now: at(0.1))
        #expect(agent.checklist.bestValid == nil && agent.checklist.pairs.map(\.state) == [.inProgress])
        // The right answer from the wrong place fails the pair (RFC 8445 §7.2.5.2.1).
        var displaced = agent
        _ = displaced.handle(answer.bytes(key: theirs.key)[...], from: TransportAddress("192.168.1.8", port: 1)!, to: here, now: at(0.1))
        #expect(displaced.checklist.pairs.map(\.state) == [.failed])
        _ = agent.handle(answer.bytes(key: theirs.key)[...], from: there, to: here, now: at(0.1))
        #expect(agent.checklist.pairs.map(\.state) == [.succeeded])
    }

    /// A viewer cannot turn its stream onto somebody else: whoever is at the new address must answer a check of ours.
    @Test func aStreamIsNotTurnedOntoAStranger() throws {
        var agent = try connected()
        let victim = TransportAddress("192.168.1.66", port: 9)!
        let actions = agent.handle(check()[...], from: victim, to: here, now: at(5))
        #expect(actions.count == 1 && agent.selected?.remote == there, "an answer to the check, and no more")
        guard case .transmit(let bytes, let path)? = agent.tick(now: at(5)).first else {
            Issue.record("no check of ours")
            return
        }
        #expect(path.remote == victim)
        _ = agent.tick(now: at(6))
        _ = agent.handle(check()[...], from: victim, to: here, now: at(7))
        #expect(agent.selected?.remote == there, "however often it is asked for")
        let id = try StunMessage(bytes[...]).transactionID
        let answer = StunMessage(.success, transactionID: id, attributes: [.xorMappedAddress(here)]).bytes(key: theirs.key)
        // Nor by a restart in between: a nomination of the new generation needs the same proof.
        var restarted = agent
        restarted.restart(local: ours, remote: theirs, now: at(7))
        let other = TransportAddress("192.168.1.67", port: 9)!
        #expect(restarted.handle(check()[...], from: other, to: here, now: at(7)).count == 1 && restarted.selected?.remote == there)
        let moved = agent.handle(answer[...], from: victim, to: here, now: at(7))
        #expect(moved == [.selected(IcePath(local: here, remote: victim))], "who answers is the viewer, in another place")
    }

    /// An offer that nobody follows ends when it would have, however often it is begun anew.
    @Test func whoNeverCameGetsNoMoreTime() {
        var agent = agent()
        var random = SeededGenerator(state: 3)
        for second in 1...60 {
            agent.restart(local: IceCredentials(using: &random), remote: IceCredentials(using: &random), now: at(Double(second)))
            _ = agent.tick(now: at(Double(second)))
            if second == 25 { #expect(agent.state == .checking) }
        }
        #expect(agent.state == .failed)
    }

    /// RFC 7675 §5.1: only answers to our own questions keep consent. Whoever wrote a victim's address into checks could not stop it otherwise.
    @Test(arguments: [true, false]) func onlyAnswersKeepConsent(isThere: Bool) throws {
        var agent = try connected()
        var asked = 0
        for second in 1...100 {
            _ = agent.handle(check()[...], from: there, to: here, now: at(Double(second)))
            for action in agent.tick(now: at(Double(second))) {
                guard case .transmit(let bytes, _) = action else { continue }
                asked += 1
                guard isThere else { continue }
                let answer = StunMessage(.success, transactionID: try StunMessage(bytes[...]).transactionID, attributes: [.xorMappedAddress(here)])
                _ = agent.handle(answer.bytes(key: theirs.key)[...], from: there, to: here, now: at(Double(second)))
            }
            if second == 25 { #expect(agent.state == .connected) }
        }
        #expect(agent.state == (isThere ? .connected : .failed) && asked > (isThere ? 15 : 3))
    }

    /// Checks are easily forged by whoever has the password: nominating two ways by turns must not keep one open where nobody answers.
    @Test func nominationsRenewNoConsent() throws {
        var agent = try connected()
        let former = TransportAddress("192.168.1.8", port: 6000)!
        // Once it was theirs.
        _ = agent.handle(check()[...], from: former, to: here, now: at(3))
        _ = try answered(&agent, from: former, at: 3)
        var last = 0.0
        for second in stride(from: 4.0, to: 120, by: 1) {
            let source = Int(second) % 2 == 0 ? former : there
            _ = agent.handle(check()[...], from: source, to: here, now: at(second))
            for action in agent.tick(now: at(second)) {
                guard case .transmit(let bytes, let path) = action, path.remote == there else { continue }
                let answer = StunMessage(.success, transactionID: try StunMessage(bytes[...]).transactionID, attributes: [.xorMappedAddress(here)])
                _ = agent.handle(answer.bytes(key: theirs.key)[...], from: there, to: here, now: at(second))
            }
            if agent.selected?.remote == former { last = second }
        }
        #expect(last < 3 + 30, "it is sent nothing from half a minute after its last answer on")
        #expect(agent.selected?.remote == there && agent.state == .connected)
    }

    /// The way that is nominated last is the one that is taken, whatever is answered when.
    @Test func aNominationThatWasOvertakenIsNotFollowed() throws {
        var agent = try connected()
        let other = TransportAddress("192.168.1.8", port: 6000)!
        _ = agent.handle(check()[...], from: other, to: here, now: at(10))
        _ = agent.handle(check()[...], from: there, to: here, now: at(10.1))
        #expect(try answered(&agent, from: other, at: 10.2).isEmpty)
        #expect(agent.selected?.remote == there)
        _ = agent.handle(check()[...], from: other, to: here, now: at(20))
        #expect(try answered(&agent, from: other, at: 20) == [.selected(IcePath(local: here, remote: other))])
    }

    /// A translator that gives a new port each time.
    @Test func aViewerMayMoveAsOftenAsItLikes() throws {
        var agent = try connected()
        for number in 1...100 as ClosedRange<UInt16> {
            let (moved, second) = (TransportAddress("192.168.1.7", port: 6000 + number)!, Double(number) * 10)
            _ = agent.handle(check()[...], from: moved, to: here, now: at(second))
            #expect(try answered(&agent, from: moved, at: second) == [.selected(IcePath(local: here, remote: moved))], "move \(number)")
        }
        #expect(agent.remoteCandidates.count <= agent.settings.peerReflexiveLimit)
    }

    /// What a STUN server sees is believed from that server only.
    @Test func aStrangerIsNoStunServer() throws {
        let server = TransportAddress("198.51.100.1", port: 3478)!
        let mapped = TransportAddress("203.0.113.9", port: 4000)!
        var agent = IceAgent(
            role: .controlled, credentials: ours, addresses: [here], stunServers: [server], random: SeededGenerator(state: 1), now: at(0))
        guard case .transmit(let bytes, let path)? = agent.tick(now: at(0)).first else {
            Issue.record("no question")
            return
        }
        #expect(path.remote == server)
        let id = try StunMessage(bytes[...]).transactionID
        let answer = StunMessage(.success, transactionID: id, attributes: [.xorMappedAddress(mapped)]).bytes(key: nil)
        #expect(agent.handle(answer[...], from: there, to: here, now: at(0.1)).isEmpty && agent.localCandidates.count == 1)
        let actions = agent.handle(answer[...], from: server, to: here, now: at(0.2))
        #expect(actions.last == .gatheringDone && agent.localCandidates.last?.address == mapped && agent.localCandidates.last?.related == here)
        #expect(agent.handle(answer[...], from: server, to: here, now: at(0.3)).isEmpty, "once")
    }

    @Test func floodsAreBounded() {
        var agent = agent()
        for number in 0..<500 as Range<UInt16> {
            agent.add(IceCandidate(foundation: "\(number)", priority: 1, address: TransportAddress("10.0.0.1", port: 1000 + number)!, kind: .host))
            _ = agent.handle(check()[...], from: TransportAddress("10.0.0.2", port: 1000 + number)!, to: here, now: at(0))
        }
        let settings = agent.settings
        #expect(agent.remoteCandidates.count == settings.remoteCandidateLimit + settings.peerReflexiveLimit)
        #expect(agent.checklist.pairs.count <= settings.pairLimit)
    }

    @Test func isTotalOnAnything() {
        let original = check()
        for seed in ByteMutator.seeds {
            var mutator = ByteMutator(seed: seed)
            var agent = agent()
            var answered = 0
            for round in 0..<3000 {
                var bytes = mutator.mutate(original)
                if round % 4 == 0 { bytes = original }
                answered += agent.handle(bytes[...], from: there, to: here, now: at(0)).count
                #expect(agent.remoteCandidates.count <= 1, "seed \(seed): \(bytes)")
            }
            #expect(answered >= 750, "seed \(seed)")
        }
    }
}
