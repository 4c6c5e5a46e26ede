import Foundation

extension Membership {
    // MARK: What arrives

    func answer(toPing sequence: UInt32, from: NodeID) -> [Directive] {
        var ack = WireAck()
        ack.sequence = sequence
        return [.send(Frame(kind: .ack, body: ack.wireBytes), to: from)]
    }

    /// Somebody asks us to try a member in its stead.
    mutating func probe(_ target: NodeID, for origin: NodeID, sequence: UInt32, now: ContinuousClock.Instant) -> [Directive] {
        guard target != id, target != origin, standings[target] != nil else { return [] }
        let own = nextSequence()
        let relay = Relay(
            origin: origin, originSequence: sequence, target: target, nackAt: now + settings.probeTimeout * 0.8,
            deadline: now + settings.probeInterval)
        guard addRelay(relay, sequence: own) else { return [] }
        // Somebody misses it already: its usual address may be the reason.
        return [.sendEverywhere(Self.ping(own), to: target)]
    }

    /// A member answered: our own probe, or one that we made for somebody.
    mutating func acknowledge(_ sequence: UInt32, from: NodeID, now: ContinuousClock.Instant) -> [Directive] {
        if let relay = relays[sequence] {
            guard relay.target == from else { return [] }
            relays[sequence] = nil
            var ack = WireAck()
            ack.sequence = relay.originSequence
            return [.send(Frame(kind: .ack, body: ack.wireBytes), to: relay.origin)]
        }
        // A helper passes the answer on under our own number; any member may have been the helper.
        guard let current = probe, current.sequence == sequence, current.target == from || current.askedOthers else { return [] }
        probe = nil
        worsen(by: -1)
        return []
    }

    /// A helper is well, but had no answer from our target.
    mutating func refuse(_ sequence: UInt32, from: NodeID) {
        guard var current = probe, current.sequence == sequence, current.nacks < current.nacksExpected else { return }
        current.nacks += 1
        probe = current
    }

    // MARK: Time

    mutating func advanceRelays(now: ContinuousClock.Instant) -> [Directive] {
        var directives: [Directive] = []
        for sequence in relays.keys.sorted() {
            guard let relay = relays[sequence] else { continue }
            if !relay.nacked, relay.nackAt <= now {
                relays[sequence]?.nacked = true
                var nack = WireNack()
                nack.sequence = relay.originSequence
                directives.append(.send(Frame(kind: .nack, body: nack.wireBytes), to: relay.origin))
            }
            if relay.deadline <= now { relays[sequence] = nil }
        }
        return directives
    }

    mutating func advanceProbe(now: ContinuousClock.Instant, rng: inout some RandomNumberGenerator) -> [Directive] {
        var directives: [Directive] = []
        if let current = probe, !current.askedOthers, current.indirectAt <= now {
            directives += askOthers(current, rng: &rng)
        }
        if let current = probe, current.deadline <= now {
            probe = nil
            directives += fail(current, now: now)
        }
        if probe == nil, nextProbeAt <= now {
            nextProbeAt = now + scaled(settings.probeInterval)
            if let target = nextTarget(rng: &rng) {
                let sequence = nextSequence()
                probe = Probe(
                    target: target, sequence: sequence, indirectAt: now + scaled(settings.probeTimeout),
                    deadline: now + scaled(settings.probeInterval))
                directives.append(.send(Self.ping(sequence), to: target))
            }
        }
        return directives
    }

    private mutating func askOthers(_ current: Probe, rng: inout some RandomNumberGenerator) -> [Directive] {
        let helpers = present.sample(settings.indirectProbes, using: &rng) { $0 != current.target && standings[$0]?.status == .alive }
        probe?.askedOthers = true
        probe?.nacksExpected = helpers.count
        var request = WirePingRequest()
        request.sequence = current.sequence
        request.target = Data(current.target.bytes)
        let frame = Frame(kind: .pingRequest, body: request.wireBytes)
        return helpers.map { .send(frame, to: $0) } + [
            .sendEverywhere(Self.ping(current.sequence), to: current.target),
            .probeByTLS(current.target, sequence: current.sequence),
        ]
    }

    private mutating func fail(_ failed: Probe, now: ContinuousClock.Instant) -> [Directive] {
        // Lifeguard §IV-A: helpers that are silent too speak for a fault on our side.
        worsen(by: failed.nacksExpected > 0 ? max(0, failed.nacksExpected - failed.nacks) : 1)
        guard let standing = standings[failed.target] else { return [] }
        let suspect = Standing(status: .suspect, incarnation: standing.incarnation)
        switch standing.status {
        case .alive:
            return set(suspect, of: failed.target, by: id, now: now) + [.assert(suspect, of: failed.target)]
        case .suspect:
            guard var suspicion = suspicions[failed.target], suspicion.wouldConfirm(by: id) else { return [] }
            suspicion.confirm(by: id)
            suspicions[failed.target] = suspicion
            return [.assert(suspect, of: failed.target)]
        case .dead, .left:
            return []
        }
    }

    static func ping(_ sequence: UInt32) -> Frame {
        var ping = WirePing()
        ping.sequence = sequence
        return Frame(kind: .ping, body: ping.wireBytes)
    }
}
