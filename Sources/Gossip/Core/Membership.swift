/// Who is alive: SWIM (Das, Gupta, Motivala 2002) with the refinements of Lifeguard (Dadgar, Phillips, Currey 2018), as a value
/// without input or output. Time and randomness come in, ``Directive``s come out; signatures and packets are its owner's matter.
package struct Membership: Sendable {
    /// What the owner is to do.
    enum Directive: Sendable, Equatable {
        case send(Frame, to: NodeID)
        /// To all addresses that are known of it, because the usual one may have changed.
        case sendEverywhere(Frame, to: NodeID)
        /// Try whether it answers by TLS, and tell ``Membership/acknowledge(_:from:now:)`` if it does.
        case probeByTLS(NodeID, sequence: UInt32)
        /// Sign this in our name, keep it and spread it; a suspicion goes to the suspect itself too.
        case assert(Standing, of: NodeID)
        case changed(NodeID, from: Standing, to: Standing)
    }

    /// A probe under way.
    struct Probe: Sendable {
        let target: NodeID
        let sequence: UInt32
        /// Drawn for this probe: only the target can answer it through others (``RelayedAck``).
        let challenge: UInt64
        /// When it was sent first.
        let at: ContinuousClock.Instant
        let indirectAt: ContinuousClock.Instant
        let deadline: ContinuousClock.Instant
        var askedOthers = false
        /// How many members were asked to try in our stead.
        var helpers = 0
        /// Of these, who has said nothing yet.
        var silentHelpers: Set<NodeID> = []
    }

    /// A probe that we make for somebody else.
    struct Relay: Sendable {
        let origin: NodeID
        let originSequence: UInt32
        let challenge: UInt64
        let target: NodeID
        let nackAt: ContinuousClock.Instant
        let deadline: ContinuousClock.Instant
        var nacked = false
    }

    /// More relays at once are refused: they would be somebody's flood.
    private static let relayLimit = 64
    /// Of these, for one member: it has one probe under way, and perhaps the remains of some before it.
    private static let relayLimitPerOrigin = 4
    /// So long after one of its accusations that slowed this node down, a member's next one does again.
    private static let accuserMemory = Duration.seconds(10)
    /// A timer that comes this late means that this node stood still.
    private static let pauseLimit = Duration.milliseconds(500)

    let id: NodeID
    let settings: GossipSettings
    /// Our own incarnation.
    private(set) var own: Incarnation
    /// Everybody else in the roster.
    private(set) var standings: [NodeID: Standing]
    /// Alive or suspected members, sorted, without us: those worth talking to. Kept up to date rather than computed, because every
    /// packet asks for it.
    private(set) var present: [NodeID] = []
    /// Local health: 0 is well; each step makes our own probes slower and more patient.
    private(set) var awareness = 0
    /// Whose accusations made this node slower, and when last.
    private var heededAccusers: [NodeID: ContinuousClock.Instant] = [:]
    /// When this node last refuted an accusation.
    private var refutedAt: ContinuousClock.Instant?
    /// Accused again before its last word can have reached anybody: refutes a little later.
    private var mustRefute = false
    var suspicions: [NodeID: Suspicion] = [:]
    var probe: Probe?
    var relays: [UInt32: Relay] = [:]
    var nextProbeAt: ContinuousClock.Instant
    private var probeOrder: [NodeID] = []
    /// Present since the last probe; not yet in the probe order.
    private var newcomers: [NodeID] = []
    private var sequence: UInt32 = 0

    init(id: NodeID, boot: UInt32, members: some Sequence<NodeID>, settings: GossipSettings, now: ContinuousClock.Instant) {
        self.id = id
        self.settings = settings
        own = Incarnation(boot: boot, number: 0)
        standings = [:]
        nextProbeAt = now + settings.probeInterval
        for member in members where member != id { standings[member] = .unknown }
    }

    /// Members that may be there, this node included.
    var size: Int { present.count + 1 }

    /// Whether a member is alive or suspected.
    func isPresent(_ member: NodeID) -> Bool { standings[member]?.status.isPresent == true }

    package func standing(of member: NodeID) -> Standing? {
        member == id ? Standing(status: .alive, incarnation: own) : standings[member]
    }

    /// Follows the roster: newcomers are unknown yet, who was revoked is forgotten. *Ours*: in SWIM whoever joins is a member (§3.2); here only
    /// the root says who is.
    mutating func setMembers(_ members: some Sequence<NodeID>) {
        let members = Set(members)
        for gone in standings.keys where !members.contains(gone) {
            note(gone, isPresent: false)
            standings[gone] = nil
            suspicions[gone] = nil
            heededAccusers[gone] = nil
            if probe?.target == gone { probe = nil }
        }
        for member in members where member != id && standings[member] == nil { standings[member] = .unknown }
    }

    /// Goes on in a later boot (a disk that was rolled back). *Ours*: SWIM's incarnation (§4.2) is a number alone, which a restart forgets.
    mutating func raise(boot: UInt32) -> [Directive] {
        own = Incarnation(boot: boot, number: 0)
        mustRefute = false
        return [.assert(Standing(status: .alive, incarnation: own), of: id)]
    }

    // MARK: Claims

    /// Whether a claim would change anything. Ask before verifying its signature, which costs more.
    ///
    /// SWIM §4.2 orders claims by incarnation, Lifeguard §IV-B lets the first K independent accusers count (``Suspicion/wouldConfirm(by:)``).
    ///
    /// `suspect` and `dead` from others are accusations, and of the same weight. SWIM §4.2 lets a member take another's word (`Confirm`) that a
    /// third one is dead; here only its silence, noticed with this node's own clock, buries a member (``tick(now:rng:)``), so one that lies
    /// buries nobody.
    func isNews(_ claim: Claim) -> Bool {
        guard claim.isPermitted else { return false }
        if claim.subject == id {
            return claim.author != id && claim.standing.incarnation == own && !mustRefute
        }
        guard let current = standings[claim.subject] else { return false }
        switch claim.standing.status {
        case .alive, .left: return claim.standing > current
        case .suspect, .dead:
            // It counts only against the incarnation that the accused itself has signed: else a liar could name one that it never reaches.
            guard claim.standing.incarnation == current.incarnation else { return false }
            return current.status == .alive || current.status == .suspect && suspicions[claim.subject]?.wouldConfirm(by: claim.author) == true
        }
    }

    /// Takes a verified claim that ``isNews(_:)``: SWIM §4.2 (`Alive`, `Suspect`), Lifeguard §IV-B for a suspicion that is there.
    mutating func apply(_ claim: Claim, now: ContinuousClock.Instant) -> [Directive] {
        guard isNews(claim) else { return [] }
        if claim.subject == id { return answer(accusationBy: claim.author, now: now) }
        guard claim.isAccusation else { return set(claim.standing, of: claim.subject, by: claim.author, now: now) }
        if suspicions[claim.subject] != nil {
            suspicions[claim.subject]?.confirm(by: claim.author)
            return []
        }
        let suspect = Standing(status: .suspect, incarnation: claim.standing.incarnation)
        return set(suspect, of: claim.subject, by: claim.author, now: now)
    }

    /// *Ours*. Whether a member's last word and somebody's claim of its death in that incarnation, told together, are news: they are about one
    /// that is not there for us either. Without this, whoever comes back would take all that died meanwhile for alive until its own probes fail.
    func isNews(lastWord: Claim, obituary: Claim) -> Bool {
        guard lastWord.isPermitted, obituary.isPermitted, lastWord.standing.status == .alive, obituary.standing.status == .dead,
            lastWord.subject == obituary.subject, lastWord.standing.incarnation == obituary.standing.incarnation,
            let current = standings[lastWord.subject]
        else { return false }
        return !current.status.isPresent && lastWord.standing > current
    }

    /// *Ours*. Takes an obituary that ``isNews(lastWord:obituary:)`` and whose signatures are right: SWIM's
    /// `Confirm` (§4.2), for the absent alone.
    mutating func apply(obituary: Claim, now: ContinuousClock.Instant) -> [Directive] {
        set(obituary.standing, of: obituary.subject, by: obituary.author, now: now)
    }

    /// *Ours*. A member's packet arrived: it is there, whatever is said of it. Its time to refute begins anew.
    mutating func hear(_ member: NodeID, now: ContinuousClock.Instant) { suspicions[member]?.restart(now: now) }

    /// Somebody holds this node for gone (SWIM §4.2): its next incarnation says otherwise.
    private mutating func answer(accusationBy author: NodeID, now: ContinuousClock.Instant) -> [Directive] {
        // Lifeguard §IV-A: whoever is accused has perhaps been slow itself. One accuser alone must not be able to make it slow for long.
        // Who is no member any more cannot be asked whether it said so, and so counts for nothing here.
        if standings[author] != nil, heededAccusers[author].map({ now - $0 >= Self.accuserMemory }) ?? true {
            heededAccusers[author] = now
            worsen(by: 1)
        }
        // At most once a round of news, or an accuser that counts on would make us speak all the time.
        guard refutedAt.map({ now - $0 >= settings.gossipInterval }) ?? true else {
            mustRefute = true
            return []
        }
        return refute(now: now)
    }

    /// SWIM §4.2: only the accused itself raises its incarnation.
    private mutating func refute(now: ContinuousClock.Instant) -> [Directive] {
        refutedAt = now
        mustRefute = false
        own.number &+= 1
        return [.assert(Standing(status: .alive, incarnation: own), of: id)]
    }

    /// Takes over what is believed of a member from now on; a suspicion begins with it (SWIM §4.2).
    mutating func set(_ standing: Standing, of member: NodeID, by author: NodeID, now: ContinuousClock.Instant) -> [Directive] {
        let old = standings[member] ?? .unknown
        standings[member] = standing
        note(member, isPresent: standing.status.isPresent)
        suspicions[member] = standing.status == .suspect ? Suspicion(by: author, members: size, settings: settings, now: now) : nil
        if standing.status != .alive, standing.status != .suspect, probe?.target == member { probe = nil }
        return [.changed(member, from: old, to: standing)]
    }

    /// Keeps ``present`` sorted; newcomers wait for their place among the probes (SWIM §4.3).
    private mutating func note(_ member: NodeID, isPresent: Bool) {
        let place = present.place(of: member)
        let was = place < present.count && present[place] == member
        if isPresent, !was {
            present.insert(member, at: place)
            newcomers.append(member)
        } else if !isPresent, was {
            present.remove(at: place)
        }
    }

    // MARK: Local health

    /// Lifeguard §IV-A, local health multiplier: saturates at 0 and, as in memberlist, one below S = 8 (``GossipSettings/awarenessLimit``).
    ///
    /// A node that is cut off fails every probe, comes to 7 and then probes once in 4 s, so with N members it takes up to 4 s · (N - 1) until it
    /// holds the last of them for dead. That is what Lifeguard is for: whoever hears nobody doubts itself first. Coming back does not wait
    /// for it: calls to absent members, comparisons and rounds of news have intervals of their own, which nothing stretches, and the others,
    /// who hold this node for dead, call it every 10 s and tell it so in their answers.
    mutating func worsen(by steps: Int) { awareness = max(0, min(settings.awarenessLimit - 1, awareness + steps)) }

    /// A duration stretched by local health: LHA-Probe, Lifeguard §IV-A.
    func scaled(_ duration: Duration) -> Duration { duration * (awareness + 1) }

    // MARK: Time

    /// When ``tick(now:rng:)`` is due.
    var nextDeadline: ContinuousClock.Instant {
        var deadline = nextProbeAt
        if let probe { deadline = min(probe.deadline, probe.askedOthers ? probe.deadline : probe.indirectAt) }
        if mustRefute, let refutedAt { deadline = min(deadline, refutedAt + settings.gossipInterval) }
        for suspicion in suspicions.values { deadline = min(deadline, suspicion.deadline, suspicion.askAt ?? suspicion.deadline) }
        for relay in relays.values { deadline = min(deadline, relay.nacked ? relay.deadline : relay.nackAt) }
        return deadline
    }

    /// One step of the protocol: refutations that waited, suspicions that ran out (SWIM §4.2), probes for others and our own (§3.1).
    mutating func tick(now: ContinuousClock.Instant, rng: inout some RandomNumberGenerator) -> [Directive] {
        let pause = now - nextDeadline
        guard pause >= .zero else { return [] }
        if pause > Self.pauseLimit { excuse(pause, now: now) }
        var directives: [Directive] = []
        if mustRefute, refutedAt.map({ now - $0 >= settings.gossipInterval }) ?? true { directives += refute(now: now) }
        for member in suspicions.keys.sorted() {
            guard let suspicion = suspicions[member], let standing = standings[member] else { continue }
            if suspicion.deadline > now {
                guard let askAt = suspicion.askAt, askAt <= now else { continue }
                suspicions[member]?.ask(now: now)
                // Whoever owns the packets puts the accusation beside it.
                directives.append(.sendEverywhere(Self.ping(nextSequence()), to: member))
                continue
            }
            let dead = Standing(status: .dead, incarnation: standing.incarnation)
            directives += set(dead, of: member, by: id, now: now)
            directives.append(.assert(dead, of: member))
        }
        directives += advanceRelays(now: now)
        directives += advanceProbe(now: now, rng: &rng)
        return directives
    }

    /// *Ours*, in the spirit of Lifeguard §IV-A. This node did not run for a while: the others' answers may wait unread, and their time to refute did not pass for us.
    private mutating func excuse(_ pause: Duration, now: ContinuousClock.Instant) {
        for member in suspicions.keys { suspicions[member]?.excuse(pause) }
        probe = nil
        nextProbeAt = max(nextProbeAt, now + settings.probeTimeout)
        worsen(by: 1)
    }

    /// Names a ping, so that its answer is told from others' (SWIM §3.1).
    mutating func nextSequence() -> UInt32 {
        sequence &+= 1
        return sequence
    }

    /// Round robin over a shuffled list, newcomers at random places (SWIM §4.3): every member is probed once per round, so the time
    /// until a fault is found is bounded and not only expected.
    mutating func nextTarget(rng: inout some RandomNumberGenerator) -> NodeID? {
        for newcomer in newcomers where isPresent(newcomer) && !probeOrder.contains(newcomer) {
            probeOrder.insert(newcomer, at: Int.random(in: 0...probeOrder.count, using: &rng))
        }
        newcomers = []
        while let candidate = probeOrder.popLast() {
            if isPresent(candidate) { return candidate }
        }
        probeOrder = present.shuffled(using: &rng)
        return probeOrder.popLast()
    }

    /// *Ours*: SWIM §3.1 sets no bound to what a member may ask of others.
    ///
    /// - Returns: whether there is room for one more.
    mutating func addRelay(_ relay: Relay, sequence: UInt32) -> Bool {
        let isFull = relays.count >= Self.relayLimit
        guard !isFull, relays.values.count(where: { $0.origin == relay.origin }) < Self.relayLimitPerOrigin else { return false }
        relays[sequence] = relay
        return true
    }
}
