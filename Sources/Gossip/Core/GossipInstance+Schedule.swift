extension GossipInstance {
    /// When ``tick(now:)`` is due.
    package var nextDeadline: ContinuousClock.Instant {
        var deadline = min(membership.nextDeadline, nextSyncAt, nextCallAt)
        if !broadcasts.isEmpty || comparisonsLeft > 0 { deadline = min(deadline, nextGossipAt) }
        if let trigger = triggers.nextDeadline { deadline = min(deadline, trigger) }
        for planned in [plannedSyncs.first, plannedRetries.first] { deadline = min(deadline, planned?.at ?? deadline) }
        return deadline
    }

    package mutating func tick(now: ContinuousClock.Instant) -> [Action] {
        var actions = carryOut(membership.tick(now: now, rng: &random), now: now)
        actions += tickTriggers(now: now)
        if nextCallAt <= now {
            let eager = now - started < settings.eagerPeriod
            nextCallAt = now + (eager ? settings.eagerInterval : settings.reprobeInterval)
            actions += callAbsent(now: now)
        }
        if nextSyncAt <= now {
            nextSyncAt = now + settings.syncInterval
            if let peer = membership.present.randomElement(using: &random) { actions += send([syncHashFrame], to: peer, now: now) }
        }
        let due = plannedSyncs.prefix { $0.at <= now }
        plannedSyncs.removeFirst(due.count)
        for sync in due { actions += send([syncHashFrame], to: sync.peer, now: now) }
        actions += retryExchanges(now: now)
        if nextGossipAt <= now, !broadcasts.isEmpty || comparisonsLeft > 0 {
            nextGossipAt = now + settings.gossipInterval
            if comparisonsLeft > 0 {
                comparisonsLeft -= 1
                actions += compareSoon(now: now)
            }
            actions += gossip(now: now)
        }
        if let report = drops.report(now: now) { actions.append(.log(.info, "packets dropped: \(report)", peer: nil)) }
        return actions
    }

    /// Packets that one round of calls may take: a mesh with many absent members stays quiet, and one that answers brings the rest.
    private static let callBudget = 32

    /// Knocks at members that are not there, in turn, for ever: after a partition of any length the two sides find each other
    /// (serf#605 is what happens otherwise).
    private mutating func callAbsent(now: ContinuousClock.Instant) -> [Action] {
        if callOrder.isEmpty { callOrder = links.keys.filter { !membership.isPresent($0) }.sorted().shuffled(using: &random) }
        var actions: [Action] = []
        while actions.count < Self.callBudget, let peer = callOrder.popLast() {
            if !membership.isPresent(peer) { actions += hello(peer, now: now) }
        }
        return actions
    }

    /// Does what membership decided.
    mutating func carryOut(_ directives: [Membership.Directive], now: ContinuousClock.Instant) -> [Action] {
        var actions: [Action] = []
        for directive in directives {
            switch directive {
            case .send(let frame, let peer):
                let isAnswer = frame.kind == .ack || frame.kind == .nack
                actions += send([frame] + accusation(against: peer, with: frame), to: peer, now: now, news: isAnswer ? .uncounted : .counted)
            case .sendEverywhere(let frame, let peer):
                actions += sendEverywhere([frame] + accusation(against: peer, with: frame), to: peer, now: now)
            case .probeByTLS(let peer, let sequence):
                actions += exchange(.probe(sequence: sequence), with: peer)
            case .assert(let standing, let subject):
                actions += assert(standing, of: subject, now: now)
            case .changed(let member, let old, let new):
                actions += noteChange(of: member, from: old, to: new, now: now)
            }
        }
        return actions
    }

    /// The accused is told in the ping, so that it can refute at once (Lifeguard §IV-C, buddy system). Here in the answer to its own
    /// pings too: who is held for dead gets no pings any more, but may well send some.
    private func accusation(against peer: NodeID, with frame: Frame) -> [Frame] {
        guard frame.kind == .ping || frame.kind == .ack, let signed = state.evidence[peer]?.accusation else { return [] }
        return [Frame(kind: .claim, body: signed.wireBytes)]
    }

    mutating func noteChange(
        of member: NodeID, from old: Standing, to new: Standing, now: ContinuousClock.Instant
    ) -> [Action] {
        guard old.status != new.status else { return [] }
        var actions: [Action] = [.changed(.member(member, new.status))]
        let name = name(of: member)
        let silence = links[member]?.lastHeard.map { Int((now - $0) / .seconds(1)) }
        switch new.status {
        case .alive where old.status == .suspect:
            let wasTold = announcedSuspects.remove(member) != nil
            actions.append(.log(wasTold ? level(ofChange: member, now: now) : .debug, "\(name) answers again", peer: member))
        case .alive:
            let place = links[member]?.address.map { " (\($0.host))" } ?? ""
            actions.append(.log(level(ofChange: member, now: now), "\(name) is here\(place)", peer: member))
            // Found through others: find out how to reach it.
            if links[member]?.boot == nil { actions += hello(member, now: now) }
        case .suspect:
            // What others say of it is theirs to log: one that accuses all the time shall fill nobody's log.
            let level = membership.suspicions[member]?.accuser == id ? level(ofChange: member, now: now) : .debug
            if level != .debug { announcedSuspects.insert(member) }
            actions.append(.log(level, "\(name) does not answer\(silence.map { " for \($0) s" } ?? ""): suspect", peer: member))
        case .dead:
            announcedSuspects.remove(member)
            let isTold = level(ofChange: member, now: now) != .debug
            actions.append(.log(isTold ? .warning : .debug, "\(name) is gone\(silence.map { ": no answer for \($0) s" } ?? "")", peer: member))
        case .left:
            actions.append(.log(level(ofChange: member, now: now), "\(name) left", peer: member))
        }
        return actions
    }

    /// A member that comes and goes all the time, or says so, shall fill nobody's log: six lines a minute are enough of it.
    private mutating func level(ofChange member: NodeID, now: ContinuousClock.Instant) -> LogLevel {
        let lately = toldChanges[member, default: []].filter { now - $0 < .seconds(60) }
        guard lately.count < 6 else { return .debug }
        toldChanges[member] = lately + [now]
        return .info
    }
}
