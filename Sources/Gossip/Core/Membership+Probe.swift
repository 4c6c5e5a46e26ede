import Foundation

/// Finding out whether others are there: a ping to one of them, then pings by way of others (SWIM §3.1), with Lifeguard's NACK (§IV-A).
extension Membership {
    // MARK: What arrives

    /// SWIM §3.1: whoever is pinged answers.
    ///
    /// - Parameters:
    ///   - proof: for a ping that somebody relays, what shows its origin that the answer is ours.
    ///   - reading: of this node's wall clock.
    func answer(toPing sequence: UInt32, from: NodeID, proof: [UInt8] = [], reading: WallReading? = nil) -> [Directive] {
        var ack = WireAck()
        ack.sequence = sequence
        ack.proof = Data(proof)
        ack.reading = reading
        return [.send(Frame(kind: .ack, body: ack.wireBytes), to: from)]
    }

    /// SWIM §3.1: somebody asks us to try a member in its stead (`ping-req`).
    mutating func probe(
        _ target: NodeID, for origin: NodeID, sequence: UInt32, challenge: UInt64, now: ContinuousClock.Instant
    ) -> [Directive] {
        guard target != id, target != origin, standings[target] != nil else { return [] }
        let own = nextSequence()
        let relay = Relay(
            origin: origin, originSequence: sequence, challenge: challenge, target: target, nackAt: now + settings.probeTimeout * 0.8,
            deadline: now + settings.probeInterval)
        guard addRelay(relay, sequence: own) else { return [] }
        var ping = WirePing()
        ping.sequence = own
        ping.origin = Data(origin.bytes)
        ping.challenge = challenge
        // Somebody misses it already: its usual address may be the reason.
        return [.sendEverywhere(Frame(kind: .ping, body: ping.wireBytes), to: target)]
    }

    /// SWIM §3.1: a member answered: our own probe, or one that we made for somebody.
    ///
    /// - Parameter proof: what came with it, for whom it was made for.
    mutating func acknowledge(_ sequence: UInt32, from: NodeID, proof: [UInt8] = [], now: ContinuousClock.Instant) -> [Directive] {
        if let relay = relays[sequence] {
            guard relay.target == from else { return [] }
            relays[sequence] = nil
            var ack = WireAck()
            ack.sequence = relay.originSequence
            ack.proof = Data(proof)
            return [.send(Frame(kind: .ack, body: ack.wireBytes), to: relay.origin)]
        }
        guard let current = probe, current.sequence == sequence, current.target == from else { return [] }
        probe = nil
        // Lifeguard §IV-A: an answer speaks for our own health.
        worsen(by: -1)
        return []
    }

    /// Lifeguard §IV-A: a helper is well, but had no answer from our target (NACK). Whoever was not asked speaks for nobody.
    mutating func noteNack(_ sequence: UInt32, from: NodeID) {
        if probe?.sequence == sequence { probe?.silentHelpers.remove(from) }
    }

    // MARK: Time

    /// Lifeguard §IV-A: tells who asked in time that there was no answer, and forgets what is too old to matter.
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

    /// SWIM §3.1: one member at a time; no answer after the timeout asks others, none at the end of the period makes it a suspect.
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
                    target: target, sequence: sequence, challenge: rng.next(), at: now, indirectAt: now + scaled(settings.probeTimeout),
                    deadline: now + scaled(settings.probeInterval))
                directives.append(.send(Self.ping(sequence), to: target))
            }
        }
        return directives
    }

    /// SWIM §3.1, with memberlist's last resort beside it: TCP, here TLS.
    private mutating func askOthers(_ current: Probe, rng: inout some RandomNumberGenerator) -> [Directive] {
        let helpers = present.sample(settings.indirectProbes, using: &rng) { $0 != current.target && standings[$0]?.status == .alive }
        probe?.askedOthers = true
        probe?.helpers = helpers.count
        probe?.silentHelpers = Set(helpers)
        var request = WirePingRequest()
        request.sequence = current.sequence
        request.target = Data(current.target.bytes)
        request.challenge = current.challenge
        let frame = Frame(kind: .pingRequest, body: request.wireBytes)
        return helpers.map { .send(frame, to: $0) } + [
            .sendEverywhere(Self.ping(current.sequence), to: current.target),
            .probeByTLS(current.target, sequence: current.sequence),
        ]
    }

    /// SWIM §4.2: suspect first, dead later. Lifeguard §IV-B: a suspect that we miss too has one accuser more.
    private mutating func fail(_ failed: Probe, now: ContinuousClock.Instant) -> [Directive] {
        // Lifeguard §IV-A: helpers that are silent too speak for a fault on our side.
        worsen(by: failed.helpers > 0 ? failed.silentHelpers.count : 1)
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

    /// SWIM §3.1.
    static func ping(_ sequence: UInt32) -> Frame {
        var ping = WirePing()
        ping.sequence = sequence
        return Frame(kind: .ping, body: ping.wireBytes)
    }
}
