/// One node's gossip as a value without input or output: packets, answers and time go in, ``Action``s come out. Its owner, the
/// shell, carries them out and decides nothing.
package struct GossipInstance: Sendable {
    /// What the owner is to do.
    package enum Action: Sendable {
        case send([UInt8], to: PeerAddress)
        /// Ask that member by TLS; tell the answer to ``exchangeAnswered(_:_:by:now:)`` or ``exchangeFailed(_:by:now:)``.
        case exchange(with: NodeID, request: [UInt8], purpose: ExchangePurpose)
        case changed(MeshChange)
        case deliver(GroupTrigger)
        /// Roster or shared configuration changed: to the disk with it.
        case saveTrust
        /// Addresses or boots changed.
        case savePeers
        /// This boot was seen before. Put that number on the disk, then call ``raise(boot:now:)``.
        case raiseBoot(UInt32)
        case log(LogLevel, String, peer: NodeID?)
    }

    package enum LogLevel: Sendable { case debug, info, warning }

    package enum ExchangePurpose: Sendable, Hashable {
        case sync
        /// Only pushes what the other lacks; its answer is empty.
        case push
        case probe(sequence: UInt32)
    }

    /// What a node's own record says.
    struct Description: Sendable {
        let record: NodeRecord
        /// Only if its key is the one that the node was admitted with.
        let certificate: [UInt8]?
    }

    struct PlannedSync: Sendable, Hashable, Comparable {
        let at: ContinuousClock.Instant
        let peer: NodeID
        static func < (a: Self, b: Self) -> Bool { (a.at, a.peer) < (b.at, b.peer) }
    }

    package let id: NodeID
    let settings: GossipSettings
    package let crypto: any GossipCrypto
    let started: ContinuousClock.Instant
    package internal(set) var boot: UInt32
    package internal(set) var roster: Roster
    package internal(set) var config: SharedConfig
    package internal(set) var membership: Membership
    var state: SignedState
    /// What nodes say of themselves, read once for each record.
    private(set) var descriptions: [NodeID: Description] = [:]
    package internal(set) var links: [NodeID: PeerLink] = [:]
    /// Who is heard from where now: an address has one owner.
    private(set) var owners: [PeerAddress: NodeID] = [:]
    var broadcasts = Broadcasts()
    package var triggers: TriggerDelivery
    /// What this node's wall clock showed when; nil: nobody tells.
    var wall: (reading: WallReading, at: ContinuousClock.Instant)?
    var peerClocks = PeerClocks()
    package internal(set) var drops = DropCounters()
    /// Signatures that were right and changed nothing: of a former root, of settings that others have replaced.
    var idle = 0
    var random: Randomness
    var seeds: [PeerAddress]
    /// Counts our own records of this boot.
    var published: UInt64 = 0
    /// Counts our own events of this boot.
    var eventCounter: UInt32 = 0
    /// Comparisons that are due soon after a link came up, by time.
    var plannedSyncs: [PlannedSync] = []
    /// Rounds of news that still tell others to compare.
    var comparisonsLeft = 0
    /// Exchanges under way: one with each member.
    var exchanging: Set<NodeID> = []
    /// Exchanges that failed and are made again, by time.
    var plannedRetries: [PlannedSync] = []
    /// How many more times.
    var retriesLeft: [NodeID: Int] = [:]
    /// Members of whose silence the log tells.
    var announcedSuspects: Set<NodeID> = []
    /// When the log last told that a member came or went; of one that does so all the time it tells little.
    var toldChanges: [NodeID: [ContinuousClock.Instant]] = [:]
    /// What each member may still cost.
    var budgets: [NodeID: VerificationBudget] = [:]
    /// Whose word that our disk was rolled back was believed in the last hour, and when.
    var believedRollbacks: [NodeID: [ContinuousClock.Instant]] = [:]
    /// Absent members that this round of calls has not reached yet.
    var callOrder: [NodeID] = []
    /// When this node last went on in a later boot.
    var raisedAt: ContinuousClock.Instant?
    var nextGossipAt: ContinuousClock.Instant
    var nextSyncAt: ContinuousClock.Instant
    var nextCallAt: ContinuousClock.Instant

    /// - Parameters:
    ///   - known: addresses and highest boots from before a restart.
    ///   - random: nonces come from it, so outside of tests it must be the system's.
    package init(
        id: NodeID, boot: UInt32, roster: Roster, config: SharedConfig, settings: GossipSettings, crypto: any GossipCrypto,
        known: [NodeID: (addresses: [PeerAddress], boot: UInt32)] = [:], seeds: [PeerAddress] = [],
        random: Randomness, now: ContinuousClock.Instant
    ) {
        self.id = id
        self.boot = boot
        self.roster = roster
        self.config = config
        self.settings = settings
        self.crypto = crypto
        self.random = random
        self.seeds = seeds
        started = now
        state = SignedState(hash: { crypto.hash($0) })
        membership = Membership(id: id, boot: boot, members: roster.members.map(\.id), settings: settings, now: now)
        triggers = TriggerDelivery(settings: settings)
        nextGossipAt = now
        nextSyncAt = now + settings.syncInterval
        nextCallAt = now
        followRoster()
        for (node, peer) in known { links[node]?.restore(addresses: peer.addresses, boot: peer.boot) }
        _ = assert(Standing(status: .alive, incarnation: membership.own), of: id, now: now)
    }

    /// Makes a link for every member, and forgets who is none.
    mutating func followRoster() {
        let members = roster.members
        let ids = Set(members.map(\.id))
        membership.setMembers(ids)
        state.retain(ids)
        triggers.retain(ids)
        peerClocks.retain(ids)
        links = links.filter { ids.contains($0.key) }
        owners = owners.filter { ids.contains($0.value) }
        for member in members where member.id != id && links[member.id] == nil {
            guard let keys = crypto.packetKeys(with: member) else { continue }
            links[member.id] = PeerLink(id: member.id, sendKey: keys.send, receiveKey: keys.receive, candidates: [], highestBoot: 0)
        }
        descriptions = descriptions.filter { ids.contains($0.key) }
        announcedSuspects.formIntersection(ids)
        toldChanges = toldChanges.filter { ids.contains($0.key) }
        budgets = budgets.filter { ids.contains($0.key) }
        believedRollbacks = believedRollbacks.filter { ids.contains($0.key) }
        plannedRetries.removeAll { !ids.contains($0.peer) }
        retriesLeft = retriesLeft.filter { ids.contains($0.key) }
    }

    /// Reads a node's own record again: it, or the node's admission, changed.
    mutating func describe(_ node: NodeID) {
        guard let body = state.record(node, .node)?.body, var record = NodeRecord(untrusted: body), let admission = roster.admission(of: node)
        else {
            descriptions[node] = nil
            return
        }
        record.name = record.name.cut(toUTF8: Self.nameLimit)
        let der = Array(record.tlsCertificate)
        let isTrue = !der.isEmpty && crypto.tlsKeyHash(ofCertificate: der) == admission.tlsKeyHash
        descriptions[node] = Description(record: record, certificate: isTrue ? der : nil)
        let port = Int(record.gossipPort)
        if port > 0 { links[node]?.follow(told: record.addresses.map { PeerAddress(host: $0, port: port) }) }
    }

    /// A member is heard from an address that another one may have had before (DHCP gives addresses away again).
    mutating func take(_ address: PeerAddress, for node: NodeID) {
        guard let former = owners.updateValue(node, forKey: address), former != node else {
            if owners.count > links.count * PeerLink.addressLimit { owners = owners.filter { links[$0.value]?.current == $0.key } }
            return
        }
        links[former]?.leave(address)
    }

    /// What it calls itself, else what it was admitted as.
    func name(of node: NodeID) -> String {
        if let record = nodeRecord(of: node), !record.name.isEmpty { return record.name }
        return roster.admission(of: node)?.name ?? node.short
    }

    /// Bytes of a name that are shown and logged: the 63 characters that settings take have fewer.
    static let nameLimit = 252

    func nodeRecord(of node: NodeID) -> NodeRecord? { descriptions[node]?.record }

    /// The certificate that a node says it has, if its key is the one that it was admitted with.
    func certificate(of node: NodeID) -> [UInt8]? { descriptions[node]?.certificate }

    mutating func randomBytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count { bytes += random.next().bigEndianBytes }
        return Array(bytes.prefix(count))
    }
}

extension PeerLink {
    /// What is known from before a restart of ours.
    mutating func restore(addresses: [PeerAddress], boot: UInt32) {
        learn(addresses)
        raise(highestBoot: boot)
    }
}
