/// What happens as time goes by: checks in their order, repetitions, nomination, consent, giving up.
extension IceAgent {
    /// Does what is due.
    mutating func tick(now: MonotonicTime) -> [Action] {
        guard state != .failed else { return [] }
        var actions: [Action] = gathering.tick(now: now).map { .transmit($0.bytes, path: $0.path) }
        actions += finishGathering()
        actions += repeatChecks(now: now)
        actions += nominate(now: now)
        actions += startCheck(now: now)
        actions += keepConsent(now: now)
        if state != .connected, let connectDeadline, now >= connectDeadline { actions += fail(.noPath) }
        return actions
    }

    private mutating func repeatChecks(now: MonotonicTime) -> [Action] {
        var actions: [Action] = []
        for index in checklist.pairs.indices {
            guard var check = checklist.pairs[index].check, now >= check.deadline else { continue }
            switch check.step(now: now) {
            case .wait:
                continue
            case .transmit:
                checklist[index].check = check
                actions.append(.transmit(check.bytes, path: checklist[index].path))
            case .timedOut:
                checkFailed(index, now: now)
            }
        }
        return actions
    }

    /// One check each Ta (RFC 8445 §6.1.4.2).
    private mutating func startCheck(now: MonotonicTime) -> [Action] {
        guard now >= nextCheck, remote != nil, let index = checklist.next(triggeredOnly: !sendsChecks) else { return [] }
        nextCheck = now + settings.checkPace
        return begin(index, nominates: false, now: now)
    }

    private mutating func begin(_ index: Int, nominates: Bool, now: MonotonicTime) -> [Action] {
        guard let remote else { return [] }
        var timing = settings.timing
        // Many checks at once get more time each (§14.3).
        timing.initialTimeout = max(timing.initialTimeout, settings.checkPace * checklist.openCount)
        let id = StunTransactionID(using: &random)
        let bytes = request(id, priority: checklist[index].local.priority, nominates: nominates, remote: remote)
        var check = StunTransaction(id: id, bytes: bytes, timing: timing, now: now)
        _ = check.step(now: now)
        checklist[index].check = check
        checklist[index].checkNominates = nominates
        if checklist[index].state != .succeeded { checklist[index].state = .inProgress }
        return [.transmit(bytes, path: checklist[index].path)]
    }

    /// A controlling agent chooses the best pair that works and says so (§8.1.1).
    private mutating func nominate(now: MonotonicTime) -> [Action] {
        guard role == .controlling, let due = nomination, now >= due else { return [] }
        guard let index = checklist.bestValid, checklist[index].check == nil else {
            nomination = now + settings.checkPace
            return []
        }
        // Until it is answered, or given up and done again.
        nomination = now + settings.connectTimeout
        return begin(index, nominates: true, now: now)
    }

    private mutating func keepConsent(now: MonotonicTime) -> [Action] {
        guard var consent, let selected, let remote, now >= consent.nextDeadline else { return [] }
        if now >= consent.expires {
            // During a restart only the old way is lost.
            guard state == .checking else { return fail(.consentExpired) }
            self.consent = nil
            self.selected = nil
            return []
        }
        let id = StunTransactionID(using: &random)
        let isDue = consent.check(id: id, jitter: .random(in: 0..<1, using: &random), now: now)
        self.consent = consent
        guard isDue else { return [] }
        let priority = localCandidates.first { $0.address == selected.local }?.priority ?? 0
        return [.transmit(request(id, priority: priority, nominates: false, remote: remote), path: selected)]
    }

    private mutating func fail(_ failure: Failure) -> [Action] {
        state = .failed
        selected = nil
        consent = nil
        return [.failed(failure)]
    }

    /// A check (§7.2.2): who asks whom, what we would be from there, and who decides.
    private func request(_ id: StunTransactionID, priority: UInt32, nominates: Bool, remote: IceCredentials) -> [UInt8] {
        // The priority that this address would have as a peer-reflexive candidate (§7.1.1).
        let reflexive = IceCandidate.Kind.peerReflexive.typePreference << 24 | priority & 0x00ff_ffff
        var attributes: [StunAttribute] = [
            .username("\(remote.usernameFragment):\(local.usernameFragment)"), .priority(reflexive),
            role == .controlling ? .iceControlling(tieBreaker) : .iceControlled(tieBreaker),
        ]
        if nominates { attributes.append(.useCandidate) }
        return StunMessage(.request, transactionID: id, attributes: attributes).bytes(key: remote.key)
    }
}
