extension GossipInstance {
    /// When ``tick(now:)`` is due.
    var nextDeadline: ContinuousClock.Instant {
        var deadline = min(membership.nextDeadline, nextSyncAt, nextCallAt)
        if !broadcasts.isEmpty { deadline = min(deadline, nextGossipAt) }
        if let trigger = triggers.nextDeadline { deadline = min(deadline, trigger) }
        for link in links.values { if let sync = link.syncAt.first { deadline = min(deadline, sync) } }
        return deadline
    }

    mutating func tick(now: ContinuousClock.Instant) -> [Action] {
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
        for peer in links.keys.sorted() where links[peer]?.syncAt.first.map({ $0 <= now }) == true {
            links[peer]?.syncAt.removeFirst()
            actions += send([syncHashFrame], to: peer, now: now)
        }
        if nextGossipAt <= now, !broadcasts.isEmpty {
            nextGossipAt = now + settings.gossipInterval
            let peers = membership.present.shuffled(using: &random).prefix(settings.gossipFanout)
            // With nobody to tell, news waits; whoever comes gets everything anyway.
            for peer in peers { actions += send([], to: peer, now: now) }
        }
        if let report = drops.report(now: now) { actions.append(.log(.debug, "packets dropped: \(report)", peer: nil)) }
        return actions
    }

    /// Knocks at members that are not there: all of them while this node is young, later a few at a time, for ever.
    private mutating func callAbsent(now: ContinuousClock.Instant) -> [Action] {
        let present = Set(membership.present)
        let absent = links.keys.filter { !present.contains($0) }.sorted()
        return absent.shuffled(using: &random).prefix(64).flatMap { hello($0, now: now) }
    }

    /// Does what membership decided.
    mutating func carryOut(_ directives: [Membership.Directive], now: ContinuousClock.Instant) -> [Action] {
        var actions: [Action] = []
        for directive in directives {
            switch directive {
            case .send(let frame, let peer):
                actions += send([frame] + accusation(against: peer, with: frame), to: peer, now: now)
            case .sendEverywhere(let frame, let peer):
                actions += sendEverywhere(frame, to: peer, now: now)
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

    /// The accused is told in the ping, so that it can refute at once (Lifeguard §IV-C, buddy system).
    private func accusation(against peer: NodeID, with frame: Frame) -> [Frame] {
        guard frame.kind == .ping, let signed = state.evidence[peer]?.accusation else { return [] }
        return [Frame(kind: .claim, body: signed.wireBytes)]
    }

    private mutating func noteChange(
        of member: NodeID, from old: Standing, to new: Standing, now: ContinuousClock.Instant
    ) -> [Action] {
        guard old.status != new.status else { return [] }
        var actions: [Action] = [.changed(.member(member, new.status))]
        let name = name(of: member)
        let silence = links[member]?.lastHeard.map { Int((now - $0) / .seconds(1)) }
        switch new.status {
        case .alive where old.status == .suspect:
            actions.append(.log(.info, "\(name) answers again", peer: member))
        case .alive:
            let place = links[member]?.addresses.first.map { " (\($0.host))" } ?? ""
            actions.append(.log(.info, "\(name) is here\(place)", peer: member))
            // Found through others: find out how to reach it.
            if links[member]?.boot == nil { actions += hello(member, now: now) }
        case .suspect:
            actions.append(.log(.info, "\(name) does not answer\(silence.map { " for \($0) s" } ?? ""): suspect", peer: member))
        case .dead:
            actions.append(.log(.warning, "\(name) is gone\(silence.map { ": no answer for \($0) s" } ?? "")", peer: member))
        case .left:
            actions.append(.log(.info, "\(name) left", peer: member))
        }
        return actions
    }
}
