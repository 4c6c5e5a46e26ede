import Foundation

extension GossipInstance {
    /// A datagram came. Whatever it holds, this never fails: what is not right is counted and dropped.
    package mutating func receive(_ packet: [UInt8], from address: PeerAddress, now: ContinuousClock.Instant) -> [Action] {
        switch open(packet) {
        case .failure(let refusal):
            drops.count(refusal)
            return []
        case .success(let (peer, header, content)):
            let actions: [Action]?
            switch header.type {
            case .frames: actions = receiveFrames(content, from: peer, address, now: now)
            case .hello: actions = receiveHello(content, from: peer, address, now: now)
            case .helloReply: actions = receiveHelloReply(content, from: peer, address, now: now)
            case .staleBoot: actions = receiveStaleBoot(content, from: peer, now: now)
            }
            return actions ?? []
        }
    }

    private func open(_ packet: [UInt8]) -> Result<(NodeID, PacketHeader, PacketContent), PeerLink.Refusal> {
        if let refusal = PacketCodec.refusal(of: packet, meshTag: roster.meshID.tag, own: id.prefix) { return .failure(refusal) }
        guard let header = PacketCodec.header(of: packet) else { return .failure(.damaged) }
        guard let peer = roster.node(forPrefix: header.source), let link = links[peer] else { return .failure(.foreign) }
        guard let content = PacketCodec.open(packet, header: header, key: link.receiveKey, cipher: crypto) else { return .failure(.damaged) }
        return .success((peer, header, content))
    }

    private mutating func refuse(_ refusal: PeerLink.Refusal) -> [Action]? {
        drops.count(refusal)
        return nil
    }

    // MARK: Links

    /// A hello proves only that its sender made it once. It is echoed, and changes nothing here.
    private mutating func receiveHello(
        _ content: PacketContent, from peer: NodeID, _ address: PeerAddress, now: ContinuousClock.Instant
    ) -> [Action]? {
        guard let link = links[peer], let frame = content.frames.first, frame.kind == .hello, let hello = WireHello(untrusted: frame.body),
            hello.nonce.count == 16
        else { return refuse(.malformed) }
        if content.sourceBoot < link.highestBoot { return tellStaleBoot(content, to: peer, address, now: now) }
        // It has had more packets of this boot than we remember to have sent: this boot was before. A recording cannot say that of another one.
        if hello.seenBoot == boot, hello.seenSequence > link.sequence { return goBeyond(boot, tellsOf: peer, now: now) }
        var reply = WireHelloReply()
        reply.nonce = hello.nonce
        let frameBack = Frame(kind: .helloReply, body: reply.wireBytes)
        var actions: [Action] = []
        if let packet = seal(.helloReply, [frameBack], for: peer, destinationBoot: content.sourceBoot) {
            actions.append(.send(packet, to: address))
        }
        // It may be back after a restart, or not know us yet: find out for ourselves.
        if link.boot != content.sourceBoot {
            actions += knock(peer, at: address, now: now)
        }
        return actions
    }

    private mutating func receiveHelloReply(
        _ content: PacketContent, from peer: NodeID, _ address: PeerAddress, now: ContinuousClock.Instant
    ) -> [Action]? {
        guard let frame = content.frames.first, frame.kind == .helloReply, let reply = WireHelloReply(untrusted: frame.body) else {
            return refuse(.malformed)
        }
        guard let nonce = links[peer]?.helloNonce, Array(reply.nonce) == nonce else { return refuse(.replayed) }
        let wasUp = links[peer]?.boot == content.sourceBoot
        if let refusal = links[peer]?.accept(content, ownBoot: boot, from: address, now: now) { return refuse(refusal) }
        links[peer]?.helloNonce = nil
        if let current = links[peer]?.current { take(current, for: peer) }
        var actions: [Action] = [.savePeers]
        // Even on a link that was up: a member that answers although we hold it for dead has to hear of it.
        if !wasUp || !membership.isPresent(peer) { actions += greet(peer, now: now) }
        return actions
    }

    private mutating func tellStaleBoot(
        _ content: PacketContent, to peer: NodeID, _ address: PeerAddress, now: ContinuousClock.Instant
    ) -> [Action]? {
        drops.count(.staleBoot)
        if let sentAt = links[peer]?.staleBootSentAt, now - sentAt < .seconds(1) { return nil }
        links[peer]?.staleBootSentAt = now
        var stale = WireStaleBoot()
        stale.boot = links[peer]?.highestBoot ?? 0
        let packet = seal(.staleBoot, [Frame(kind: .staleBoot, body: stale.wireBytes)], for: peer, destinationBoot: content.sourceBoot)
        return packet.map { [.send($0, to: address)] }
    }

    /// Peers have seen a later boot of ours: this disk was rolled back.
    private mutating func receiveStaleBoot(_ content: PacketContent, from peer: NodeID, now: ContinuousClock.Instant) -> [Action]? {
        guard content.destinationBoot == boot, let frame = content.frames.first, frame.kind == .staleBoot,
            let stale = WireStaleBoot(untrusted: frame.body)
        else { return refuse(.misdirected) }
        return goBeyond(stale.boot, tellsOf: peer, now: now)
    }

    // MARK: Frames

    private mutating func receiveFrames(
        _ content: PacketContent, from peer: NodeID, _ address: PeerAddress, now: ContinuousClock.Instant
    ) -> [Action]? {
        let boot = links[peer]?.boot
        let place = links[peer]?.current
        if let refusal = links[peer]?.accept(content, ownBoot: self.boot, from: address, now: now) {
            switch refusal {
            case .staleBoot: return tellStaleBoot(content, to: peer, address, now: now)
            // All of a silent member's packets look old: it may have begun anew in the same boot, on a disk that was rolled back by one. Or
            // somebody plays recordings: it will know, when our hello tells how far it had come.
            case .replayed where links[peer]?.seemsRolledBack(now: now) == true:
                drops.count(refusal)
                return hello(peer, now: now)
            case .misdirected:
                drops.count(refusal)
                // It still talks to an earlier boot of ours: our own hello makes it ask for the present one. Where it is, this packet says; with
                // a disk that was rolled back we may know no other place.
                return knock(peer, at: address, now: now)
            default: return refuse(refusal)
            }
        }
        var actions: [Action] = []
        if let current = links[peer]?.current, current != place {
            actions.append(.savePeers)
            take(current, for: peer)
        }
        if boot != content.sourceBoot { actions += greet(peer, now: now) }
        membership.hear(peer, now: now)
        // No honest packet asks the same twice, and each answer costs more than its question.
        var questions: Set<Frame.Kind> = []
        for frame in content.frames where !frame.kind.isQuestion || questions.insert(frame.kind).inserted {
            actions += receive(frame, from: peer, now: now)
        }
        return actions
    }

    private mutating func receive(_ frame: Frame, from peer: NodeID, now: ContinuousClock.Instant) -> [Action] {
        guard frame.kind.isSigned else { return read(frame, from: peer, now: now) }
        guard budgets[peer, default: VerificationBudget(now: now)].forgeries.hasOne(now: now) else {
            drops.count(.unheeded)
            return []
        }
        let before = forgeries + idle
        let actions = read(frame, from: peer, now: now)
        if forgeries + idle > before { _ = budgets[peer, default: VerificationBudget(now: now)].forgeries.take(now: now) }
        return actions
    }

    private mutating func read(_ frame: Frame, from peer: NodeID, now: ContinuousClock.Instant) -> [Action] {
        switch frame.kind {
        case .ping:
            guard let ping = WirePing(untrusted: frame.body) else { break }
            return carryOut(membership.answer(toPing: ping.sequence, from: peer, proof: proof(for: ping), reading: reading(now)), now: now)
        case .ack:
            guard let ack = WireAck(untrusted: frame.body) else { break }
            noteClock(ack, from: peer, now: now)
            let proof = Array(ack.proof)
            return carryOut(membership.acknowledge(ack.sequence, from: author(of: ack, from: peer), proof: proof, now: now), now: now)
        case .nack:
            guard let nack = WireNack(untrusted: frame.body) else { break }
            membership.noteNack(nack.sequence, from: peer)
            return []
        case .pingRequest:
            guard let request = WirePingRequest(untrusted: frame.body), let target = NodeID(bytes: request.target) else { break }
            let directives = membership.probe(target, for: peer, sequence: request.sequence, challenge: request.challenge, now: now)
            return carryOut(directives, now: now)
        case .claim:
            guard let signed = WireSigned(untrusted: frame.body) else { break }
            return accept(claim: signed, from: peer, now: now)
        case .record:
            guard let record = WireRecordFrame(untrusted: frame.body) else { break }
            return accept(record: record, now: now)
        case .config:
            guard let signed = WireSigned(untrusted: frame.body) else { break }
            return accept(config: [signed])
        case .roster:
            guard let record = WireRosterRecord(untrusted: frame.body) else { break }
            return accept(roster: [record], now: now)
        case .trigger:
            guard let signed = WireSigned(untrusted: frame.body) else { break }
            return accept(trigger: signed, from: peer, now: now)
        case .triggerAck:
            guard let ack = WireTriggerAck(untrusted: frame.body), let event = EventID(bytes: ack.id) else { break }
            triggers.acknowledge(event, from: peer)
            return []
        case .syncHash:
            guard let sync = WireSyncHash(untrusted: frame.body) else { break }
            return compare(Array(sync.hash), with: peer, now: now)
        case .want:
            guard budgets[peer, default: VerificationBudget(now: now)].wants.take(now: now) else {
                drops.count(.unheeded)
                return []
            }
            return send(ownFrames(now: now), to: peer, now: now, news: .none)
        case .hello, .helloReply, .staleBoot:
            break
        }
        drops.count(.malformed)
        return []
    }

    // MARK: Relayed pings

    /// Empty for a ping that its sender makes for itself.
    private func proof(for ping: WirePing) -> [UInt8] {
        guard let origin = NodeID(bytes: ping.origin), let link = links[origin] else { return [] }
        return RelayedAck.proof(key: link.sendKey, challenge: ping.challenge, crypto: crypto)
    }

    /// Whose answer it is: the sender's, or that of our probe's target when the sender passes on what only that can have said.
    private func author(of ack: WireAck, from peer: NodeID) -> NodeID {
        guard let probe = membership.probe, probe.sequence == ack.sequence, probe.askedOthers, probe.target != peer,
            let key = links[probe.target]?.receiveKey,
            Array(ack.proof) == RelayedAck.proof(key: key, challenge: probe.challenge, crypto: crypto)
        else { return peer }
        return probe.target
    }
}
