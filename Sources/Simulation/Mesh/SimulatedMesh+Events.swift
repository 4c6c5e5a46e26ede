import Gossip

extension SimulatedMesh {
    /// As ``GossipService``'s: it sets no timer below a millisecond.
    private static let shortestTimer = Duration.milliseconds(1)
    /// What a node waits before it gives up an exchange with somebody who is not there.
    private static let exchangeLimit = Duration.seconds(3)

    mutating func happen(_ event: Happening) {
        switch event {
        case .timer(let index):
            // Planned for an earlier deadline, or for a process that is gone.
            guard nodes[index].isRunning, nodes[index].timerAt == time else { return }
            nodes[index].timerAt = .never
            // It goes on with ``resume``.
            guard !isPaused(index) else { return }
            trace.note(.timer, at: time, node: index)
            let now = nodes[index].clock.instant(time)
            perform(nodes[index].instance.nextDeadline <= now ? nodes[index].instance.tick(now: now) : [], by: index)
        case .resume(let index):
            guard nodes[index].isRunning, let until = nodes[index].pausedUntil, until <= time else { return }
            nodes[index].pausedUntil = nil
            schedule(index)
        case .packet(let packet, let source, let from, let to):
            arrive(packet, source: source, from: from, to: to)
        case .request(let request, let roster, let from, let life, let to, let purpose, let sentAt):
            serve(request, roster: roster, from: from, life: life, to: to, purpose, sentAt: sentAt)
        case .answer(let answer, let roster, let peer, let to, let life, let purpose):
            guard nodes[to].isRunning, nodes[to].life == life else { return }
            if isPaused(to) { return postpone(event, of: to) }
            trace.note(answer == nil ? .unanswered : .answer, at: time, node: to, bytes: answer ?? [])
            let now = nodes[to].clock.instant(time)
            // The client has trusted that certificate and no other.
            if let answer, nodes[to].admits(peer) {
                perform(nodes[to].instance.exchangeAnswered(purpose, answer, by: peer, now: now), by: to)
                if purpose == .sync, let roster { compareRevocations(of: to, with: roster, from: peer) }
            } else {
                perform(nodes[to].instance.exchangeFailed(purpose, by: peer, now: now), by: to)
            }
        case .written(let write, let index, let life):
            guard nodes[index].isRunning, nodes[index].life == life else { return }
            finish(write, by: index)
        case .writePeers(let index, let life):
            guard nodes[index].isRunning, nodes[index].life == life else { return }
            if isPaused(index) { return postpone(event, of: index) }
            writePeers(index)
        case .discovered(let peer, let address, let index, let life):
            guard nodes[index].isRunning, nodes[index].life == life else { return }
            if isPaused(index) { return postpone(event, of: index) }
            trace.note(.discovered, at: time, node: index, text: "\(peer.short) at \(address.host)")
            act(index) { $0.discovered(peer, at: address, now: $1) }
        case .moved(let index, let life):
            guard nodes[index].isRunning, nodes[index].life == life else { return }
            if isPaused(index) { return postpone(event, of: index) }
            publishOwnRecord(index)
            act(index) { $0.addressesChanged(now: $1) }
            announce(index)
        case .planned(let number):
            becameDue(number)
        }
    }

    private mutating func postpone(_ event: Happening, of index: Int) {
        queue.plan(event, at: max(time, nodes[index].pausedUntil ?? time))
    }

    // MARK: Packets

    private mutating func arrive(_ packet: [UInt8], source: PeerAddress, from: Int, to: Int) {
        guard nodes[to].isRunning else { return }
        if isPaused(to) { return postpone(.packet(packet, source: source, from: from, to: to), of: to) }
        trace.note(.packet, at: time, node: to, other: from, bytes: packet)
        let now = nodes[to].clock.instant(time)
        let sender = id(from)
        guard sender != id(to), !nodes[to].admits(sender) else {
            let before = options.control == .noDeduplication ? nodes[to].instance : nil
            let actions = nodes[to].instance.receive(packet, from: source, now: now)
            perform(actions + (before.map { deliveredAgain(packet, source, to: $0, now: now, beside: actions) } ?? []), by: to)
            if nodes[to].lies { lieAboutProbes(by: to) }
            return
        }
        let before = nodes[to].instance.stateHash
        let actions = nodes[to].instance.receive(packet, from: source, now: now)
        let effects = actions.filter { if case .log = $0 { false } else { true } }
        if let effect = effects.first {
            observe(.accepted(stranger: sender, effect: "\(effect)"), by: to)
        } else if nodes[to].instance.stateHash != before {
            observe(.accepted(stranger: sender, effect: "its state changed"), by: to)
        }
        perform(actions, by: to)
    }

    /// The negative control's: what an instance that remembers no trigger would deliver, and this one did not.
    private func deliveredAgain(
        _ packet: [UInt8], _ source: PeerAddress, to before: GossipInstance, now: ContinuousClock.Instant, beside actions: [GossipInstance.Action]
    ) -> [GossipInstance.Action] {
        func isDelivery(_ action: GossipInstance.Action) -> Bool { if case .deliver = action { true } else { false } }
        guard !actions.contains(where: isDelivery) else { return [] }
        var forgetful = before
        forgetful.triggers = TriggerDelivery(settings: options.settings)
        return forgetful.receive(packet, from: source, now: now).filter(isDelivery)
    }

    private mutating func send(_ packet: [UInt8], to address: PeerAddress, by index: Int) {
        nodes[index].bytesSent += packet.count
        nodes[index].packetsSent += 1
        if packet.count > nodes[index].largestPacket {
            nodes[index].largestPacket = packet.count
            if packet.count > PacketCodec.limit { observe(.oversized(packet.count), by: index) }
        }
        guard let source = network.source(of: index), let to = network.node(at: address), to != index else { return }
        if options.keepsWire {
            wire.append((packet, index, to))
            if wire.count > 4000 { wire.removeFirst(2000) }
        }
        for delay in network.delays(from: index, to: to, &rng) {
            queue.plan(.packet(packet, source: source, from: index, to: to), at: time + delay)
        }
    }

    // MARK: TLS

    private mutating func exchange(_ request: [UInt8], with peer: NodeID, _ purpose: GossipInstance.ExchangePurpose, by index: Int) {
        let addresses = nodes[index].instance.links[peer]?.addresses ?? []
        // Whoever has that address now must have the peer's key too.
        let target = addresses.compactMap(network.node(at:)).first { id($0) == peer && nodes[$0].isRunning && network.hasTLS(index, $0) }
        guard let target, network.source(of: index) != nil else {
            return queue.plan(.answer(nil, roster: nil, of: peer, to: index, life: nodes[index].life, purpose), at: time + Self.exchangeLimit)
        }
        nodes[index].tlsBytesSent += request.count
        // One round trip for TCP, one for TLS.
        let delay = (0..<3).reduce(Duration.milliseconds(5)) { sum, _ in sum + network.delay.draw(&rng) }
        queue.plan(
            .request(
                request, roster: nodes[index].instance.roster, from: index, life: nodes[index].life, to: target, purpose, sentAt: time),
            at: time + delay)
    }

    private mutating func serve(
        _ request: [UInt8], roster: Roster, from: Int, life: Int, to: Int, _ purpose: GossipInstance.ExchangePurpose, sentAt: VirtualTime
    ) {
        let peer = id(to)
        // The handshake asks the roster.
        guard nodes[to].isRunning, network.hasTLS(from, to), nodes[to].admits(id(from)) else {
            return queue.plan(.answer(nil, roster: nil, of: peer, to: from, life: life, purpose), at: max(time, sentAt + Self.exchangeLimit))
        }
        if isPaused(to) {
            let until = nodes[to].pausedUntil ?? time
            if until - sentAt > Self.exchangeLimit {
                return queue.plan(.answer(nil, roster: nil, of: peer, to: from, life: life, purpose), at: sentAt + Self.exchangeLimit)
            }
            return postpone(.request(request, roster: roster, from: from, life: life, to: to, purpose, sentAt: sentAt), of: to)
        }
        trace.note(.request, at: time, node: to, other: from, bytes: request)
        let (answer, actions) = nodes[to].instance.answer(request, from: id(from), now: nodes[to].clock.instant(time))
        nodes[to].tlsBytesSent += answer?.count ?? 0
        perform(actions, by: to)
        guard let answer else { return queue.plan(.answer(nil, roster: nil, of: peer, to: from, life: life, purpose), at: time + network.delay.draw(&rng)) }
        if purpose == .push { compareRevocations(of: to, with: roster, from: id(from)) }
        let known = nodes[to].instance.roster
        queue.plan(.answer(answer, roster: known, of: peer, to: from, life: life, purpose), at: time + network.delay.draw(&rng))
    }

    // MARK: The shell

    /// Carries out what an instance decided, as ``GossipService`` does.
    mutating func perform(_ actions: [GossipInstance.Action], by index: Int) {
        for action in actions {
            switch action {
            case .send(let packet, let address):
                send(packet, to: address, by: index)
            case .exchange(let peer, let request, let purpose):
                if options.control == .noAntiEntropy, purpose == .sync || purpose == .push { continue }
                exchange(request, with: peer, purpose, by: index)
            case .deliver(let trigger):
                trace.note(.delivered, at: time, node: index, text: "\(trigger.id)")
                observe(.delivered(trigger), by: index)
                guard options.remembers else { continue }
                nodes[index].delivered.append(trigger)
                nodes[index].deliveredAt.append(nodes[index].clock.instant(time))
            case .changed(let change):
                if case .member(let member, let status) = change {
                    trace.note(.changed, at: time, node: index, text: "\(member.short) \(status)")
                    observe(.standing(of: member, status), by: index)
                }
                if options.remembers { nodes[index].changes.append(change) }
            case .saveTrust:
                if options.control == .forgottenRevocation { continue }
                write(.trust(nodes[index].instance.roster, nodes[index].instance.config), by: index)
            case .savePeers:
                guard nodes[index].writesPeersAt == nil else { continue }
                let at = max(time + .seconds(2), (nodes[index].wrotePeersAt ?? time - .seconds(60)) + .seconds(60))
                nodes[index].writesPeersAt = at
                queue.plan(.writePeers(node: index, life: nodes[index].life), at: at)
            case .raiseBoot(let boot):
                if options.control == .resetBoot || nodes[index].isRaisingBoot { continue }
                nodes[index].isRaisingBoot = true
                write(.boot(boot), by: index)
            case .log(let level, let text, _):
                if level == .warning { trace.note(.said, at: time, node: index, text: text) }
            }
        }
        schedule(index)
    }

    /// Sets the timer if something is due before it rings.
    mutating func schedule(_ index: Int) {
        guard nodes[index].isRunning, !isPaused(index) else { return }
        let deadline = max(nodes[index].clock.time(of: nodes[index].instance.nextDeadline), time + Self.shortestTimer)
        guard deadline < nodes[index].timerAt else { return }
        nodes[index].timerAt = deadline
        queue.plan(.timer(index), at: deadline)
    }

    private mutating func write(_ write: SimulatedDisk.Write, by index: Int) {
        let done = nodes[index].disk.duration(of: write, at: time, &rng)
        queue.plan(.written(write, node: index, life: nodes[index].life), at: done)
    }

    private mutating func finish(_ write: SimulatedDisk.Write, by index: Int) {
        let isDurable = nodes[index].disk.finish(write)
        trace.note(.written, at: time, node: index)
        guard case .boot(let boot) = write else { return }
        nodes[index].isRaisingBoot = false
        // Nobody may hear of a number that is not on the card; whoever saw a later boot will say so again.
        guard isDurable else { return }
        act(index) { $0.raise(boot: boot, now: $1) }
    }

    private mutating func writePeers(_ index: Int) {
        nodes[index].writesPeersAt = nil
        nodes[index].wrotePeersAt = time
        let peers = nodes[index].instance.links.mapValues { (addresses: Array($0.addresses.prefix(PeerLink.addressLimit)), boot: $0.highestBoot) }
        write(.peers(peers), by: index)
    }

    /// What the node says about itself: name, addresses, ports, certificate.
    mutating func publishOwnRecord(_ index: Int) {
        var record = NodeRecord()
        record.name = "node\(nodes[index].identity)"
        record.addresses = network.addresses(of: index).map(\.host)
        record.gossipPort = UInt32(SimulatedNetwork.port)
        record.peerPort = UInt32(SimulatedNetwork.port)
        record.tlsCertificate = .init(SimulatedCrypto.certificate(of: keys.identity(nodes[index].identity)))
        guard let bytes: [UInt8] = try? record.serializedBytes() else { return }
        act(index) { $0.publish(.node, bytes, now: $1) }
    }

    /// mDNS: it finds who is there, and is found.
    mutating func announce(_ index: Int) {
        guard network.multicast, !options.knowEachOther else { return }
        for other in nodes.indices where other != index && nodes[other].isRunning {
            for (finder, found) in [(index, other), (other, index)] where network.passes(from: found, to: finder) {
                for address in network.addresses(of: found) {
                    let at = time + rng.duration(.milliseconds(50), .seconds(1))
                    queue.plan(.discovered(id(found), address, by: finder, life: nodes[finder].life), at: at)
                }
            }
        }
    }
}
