import Foundation

/// Anti-entropy (Demers et al. 1987, §1.3): whatever news missed, comparing with a random member finds. A hash of everything
/// goes by UDP; only where two differ, a digest and what is missing go by TLS.
extension GossipInstance {
    /// Answers stay below this, with room to the transport's limit; what does not fit comes with the next comparison.
    static let deltaLimit = 1 << 20
    /// What the roster may take of it when it does not fit: revocations, and everything else, must get through beside it.
    static let rosterShare = deltaLimit / 4 * 3
    /// Exchanges of state under way at once.
    private static let exchangeLimit = 8
    /// News that a comparison brought is passed on only while it is little: more means that we were away, not that others lack it.
    private static let spreadLimit = 8

    /// Equal where nothing is missing: roster, configuration, versions of all records, standings of all members.
    package var stateHash: [UInt8] { crypto.hash(roster.hash + config.digest + state.sum.bytes) }

    var digest: WireDigest {
        var digest = WireDigest()
        digest.rosterHash = Data(roster.hash)
        digest.records = state.records.sorted { $0.key < $1.key }.map { key, record in
            var entry = WireDigest.Record()
            entry.node = Data(key.node.bytes)
            entry.kind = UInt32(key.kind.rawValue)
            entry.boot = record.version.boot
            entry.n = record.version.n
            return entry
        }
        digest.config = config.byKey.sorted { $0.key < $1.key }.flatMap { key, values in
            values.map { value in
                var entry = WireDigest.Config()
                entry.key = key
                entry.counter = value.counter
                entry.hash = Data(value.hash)
                return entry
            }
        }
        digest.claims = state.evidence.sorted { $0.key < $1.key }.map { node, evidence in
            var entry = WireDigest.Claim()
            entry.subject = Data(node.bytes)
            entry.status = evidence.settled.status.rank
            entry.boot = evidence.settled.incarnation.boot
            entry.incarnation = evidence.settled.incarnation.number
            return entry
        }
        return digest
    }

    /// What somebody with that digest lacks.
    mutating func delta(for digest: WireDigest, now: ContinuousClock.Instant) -> WireDelta {
        var delta = WireDelta()
        var left = Self.deltaLimit
        // What is too large leaves its room to what is not.
        func take(_ size: Int, keeping reserve: Int = 0) -> Bool {
            guard left - size - 8 >= reserve else { return false }
            left -= size + 8
            return true
        }
        if Array(digest.rosterHash) != roster.hash {
            for record in rosterFromSomewhere() where take(record.body.count + 80, keeping: Self.deltaLimit - Self.rosterShare) {
                delta.roster.append(record.wire)
            }
        }
        var known: [NodeID: Standing] = [:]
        for entry in digest.claims {
            guard let node = NodeID(bytes: entry.subject), let status = Status(rank: entry.status) else { continue }
            known[node] = Standing(status: status, incarnation: Incarnation(boot: entry.boot, number: entry.incarnation))
        }
        for (node, evidence) in state.evidence.sorted(by: { $0.key < $1.key }) {
            if let theirs = known[node], evidence.settled <= theirs { continue }
            // An accusation beside the last word reads as an obituary: only for whom this node holds for dead itself.
            let proof = evidence.settled.status == .dead ? evidence.all : [evidence.own].compactMap { $0 }
            for signed in proof where take(signed.body.count + 100) { delta.claims.append(signed) }
        }
        let configured = ConfigDigest(digest.config)
        for (key, entries) in config.byKey.sorted(by: { $0.key < $1.key }) {
            for entry in entries where !configured.has(counter: entry.counter, hash: entry.hash, of: key) && take(entry.signed.body.count + 100) {
                delta.config.append(entry.signed)
            }
        }
        var versions: [SignedState.Key: SignedState.Version] = [:]
        for entry in digest.records {
            guard let node = NodeID(bytes: entry.node), let kind = UInt8(exactly: entry.kind).flatMap(RecordKind.init(rawValue:)) else { continue }
            versions[SignedState.Key(node: node, kind: kind)] = SignedState.Version(boot: entry.boot, n: entry.n)
        }
        for (key, record) in state.records.sorted(by: { $0.key < $1.key }) {
            if let theirs = versions[key], theirs >= record.version { continue }
            if take(record.signed.body.count + 150) { delta.records.append(recordFrame(record, now: now)) }
        }
        return delta
    }

    /// The roster's records. A roster larger than its share begins at another place each time, so that none is left out for ever.
    private mutating func rosterFromSomewhere() -> [SignedRecord] {
        let records = roster.records
        guard records.reduce(0, { $0 + $1.body.count + 88 }) > Self.rosterShare else { return records }
        let start = Int.random(in: records.indices, using: &random)
        return Array(records[start...] + records[..<start])
    }

    /// Takes what another node sent of its knowledge. The roster first: the rest is judged by it.
    mutating func apply(_ delta: WireDelta, now: ContinuousClock.Instant) -> [Action] {
        let spreading = delta.records.count + delta.config.count + delta.roster.count <= Self.spreadLimit
        // Everybody verifies before passing on, so whoever sends forgeries made them: the rest is not worth our time.
        let bearable = forgeries + Self.forgeryLimit
        var actions = accept(roster: delta.roster, now: now, spreading: spreading)
        actions += accept(claims: delta.claims, until: bearable, now: now)
        for entry in delta.config.prefix(SharedConfig.countLimit + SharedConfig.siblingLimit) where forgeries < bearable { actions += accept(config: [entry], spreading: spreading) }
        var taken: Set<SignedState.Key> = []
        for record in delta.records where forgeries < bearable {
            // One of each: an honest node has no other.
            guard let key = SignedState.key(of: record), taken.insert(key).inserted else { continue }
            actions += accept(record: record, now: now, spreading: spreading)
        }
        return actions
    }

    /// Forged signatures so far.
    var forgeries: Int { drops.total[.forged, default: 0] }

    /// Forged signatures that one answer may cost. A member may have been admitted or revoked between two exchanges, so some are no crime.
    static let forgeryLimit = 8

    // MARK: The asking side

    /// A member told the hash of what it knows.
    mutating func compare(_ hash: [UInt8], with peer: NodeID, now: ContinuousClock.Instant) -> [Action] {
        guard hash != stateHash else { return [] }
        if certificate(of: peer) == nil {
            return send([Frame(kind: .want, body: WireWant().wireBytes)], to: peer, now: now)
        }
        return exchange(.sync, with: peer)
    }

    mutating func exchange(_ purpose: ExchangePurpose, with peer: NodeID) -> [Action] {
        guard certificate(of: peer) != nil else { return [] }
        var request = WireExchangeRequest()
        switch purpose {
        case .sync, .push:
            // With a whole mesh at once, as after a common power cut, everybody would send everything to everybody: what some bring is
            // news to the others soon.
            guard exchanging.count < Self.exchangeLimit, exchanging.insert(peer).inserted else { return [] }
            request.digest = digest
        case .probe:
            request.probe = true
        }
        return [.exchange(with: peer, request: request.wireBytes, purpose: purpose)]
    }

    package mutating func exchangeAnswered(
        _ purpose: ExchangePurpose, _ answer: [UInt8], by peer: NodeID, now: ContinuousClock.Instant
    ) -> [Action] {
        guard ExchangeShape.isBearable(answer), let reply = WireExchangeReply(untrusted: answer) else { return exchangeFailed(purpose, by: peer, now: now) }
        switch purpose {
        case .probe(let sequence):
            return carryOut(membership.acknowledge(sequence, from: peer, now: now), now: now)
        case .push:
            exchanged(with: peer)
            return []
        case .sync:
            var actions = apply(reply.delta, now: now)
            var request = WireExchangeRequest()
            request.delta = delta(for: reply.digest, now: now)
            if request.delta == WireDelta() {
                exchanged(with: peer)
            } else {
                actions.append(.exchange(with: peer, request: request.wireBytes, purpose: .push))
            }
            return actions
        }
    }

    /// Both know what the other knew.
    private mutating func exchanged(with peer: NodeID) {
        exchanging.remove(peer)
        forgetRetries(of: peer)
    }

    private mutating func forgetRetries(of peer: NodeID) {
        retriesLeft[peer] = nil
        plannedRetries.removeAll { $0.peer == peer }
    }

    /// TLS did not work: what fits goes by UDP, and what does not is tried again soon, as often as pauses fit between two regular comparisons.
    package mutating func exchangeFailed(_ purpose: ExchangePurpose, by peer: NodeID, now: ContinuousClock.Instant) -> [Action] {
        if case .probe = purpose { return [] }
        exchanging.remove(peer)
        let isFirst = retriesLeft[peer] == nil
        planRetry(with: peer, now: now)
        guard isFirst else { return [] }
        return send(ownFrames(now: now) + [Frame(kind: .want, body: WireWant().wireBytes)], to: peer, now: now, news: .none)
    }

    private mutating func planRetry(with peer: NodeID, now: ContinuousClock.Instant) {
        let left = retriesLeft[peer] ?? Int(settings.syncInterval / settings.syncRetryInterval)
        guard left > 0 else { return forgetRetries(of: peer) }
        retriesLeft[peer] = left - 1
        guard !plannedRetries.contains(where: { $0.peer == peer }) else { return }
        plannedRetries.append(PlannedSync(at: now + settings.syncRetryInterval, peer: peer))
    }

    /// Makes exchanges again that failed. Who has gone meanwhile compares when it is back.
    mutating func retryExchanges(now: ContinuousClock.Instant) -> [Action] {
        let due = plannedRetries.prefix { $0.at <= now }
        plannedRetries.removeFirst(due.count)
        var actions: [Action] = []
        for sync in due {
            guard membership.isPresent(sync.peer) else {
                forgetRetries(of: sync.peer)
                continue
            }
            let again = exchange(.sync, with: sync.peer)
            // Too many are under way; with one that is under way with this very member, its end decides.
            if again.isEmpty, !exchanging.contains(sync.peer) { planRetry(with: sync.peer, now: now) }
            actions += again
        }
        return actions
    }

    // MARK: The answering side

    /// Answers a member's request that came by TLS.
    ///
    /// - Returns: no answer to whom is not heeded now, or what does not read: it must not think that it has compared.
    package mutating func answer(_ request: [UInt8], from peer: NodeID, now: ContinuousClock.Instant) -> (answer: [UInt8]?, actions: [Action]) {
        guard roster.admission(of: peer) != nil, ExchangeShape.isBearable(request), let request = WireExchangeRequest(untrusted: request) else {
            drops.count(.malformed)
            return (nil, [])
        }
        guard budgets[peer, default: VerificationBudget(now: now)].forgeries.hasOne(now: now) else {
            drops.count(.unheeded)
            return (nil, [])
        }
        var reply = WireExchangeReply()
        let before = forgeries
        let actions = apply(request.delta, now: now)
        for _ in before..<max(before, forgeries) { _ = budgets[peer, default: VerificationBudget(now: now)].forgeries.take(now: now) }
        if request.hasDigest {
            reply.delta = delta(for: request.digest, now: now)
            reply.digest = digest
        }
        return (reply.wireBytes, actions)
    }
}
