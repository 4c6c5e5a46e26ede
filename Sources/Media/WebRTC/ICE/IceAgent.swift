/// Finds a way between two peers and keeps it open (RFC 8445). Does no I/O and reads no clock.
///
/// Feed it datagrams (`handle`), the other side's candidates (`add`) and the time (`tick`, at `nextDeadline`); carry out what it answers
/// in order. As the answering side on a LAN it behaves much like a lite agent (§2.5): it answers checks, learns where they come from and
/// takes the pair that is nominated. It sends checks of its own when server-reflexive candidates are in play on either side, when it is
/// controlling, and to keep consent fresh.
struct IceAgent: Sendable {
    enum Action: Sendable, Hashable {
        case transmit([UInt8], path: IcePath)
        /// A server-reflexive candidate of ours was found: tell the other side (RFC 8838).
        case candidate(IceCandidate)
        /// No more candidates of ours will follow.
        case gatheringDone
        /// From now on media goes this way.
        case selected(IcePath)
        case failed(Failure)
    }

    /// Why a session has no way left.
    enum Failure: Sendable, Hashable {
        /// No pair worked in time.
        case noPath
        /// The other side stopped answering (RFC 7675).
        case consentExpired
    }

    enum State: Sendable, Hashable {
        /// The other side's credentials are not known.
        case new
        case checking
        case connected
        case failed
    }

    let settings: IceSettings
    private(set) var role: IceRole
    private(set) var local: IceCredentials
    private(set) var remote: IceCredentials?
    private(set) var localCandidates: [IceCandidate] = []
    private(set) var remoteCandidates: [IceCandidate] = []
    private(set) var isGathering: Bool
    var state = State.new
    var selected: IcePath?
    var checklist: IceChecklist
    var gathering = ServerReflexiveGathering()
    var consent: ConsentFreshness?
    var nextCheck: MonotonicTime
    /// A controlling agent: when the best pair that works is nominated.
    var nomination: MonotonicTime?
    /// When to give up if nothing was selected.
    var connectDeadline: MonotonicTime?
    var tieBreaker: UInt64
    /// Whether there ever was a way: media may flow from then on.
    var hasConnected = false
    /// Of the generation before a restart, good for answering checks until the new one has a way.
    var previousLocal: IceCredentials?
    private var remoteIsLite = false
    private var peerReflexiveCount: Int { remoteCandidates.count { $0.kind == .peerReflexive } }
    /// Names the next one.
    private var peerReflexiveNumber = 0
    var random: any RandomNumberGenerator & Sendable

    /// - Parameters:
    ///   - addresses: Ours, one for each interface and family, the preferred first.
    ///   - stunServers: Addresses of servers to ask for reflexive candidates; may be empty.
    init(
        role: IceRole, credentials: IceCredentials, addresses: [TransportAddress], stunServers: [TransportAddress] = [],
        settings: IceSettings = IceSettings(), random: any RandomNumberGenerator & Sendable, now: MonotonicTime
    ) {
        self.settings = settings
        self.role = role
        self.random = random
        local = credentials
        checklist = IceChecklist(limit: settings.pairLimit)
        nextCheck = now
        tieBreaker = 0
        isGathering = false
        tieBreaker = .random(in: 0 ... .max, using: &self.random)
        for address in addresses { _ = addHost(address) }
        gathering.start(
            bases: localCandidates.map(\.address), servers: stunServers, timing: settings.timing, now: now, using: &self.random)
        isGathering = !gathering.isDone
    }

    /// Whether this agent sends checks of its own to find a way.
    var sendsChecks: Bool {
        remote != nil
            && (settings.alwaysChecks || role == .controlling || localCandidates.contains { $0.kind == .serverReflexive }
                || remoteCandidates.contains { $0.kind == .serverReflexive || $0.kind == .relayed })
    }

    /// Whether an authenticated check came this way, or one of ours was answered.
    func knows(_ path: IcePath) -> Bool {
        checklist.index(of: path).map { checklist[$0].wasChecked || checklist[$0].isProven } ?? false
    }

    /// Whether a check of ours was answered from there: an authenticated one of theirs proves a password, and no address.
    func hasProof(of path: IcePath) -> Bool {
        path == selected || checklist.index(of: path).map { checklist[$0].isProven } ?? false
    }

    /// When ``tick(now:)`` has something to do; nil if nothing is awaited.
    var nextDeadline: MonotonicTime? {
        guard state != .failed else { return nil }
        var deadline = earliest(gathering.nextDeadline, consent?.nextDeadline)
        deadline = earliest(deadline, earliest(nomination, connectDeadline))
        for pair in checklist.pairs { deadline = earliest(deadline, pair.check?.deadline) }
        if sendsChecks ? checklist.hasWork : checklist.hasTriggered { deadline = earliest(deadline, nextCheck) }
        return deadline
    }

    // MARK: What the other side says

    /// Takes the other side's credentials, from its description.
    /// - Parameter isLite: Whether it said `a=ice-lite`: then it sends no checks, and this side controls (RFC 8445 §6.1.1).
    mutating func setRemote(_ credentials: IceCredentials, isLite: Bool = false, now: MonotonicTime) {
        guard state != .failed, remote == nil else { return }
        remote = credentials
        remoteIsLite = isLite
        if isLite { take(role: .controlling) }
        if state == .new { state = .checking }
        if selected == nil { connectDeadline = now + settings.connectTimeout }
        nextCheck = max(nextCheck, now)
    }

    /// Takes a candidate of the other side, with its description or trickled later (RFC 8838). What is unusable or too many is left out.
    mutating func add(_ candidate: IceCandidate) {
        guard state != .failed, candidate.address.isUsable else { return }
        if let index = remoteCandidates.firstIndex(where: { $0.address == candidate.address }) {
            // What its checks had shown before is now called by its name (RFC 8838).
            if remoteCandidates[index].kind == .peerReflexive, hasRoom { remoteCandidates[index] = candidate }
            return
        }
        guard hasRoom else { return }
        remoteCandidates.append(candidate)
        for host in localCandidates where host.kind == .host { pair(host, with: candidate) }
    }

    /// For candidates that the other side names.
    private var hasRoom: Bool { remoteCandidates.count - peerReflexiveCount < settings.remoteCandidateLimit }

    /// Begins a new generation (RFC 8445 §9): new credentials and candidates; media keeps its way until a new one is found.
    mutating func restart(local credentials: IceCredentials, remote: IceCredentials, isLite: Bool = false, now: MonotonicTime) {
        guard state != .failed else { return }
        if selected != nil { previousLocal = local }
        local = credentials
        self.remote = nil
        checklist = IceChecklist(limit: settings.pairLimit)
        remoteCandidates = []
        nomination = nil
        state = .checking
        let deadline = connectDeadline
        setRemote(remote, isLite: isLite, now: now)
        // Who never came gets no more time by beginning anew.
        connectDeadline = hasConnected ? now + settings.connectTimeout : deadline
    }

    // MARK: For the extensions

    mutating func take(role new: IceRole) {
        guard role != new else { return }
        role = new
        nomination = nil
        checklist.rank(as: new)
    }

    /// Adds an address of ours unless it is known. Interfaces may come later than the session.
    mutating func addHost(_ address: TransportAddress) -> IceCandidate? {
        if let known = localCandidates.first(where: { $0.kind == .host && $0.address == address }) { return known }
        guard address.isUsable, localCandidates.count < settings.localCandidateLimit else { return nil }
        let preference = UInt16(clamping: 65_535 - localCandidates.count)
        let candidate = IceCandidate(
            foundation: "\(localCandidates.count + 1)", priority: IceCandidate.priority(.host, localPreference: preference), address: address,
            kind: .host)
        localCandidates.append(candidate)
        for remote in remoteCandidates { pair(candidate, with: remote) }
        return candidate
    }

    /// Learns an address of the other side by its check (RFC 8445 §7.3.1.3).
    mutating func addPeerReflexive(_ address: TransportAddress, priority: UInt32) -> IceCandidate? {
        if let known = remoteCandidates.first(where: { $0.address == address }) { return known }
        guard address.isUsable else { return nil }
        if peerReflexiveCount >= settings.peerReflexiveLimit { forgetOldestPeerReflexive() }
        peerReflexiveNumber += 1
        let candidate = IceCandidate(foundation: "p\(peerReflexiveNumber)", priority: priority, address: address, kind: .peerReflexive)
        remoteCandidates.append(candidate)
        return candidate
    }

    /// A translator that gives a new port every now and then must not use up the places.
    private mutating func forgetOldestPeerReflexive() {
        guard let oldest = remoteCandidates.firstIndex(where: { $0.kind == .peerReflexive && $0.address != selected?.remote }) else { return }
        checklist.remove(remote: remoteCandidates.remove(at: oldest).address)
    }

    /// A STUN server answered: `base` looks like `mapped` from there.
    mutating func addServerReflexive(_ mapped: TransportAddress?, base: TransportAddress) -> [Action] {
        var actions: [Action] = []
        if let mapped, mapped.isUsable, localCandidates.count < settings.localCandidateLimit,
            !localCandidates.contains(where: { $0.address == mapped }),
            let host = localCandidates.first(where: { $0.kind == .host && $0.address == base }) {
            let candidate = IceCandidate(
                foundation: "\(localCandidates.count + 1)",
                priority: IceCandidate.priority(.serverReflexive, localPreference: UInt16(truncatingIfNeeded: host.priority >> 8)), address: mapped,
                kind: .serverReflexive, related: base)
            localCandidates.append(candidate)
            actions.append(.candidate(candidate))
        }
        return actions + finishGathering()
    }

    mutating func finishGathering() -> [Action] {
        guard isGathering, gathering.isDone else { return [] }
        isGathering = false
        return [.gatheringDone]
    }

    mutating func pair(_ host: IceCandidate, with remote: IceCandidate) {
        guard CandidatePair.isPossible(host, remote) else { return }
        checklist.insert(CandidatePair(local: host, remote: remote, role: role))
    }
}

/// The earlier of two moments; nil if neither is awaited.
func earliest(_ first: MonotonicTime?, _ second: MonotonicTime?) -> MonotonicTime? {
    guard let first, let second else { return first ?? second }
    return min(first, second)
}
