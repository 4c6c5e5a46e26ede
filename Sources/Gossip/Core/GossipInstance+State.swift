import Foundation

extension GossipInstance {
    // MARK: Our own

    /// Publishes a record of ours, to everybody.
    package mutating func publish(_ kind: RecordKind, _ body: [UInt8], now: ContinuousClock.Instant) -> [Action] {
        guard body.count <= SignedState.recordLimit else {
            return [.log(.warning, "the \(kind) record has \(body.count) bytes, more than others take: not published", peer: nil)]
        }
        published += 1
        var content = WireRecordBody()
        content.kind = UInt32(kind.rawValue)
        content.boot = boot
        content.n = published
        content.body = Data(body)
        let bytes = content.wireBytes
        let signed = WireSigned(body: bytes, signature: crypto.sign(bytes, domain: .record), signer: id.bytes)
        let record = SignedState.Record(
            version: SignedState.Version(boot: boot, n: published), signed: signed, body: body, now: now)
        state.set(SignedState.Key(node: id, kind: kind), record)
        if kind == .node { describe(id) }
        return spread(record, of: id, kind, now: now) + [.changed(.record(id, kind))]
    }

    /// Signs a standing in our name, keeps it and spreads it.
    mutating func assert(_ standing: Standing, of subject: NodeID, now: ContinuousClock.Instant) -> [Action] {
        let claim = Claim(subject: subject, standing: standing, author: id)
        let body = claim.body
        let signed = WireSigned(body: body, signature: crypto.sign(body, domain: .claim), signer: id.bytes)
        // Our own doubt of whom others accused already is one accusation more, and takes the place of none.
        let confirms = standing.status == .suspect && state.evidence[subject]?.accusation != nil
        if !confirms { state.keep(claim, signed, standing: standing) }
        spread(claim, signed, confirms: confirms)
        // Lifeguard §IV-C: the suspect is the first that has to know, before there is a reason to ping it again.
        return standing.status == .suspect ? sendEverywhere([Frame(kind: .claim, body: signed.wireBytes)], to: subject, now: now) : []
    }

    /// Goes on in a later boot, after that number is on the disk.
    package mutating func raise(boot: UInt32, now: ContinuousClock.Instant) -> [Action] {
        guard boot > self.boot else { return [] }
        self.boot = boot
        published = 0
        eventCounter = 0
        var actions = carryOut(membership.raise(boot: boot), now: now)
        let own = RecordKind.allCases.compactMap { kind in state.record(id, kind).map { (kind, $0.body) } }
        for (kind, body) in own where kind != .events { actions += publish(kind, body, now: now) }
        if state.record(id, .events) != nil { actions += publishLate(now: now) }
        for peer in links.keys.sorted() { actions += hello(peer, now: now) }
        return actions
    }

    /// Says goodbye to everybody who is there. The last thing an instance does.
    package mutating func leave(now: ContinuousClock.Instant) -> [Action] {
        let claim = Claim(subject: id, standing: Standing(status: .left, incarnation: membership.own), author: id)
        let body = claim.body
        let signed = WireSigned(body: body, signature: crypto.sign(body, domain: .claim), signer: id.bytes)
        let frame = Frame(kind: .claim, body: signed.wireBytes)
        // Twice, because nobody will ask again.
        return membership.present.flatMap { peer in
            send([frame], to: peer, now: now, news: .none) + send([frame], to: peer, now: now, news: .none)
        }
    }

    // MARK: Others'

    mutating func accept(claim signed: WireSigned, from peer: NodeID?, now: ContinuousClock.Instant) -> [Action] {
        guard let claim = Claim(signed) else {
            drops.count(.malformed)
            return []
        }
        if claim.subject == id, claim.author == id { return accept(ownClaim: claim, signed, now: now) }
        guard membership.isNews(claim) else {
            // Somebody holds an old view of us: our last word corrects it.
            guard claim.subject == id, claim.author != id, let peer, let own = state.evidence[id]?.own else { return [] }
            return send([Frame(kind: .claim, body: own.wireBytes)], to: peer, now: now, news: .none)
        }
        // Who was revoked may have accused us before, and members took it while it was one of theirs. We cannot check its word any
        // more, but unless we refute it they will hold us for dead for ever.
        let isStale = roster.isRevoked(claim.author)
        guard !isStale || claim.subject == id else {
            // Whoever passed it on did not forge it.
            drops.count(.foreign)
            return []
        }
        guard claim.author != claim.subject || budgets[claim.subject, default: VerificationBudget(now: now)].claims.hasOne(now: now) else {
            drops.count(.unheeded)
            return []
        }
        guard isStale || isSigned(claim, signed) else {
            drops.count(.forged)
            return []
        }
        if claim.author == claim.subject { _ = budgets[claim.subject, default: VerificationBudget(now: now)].claims.take(now: now) }
        let confirms = claim.isAccusation && membership.standings[claim.subject]?.status == .suspect
        let directives = membership.apply(claim, now: now)
        if let standing = membership.standings[claim.subject] {
            if !confirms { state.keep(claim, signed, standing: standing) }
            spread(claim, signed, confirms: confirms)
        }
        return carryOut(directives, now: now)
    }

    /// Claims as somebody else keeps them: a member's last word, and behind it who says that it is dead since.
    ///
    /// - Parameter bearable: reading ends when that many signatures were forged.
    mutating func accept(claims: [WireSigned], until bearable: Int, now: ContinuousClock.Instant) -> [Action] {
        var actions: [Action] = []
        var rest = claims[...]
        var taken: [NodeID: Int] = [:]
        while forgeries < bearable, let first = rest.popFirst() {
            // An honest node knows two of each member; one that makes up more and more of itself gets no more of our time.
            guard let subject = Claim(first)?.subject, taken[subject, default: 0] < 2 else { continue }
            taken[subject, default: 0] += 1
            if let second = rest.first, let directives = accept(lastWord: first, obituary: second, now: now) {
                rest.removeFirst()
                actions += carryOut(directives, now: now)
            } else {
                actions += accept(claim: first, from: nil, now: now)
            }
        }
        return actions
    }

    /// `nil` when these two are not that.
    private mutating func accept(lastWord: WireSigned, obituary: WireSigned, now: ContinuousClock.Instant) -> [Membership.Directive]? {
        guard let word = Claim(lastWord), let death = Claim(obituary), membership.isNews(lastWord: word, obituary: death),
            isSigned(word, lastWord), isSigned(death, obituary)
        else { return nil }
        state.keep(word, lastWord, standing: word.standing)
        state.keep(death, obituary, standing: death.standing)
        return membership.apply(obituary: death, now: now)
    }

    private func isSigned(_ claim: Claim, _ signed: WireSigned) -> Bool {
        guard let author = roster.admission(of: claim.author) else { return false }
        return crypto.verify(Array(signed.signature), of: Array(signed.body), domain: .claim, publicKey: author.signPublicKey)
    }

    /// Our own word comes back to us. Usually an echo; a later one than we remember means that this disk was rolled back.
    private mutating func accept(ownClaim claim: Claim, _ signed: WireSigned, now: ContinuousClock.Instant) -> [Action] {
        // A goodbye in this very incarnation is one that a rolled-back disk has forgotten.
        guard claim.standing > Standing(status: .alive, incarnation: membership.own) else { return [] }
        return goBeyond(claim.standing.incarnation.boot, signed, domain: .claim, now: now)
    }

    /// Goes on in a later boot than one that we signed something in and do not remember.
    private mutating func goBeyond(
        _ seen: UInt32, _ signed: WireSigned, domain: SignatureDomain, now: ContinuousClock.Instant
    ) -> [Action] {
        guard let own = roster.admission(of: id),
            crypto.verify(Array(signed.signature), of: Array(signed.body), domain: domain, publicKey: own.signPublicKey)
        else {
            drops.count(.forged)
            return []
        }
        return goBeyond(seen, tellsOf: nil, now: now)
    }

    /// - Parameter peer: who told; `nil` for what we signed ourselves.
    mutating func goBeyond(_ seen: UInt32, tellsOf peer: NodeID?, now: ContinuousClock.Instant) -> [Action] {
        // Nobody can drive us up faster than this; who is further behind, as after an old copy of the card, gets there in several leaps.
        guard seen >= boot, raisedAt.map({ now - $0 >= .seconds(10) }) ?? true else { return [] }
        if let peer {
            // One member's word for it, without a proof: not all the time.
            let lately = believedRollbacks[peer, default: []].filter { now - $0 < .seconds(3600) }
            guard lately.count < Self.rollbacksPerHour else { return [] }
            believedRollbacks[peer] = lately + [now]
        }
        let next = min(seen, boot.addingReportingOverflow(Self.longestLeap).overflow ? .max : boot + Self.longestLeap)
        guard next < .max else { return [] }
        raisedAt = now
        let witness = peer.map { name(of: $0) } ?? "the mesh"
        return [
            .log(.warning, "\(witness) has seen a later start of this node: its disk was rolled back; going on with start \(next + 1)", peer: peer),
            .raiseBoot(next + 1),
        ]
    }

    /// On one member's word.
    private static let rollbacksPerHour = 6
    /// Boots at a time.
    private static let longestLeap: UInt32 = 1000

    mutating func accept(record frame: WireRecordFrame, now: ContinuousClock.Instant, spreading: Bool = true) -> [Action] {
        guard frame.record.isBare(bodyLimit: SignedState.signedLimit), let node = frame.record.node, let content = WireRecordBody(untrusted: frame.record.body),
            let kind = UInt8(exactly: content.kind).flatMap(RecordKind.init(rawValue:)), content.body.count <= SignedState.recordLimit
        else {
            drops.count(.malformed)
            return []
        }
        let key = SignedState.Key(node: node, kind: kind)
        let version = SignedState.Version(boot: content.boot, n: content.n)
        let held = Duration.milliseconds(Int64(frame.heldMs))
        guard state.isNews(key, version) else {
            guard node != id, let record = state.hearAgain(key, version, frame.record.body, held: held, now: now) else { return [] }
            return correctAge(of: record, key, now: now)
        }
        // Of our own records, others may know later ones only if this disk was rolled back. One of an earlier boot of ours that this
        // boot has not replaced is taken back: without it we would never again know the same as the others.
        if node == id, content.boot >= boot { return goBeyond(content.boot, frame.record, domain: .record, now: now) }
        // Who was revoked while this was under way: whoever passed it on did not forge it.
        guard !roster.isRevoked(node) else {
            drops.count(.foreign)
            return []
        }
        guard let author = roster.admission(of: node) else {
            drops.count(.forged)
            return []
        }
        // What a comparison of much brings is bounded by the comparison.
        guard !spreading || node == id || budgets[node, default: VerificationBudget(now: now)].records.hasOne(now: now) else {
            drops.count(.unheeded)
            return []
        }
        guard
            crypto.verify(
                Array(frame.record.signature), of: Array(frame.record.body), domain: .record, publicKey: author.signPublicKey)
        else {
            drops.count(.forged)
            return []
        }
        let record = SignedState.Record(version: version, signed: frame.record, body: Array(content.body), held: held, now: now)
        state.set(key, record)
        if kind == .node { describe(node) }
        var actions: [Action] = spreading && maySpread(record, of: node, now: now) ? spread(record, of: node, kind, now: now) : []
        actions.append(.changed(.record(node, kind)))
        if kind == .events, node != id { actions += deliverLate(record, from: node, now: now) }
        return actions
    }

    /// A record that is here already turns out to be younger. Its triggers, which seemed too old, are delivered; and others, who may have
    /// heard of it from whoever was wrong, hear it from us.
    private mutating func correctAge(of record: SignedState.Record, _ key: SignedState.Key, now: ContinuousClock.Instant) -> [Action] {
        guard key.kind == .events else { return [] }
        return spread(record, of: key.node, key.kind, now: now) + deliverLate(record, from: key.node, now: now)
    }

    mutating func accept(config entries: [WireSigned], spreading: Bool = true) -> [Action] {
        var actions: [Action] = []
        for entry in entries where config.mayBeNews(entry) {
            // It comes again, with the roster that allows it.
            guard !SharedConfig.isEarly(entry, roster: roster) else {
                drops.count(.unheeded)
                continue
            }
            guard SharedConfig.verify(entry, roster: roster) else {
                drops.count(.forged)
                continue
            }
            guard let key = config.accept(entry) else {
                idle += 1
                continue
            }
            if spreading { spread(config: entry, key) }
            actions += [.changed(.config(key)), .saveTrust]
        }
        return actions
    }

    mutating func accept(roster records: [WireRosterRecord], now: ContinuousClock.Instant, spreading: Bool = true) -> [Action] {
        let before = roster.hash
        let signed = records.compactMap(SignedRecord.init)
        let voids = roster.voids
        var forgeries = 0
        let changes = roster.merge(signed, bearing: Self.forgeryLimit, forgeries: &forgeries)
        drops.count(.forged, forgeries)
        idle += roster.voids - voids
        guard roster.hash != before else { return [] }
        var actions: [Action] = [.saveTrust, .changed(.roster)]
        if spreading { actions += spread(roster: signed, now: now) }
        // Who is revoked hears it once, while there is a link: it can say so to its owner. It learns nothing else.
        for record in signed where record.kind == .revoke {
            for change in changes {
                guard case .revoked(let node) = change, node != id, links[node]?.boot != nil else { continue }
                actions += send([Frame(kind: .roster, body: record.wire.wireBytes)], to: node, now: now, news: .none)
            }
        }
        let lost = links.keys.filter { roster.admission(of: $0) == nil }.sorted()
        followRoster()
        for node in lost { actions.append(.changed(.member(node, .dead))) }
        for change in changes { actions += follow(change, now: now) }
        return actions
    }

    private mutating func follow(_ change: RosterChange, now: ContinuousClock.Instant) -> [Action] {
        switch change {
        case .admitted(let node):
            return [.log(.info, "\(name(of: node)) was admitted to the mesh", peer: node)] + hello(node, now: now)
        case .revoked(let node) where node == id:
            return [.log(.warning, "this node was revoked: the others talk to it no more", peer: nil)]
        case .revoked(let node):
            return [.log(.warning, "node \(node.short) was revoked", peer: node)]
        case .renewed(let node):
            describe(node)
            return []
        case .adminKey:
            return []
        case .adminKeyRevoked:
            return forgetVoidConfig()
        case .adminKeyReturned(let name):
            return [.log(.warning, "\(name)'s key of before counts again: it was ended elsewhere while the root key was replaced; set another password once more", peer: nil)]
        case .newRoot(let epoch):
            return [.log(.warning, "the mesh has another root key, its number \(epoch)", peer: nil)] + forgetVoidConfig()
        case .dropped(let node):
            return [.log(.warning, "node \(node.short) is no member under the new root key: it was added elsewhere in the moment of the change; add it again", peer: node)]
        case .returned(let node):
            return [.log(.warning, "\(name(of: node)) was revoked elsewhere while the root key was replaced: revoke it again", peer: node)]
        case .rootConflict:
            return [.log(.warning, "the root key has named two successors: it may be stolen; only the recovery phrase ends this", peer: nil)]
        }
    }

    /// What admins signed whose keys do not count any more counts as little as what a former root signed.
    private mutating func forgetVoidConfig() -> [Action] {
        config.retain { [roster] in roster.isAdmin($0) }.map { .changed(.config($0)) }
    }

    /// A rotation fits no packet: comparing with some members soon makes them fetch it. So they do with the end of an admin's key, which
    /// makes void what that signed: it comes together with what was signed anew.
    private mutating func spread(roster records: [SignedRecord], now: ContinuousClock.Instant) -> [Action] {
        var isForComparing = false
        for record in records {
            let frame = Frame(kind: .roster, body: record.wire.wireBytes)
            if fits(frame), record.kind != .revokeAdminKey { broadcasts.add(.roster(record.digest), frame) } else { isForComparing = true }
        }
        guard isForComparing else { return [] }
        comparisonsLeft = comparisonRounds
        return compareSoon(now: now)
    }

    // MARK: Spreading

    /// A member that makes up records of itself all the time takes no room from what others say, and makes nobody send.
    private mutating func maySpread(_ record: SignedState.Record, of node: NodeID, now: ContinuousClock.Instant) -> Bool {
        if node == id { return true }
        _ = budgets[node, default: VerificationBudget(now: now)].records.take(now: now)
        return frame(of: record, now: now) != nil || budgets[node, default: VerificationBudget(now: now)].takeLargeRecord(now: now)
    }

    func fits(_ frame: Frame) -> Bool { frame.size <= PacketCodec.frameSpace }

    mutating func spread(_ claim: Claim, _ signed: WireSigned, confirms: Bool = false) {
        let topic: Broadcasts.Topic = confirms ? .accusation(claim.subject, by: claim.author) : .claim(claim.subject)
        broadcasts.add(topic, Frame(kind: .claim, body: signed.wireBytes), isUrgent: !claim.isAccusation)
    }

    /// A record that fits no packet is not announced by itself: comparing with some members soon makes them fetch it.
    mutating func spread(
        _ record: SignedState.Record, of node: NodeID, _ kind: RecordKind, now: ContinuousClock.Instant
    ) -> [Action] {
        // With nobody to tell, it would only grow older than its frame says; whoever comes first gets everything from us.
        if membership.present.isEmpty {
            broadcasts.remove(.record(node, kind))
            return []
        }
        if let frame = frame(of: record, now: now) {
            broadcasts.add(.record(node, kind), frame)
            return []
        }
        broadcasts.remove(.record(node, kind))
        comparisonsLeft = comparisonRounds
        return compareSoon(now: now)
    }

    mutating func spread(config entry: WireSigned, _ key: String) {
        let frame = Frame(kind: .config, body: entry.wireBytes)
        if fits(frame) {
            broadcasts.add(.config(key), frame)
        } else {
            broadcasts.remove(.config(key))
            comparisonsLeft = comparisonRounds
        }
    }

    /// Rounds of news in which something that fits no packet makes others compare: until each member was told as often as it is told of news in a
    /// packet, and once more, since a comparison may be under way that began before. With three rounds, which is nine times, one change in
    /// fifty left one member of a hundred to the slow anti-entropy.
    private var comparisonRounds: Int { (transmissions + settings.gossipFanout - 1) / settings.gossipFanout + 1 }

    mutating func compareSoon(now: ContinuousClock.Instant) -> [Action] {
        let peers = membership.present.sample(settings.gossipFanout, using: &random)
        return peers.flatMap { send([syncHashFrame], to: $0, now: now) }
    }
}
