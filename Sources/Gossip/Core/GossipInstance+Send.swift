import Foundation

extension GossipInstance {
    /// What fills the rest of a packet.
    enum News {
        case none
        /// Each counts as sent once.
        case counted
        /// Beside what is sent by ourselves: an answer. Whoever asks all the time must not use up what is meant for all.
        case uncounted
    }

    /// Packs frames, fills what is left with news, and sends. Where no link is up yet, knocks instead: what was to be said is
    /// said again later or by anti-entropy.
    mutating func send(_ frames: [Frame], to peer: NodeID, now: ContinuousClock.Instant, news: News = .counted) -> [Action] {
        guard let link = links[peer] else { return [] }
        guard link.boot != nil, let address = link.address else { return hello(peer, now: now) }
        return pack(frames, news: news).compactMap { seal(.frames, $0, for: peer).map { .send($0, to: address) } }
    }

    /// To all addresses that are known of it: the usual one may have stopped working.
    mutating func sendEverywhere(_ frames: [Frame], to peer: NodeID, now: ContinuousClock.Instant) -> [Action] {
        guard let link = links[peer] else { return [] }
        guard link.boot != nil else { return hello(peer, now: now) }
        let packets = pack(frames, news: .none)
        return link.addresses.prefix(PeerLink.addressLimit).flatMap { address in
            packets.compactMap { seal(.frames, $0, for: peer).map { .send($0, to: address) } }
        }
    }

    /// Splits frames into packets; the last one gets news on top.
    private mutating func pack(_ frames: [Frame], news: News) -> [[Frame]] {
        var packets: [[Frame]] = [[]]
        var space = PacketCodec.frameSpace
        for frame in frames where frame.size <= PacketCodec.frameSpace {
            if frame.size > space || packets[packets.count - 1].count >= PacketCodec.frameLimit {
                packets.append([])
                space = PacketCodec.frameSpace
            }
            packets[packets.count - 1].append(frame)
            space -= frame.size
        }
        let count = PacketCodec.frameLimit - packets[packets.count - 1].count
        switch news {
        case .none: break
        case .counted: packets[packets.count - 1] += broadcasts.take(space: space, count: count, transmissions: transmissions)
        case .uncounted: packets[packets.count - 1] += broadcasts.peek(space: space, count: count)
        }
        return packets.filter { !$0.isEmpty }
    }

    /// How often each news is sent.
    var transmissions: Int { Broadcasts.transmissions(members: membership.size, factor: settings.retransmitFactor) }

    /// One round of news (SWIM §4.1): the same packet to some members. With different ones, a long queue would reach each only now and then.
    mutating func gossip(now: ContinuousClock.Instant) -> [Action] {
        let peers = membership.present.sample(settings.gossipFanout, using: &random)
        let reachable = peers.filter { links[$0]?.boot != nil }
        // With nobody to tell, news waits; whoever comes gets everything anyway.
        var actions = peers.filter { links[$0]?.boot == nil }.flatMap { hello($0, now: now) }
        guard !reachable.isEmpty else { return actions }
        let packets = broadcasts.takeRound(
            packets: Self.newsPackets, space: PacketCodec.frameSpace, count: PacketCodec.frameLimit, transmissions: transmissions,
            copies: reachable.count)
        for frames in packets {
            for peer in reachable { actions += send(frames, to: peer, now: now, news: .none) }
        }
        return actions
    }

    /// Packets of one round at most: when a hundred of a thousand members refute at once, a queue of seconds would bury some of them.
    private static let newsPackets = 4

    /// - Parameter destinationBoot: for packets that do not depend on a proven boot; else the link's.
    package mutating func seal(_ type: PacketType, _ frames: [Frame], for peer: NodeID, destinationBoot: UInt32? = nil) -> [UInt8]? {
        guard let boot = destinationBoot ?? links[peer]?.boot, let sequence = links[peer]?.nextSequence(), let key = links[peer]?.sendKey
        else { return nil }
        let header = PacketHeader(type: type, meshTag: roster.meshID.tag, source: id.prefix, nonce: randomBytes(24))
        let content = PacketContent(sourceBoot: self.boot, destinationBoot: boot, sequence: sequence, frames: frames)
        return PacketCodec.encode(header, content, key: key, cipher: crypto)
    }

    /// Asks a member for its boot, at all addresses where it may be, seeds included. At most every 200 ms.
    mutating func hello(_ peer: NodeID, now: ContinuousClock.Instant, at extra: [PeerAddress] = []) -> [Action] {
        guard let link = links[peer] else { return [] }
        if let sentAt = link.helloSentAt, now - sentAt < .milliseconds(200), extra.isEmpty { return [] }
        var addresses = extra
        // However many places it was heard at, what an owner typed keeps its room: it may be all that is still true.
        let limit = PeerLink.addressLimit
        for address in link.addresses.prefix(limit) + seeds + link.addresses.dropFirst(limit) where !addresses.contains(address) {
            addresses.append(address)
        }
        addresses = Array(addresses.prefix(limit * 2))
        guard !addresses.isEmpty else { return [] }
        // One nonce while it waits: an answer to any of several calls will do.
        let nonce = link.helloNonce ?? randomBytes(16)
        links[peer]?.helloNonce = nonce
        links[peer]?.helloSentAt = now
        var hello = WireHello()
        hello.nonce = Data(nonce)
        if let boot = link.boot { (hello.seenBoot, hello.seenSequence) = (boot, link.seenSequence) }
        let frame = Frame(kind: .hello, body: hello.wireBytes)
        return addresses.compactMap { address in
            seal(.hello, [frame], for: peer, destinationBoot: 0).map { .send($0, to: address) }
        }
    }

    /// Somebody that calls itself `peer` was seen at that address. Nothing is proven yet.
    package mutating func discovered(_ peer: NodeID, at address: PeerAddress, now: ContinuousClock.Instant) -> [Action] {
        guard let link = links[peer], !link.addresses.contains(address) || !membership.isPresent(peer) else { return [] }
        links[peer]?.hear(rumour: address)
        return membership.isPresent(peer) && link.boot != nil ? [] : knock(peer, at: address, now: now)
    }

    /// Calls it where something that proves little says that it is, an announcement or a packet that may be somebody's recording: that makes
    /// us call no more often than we would by ourselves.
    mutating func knock(_ peer: NodeID, at address: PeerAddress, now: ContinuousClock.Instant) -> [Action] {
        let isRecent = links[peer]?.helloSentAt.map { now - $0 < .milliseconds(200) } ?? false
        return hello(peer, now: now, at: isRecent ? [] : [address])
    }

    /// This node's own addresses changed, and its record says so already: some members learn the new ones from a packet at once, the
    /// others from those.
    package mutating func addressesChanged(now: ContinuousClock.Instant) -> [Action] {
        guard let record = state.record(id, .node), let frame = frame(of: record, now: now) else { return [] }
        return membership.present.sample(64, using: &random).flatMap { sendEverywhere([frame], to: $0, now: now) }
    }

    /// What a member needs first when a link comes up. Two that know of each other by the others and meet for the first time, as
    /// most pairs of a large mesh do, only compare.
    mutating func greet(_ peer: NodeID, now: ContinuousClock.Instant) -> [Action] {
        let accusation = (state.evidence[peer]?.all ?? []).map { Frame(kind: .claim, body: $0.wireBytes) }
        let standing = membership.standing(of: peer)
        if now - started >= settings.eagerPeriod, standing?.status == .alive, standing?.incarnation.boot == links[peer]?.boot,
            certificate(of: peer) != nil
        {
            return send([syncHashFrame], to: peer, now: now)
        }
        // In a large mesh that starts at once, comparing with some brings what all the others know.
        if plannedSyncs.count < Self.plannedSyncLimit, !plannedSyncs.contains(where: { $0.peer == peer }) {
            for delay in [Duration.seconds(1), .seconds(3)] {
                let sync = PlannedSync(at: now + delay, peer: peer)
                plannedSyncs.insert(sync, at: plannedSyncs.place(of: sync))
            }
        }
        // One that seems to start anew with each packet gets no more in full than one that asks for it; the comparison brings the rest.
        let isFull = budgets[peer, default: VerificationBudget(now: now)].wants.take(now: now)
        if !isFull { drops.count(.unheeded) }
        return send((isFull ? ownFrames(now: now) + accusation : []) + [syncHashFrame], to: peer, now: now)
    }

    /// Comparisons that wait, at most.
    private static let plannedSyncLimit = 64

    /// Our own claim and all records of ours that fit a packet.
    func ownFrames(now: ContinuousClock.Instant) -> [Frame] {
        var frames = (state.evidence[id]?.all ?? []).map { Frame(kind: .claim, body: $0.wireBytes) }
        for kind in RecordKind.allCases {
            guard let record = state.record(id, kind), let frame = frame(of: record, now: now) else { continue }
            frames.append(frame)
        }
        return frames
    }

    /// `nil` for a record that does not fit a packet: it goes by TLS.
    func frame(of record: SignedState.Record, now: ContinuousClock.Instant) -> Frame? {
        let frame = Frame(kind: .record, body: recordFrame(record, now: now).wireBytes)
        return frame.size <= PacketCodec.frameSpace ? frame : nil
    }

    func recordFrame(_ record: SignedState.Record, now: ContinuousClock.Instant) -> WireRecordFrame {
        var frame = WireRecordFrame()
        frame.record = record.signed
        frame.heldMs = UInt32(clamping: Int64(max(.zero, now - record.receivedAt) / .milliseconds(1)))
        return frame
    }

    var syncHashFrame: Frame {
        var sync = WireSyncHash()
        sync.hash = Data(stateHash)
        return Frame(kind: .syncHash, body: sync.wireBytes)
    }
}
