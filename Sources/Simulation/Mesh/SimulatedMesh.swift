import Foundation
package import Gossip

/// A whole mesh in one thread: real ``GossipInstance``s, virtual time, a network, cards and clocks with faults, everything from one
/// seed. The same seed gives the same run, in every process.
package struct SimulatedMesh: Sendable {
    /// How it differs from a mesh as it is sold.
    package struct Options: Sendable {
        package var settings = GossipSettings()
        package var crypto = SimulatedCrypto.Kind.real
        /// Connections of each node.
        package var links = 1
        /// All nodes' addresses are on all cards; else they find each other by multicast.
        package var knowEachOther = true
        /// All have met long ago, and nothing is new to anybody (``SettledMesh``). Meeting costs each pair its share, so a large mesh
        /// takes minutes of processor time until it can be measured.
        package var isSettled = false
        /// Nodes keep what they said to their owners.
        package var remembers = false
        /// Packets are kept as they went over the wire, for tests that repeat them.
        package var keepsWire = false
        package var control: NegativeControl?

        package init() {}
    }

    enum Happening: Sendable {
        case timer(Int)
        case resume(Int)
        case packet([UInt8], source: PeerAddress, from: Int, to: Int)
        /// With what its sender knew of the mesh's members.
        case request([UInt8], roster: Roster, from: Int, life: Int, to: Int, GossipInstance.ExchangePurpose, sentAt: VirtualTime)
        case answer([UInt8]?, roster: Roster?, of: NodeID, to: Int, life: Int, GossipInstance.ExchangePurpose)
        case written(SimulatedDisk.Write, node: Int, life: Int)
        case writePeers(node: Int, life: Int)
        case discovered(NodeID, PeerAddress, by: Int, life: Int)
        case moved(Int, life: Int)
        case planned(Int)
    }

    package let keys: MeshKeys
    package let options: Options
    package let seed: UInt64
    package internal(set) var time = VirtualTime.zero
    package var network = SimulatedNetwork()
    package internal(set) var nodes: [SimulatedNode] = []
    package internal(set) var trace = Trace()
    /// Packets as they went over the wire, newest last.
    package var wire: [(bytes: [UInt8], from: Int, to: Int)] = []
    /// Numbers that ``plan(_:at:)`` was given, as their time comes.
    private var due: [Int] = []
    private var observations: [Observation] = []
    var queue = EventQueue<Happening>()
    var rng: Randomness

    package init(_ count: Int, seed: UInt64, keys: MeshKeys? = nil, options: Options) {
        self.seed = seed
        self.options = options
        let keys = keys ?? .of(count)
        self.keys = keys
        rng = .of("network", seed: seed)
        var roster = Roster(genesis: keys.genesis)
        if keys.identities.count == count {
            roster = keys.roster
        } else {
            // Only so many are members, whoever else has keys.
            let ids = Set(keys.identities.prefix(count).map(\.id))
            roster.merge(keys.roster.records.filter { record in Admission(body: record.body).map { ids.contains($0.id) } ?? true })
        }
        for index in 0..<count { network.add(hosts: (0..<max(1, options.links)).map { SimulatedNetwork.host(of: index, link: $0) }) }
        var content = SimulatedDisk.Content(roster: roster)
        let meets = options.knowEachOther && !options.isSettled
        let known = meets ? (0..<count).map { index in (keys.identities[index].id, network.addresses(of: index)) } : []
        for index in 0..<count {
            content.peers = [:]
            for (other, (id, addresses)) in known.enumerated() where other != index { content.peers[id] = (addresses, 0) }
            add(identity: index, disk: SimulatedDisk(content))
        }
        for index in 0..<count { start(index) }
        if options.isSettled { settle() }
    }

    /// What nodes planned in order to meet is not needed any more.
    private mutating func settle() {
        let known = nodes.indices.compactMap { index in network.source(of: index).map { (nodes[index].instance, $0) } }
        guard let mesh = SettledMesh(known) else { return }
        queue = EventQueue()
        // Whoever restarts finds the others as after any other meeting: by what its card says of them.
        var peers: [NodeID: (addresses: [PeerAddress], boot: UInt32)] = [:]
        for index in nodes.indices { peers[id(index)] = (network.addresses(of: index), nodes[index].instance.boot) }
        for index in nodes.indices {
            nodes[index].disk.put(.peers(peers))
            nodes[index].instance.settle(in: mesh, now: nodes[index].clock.instant(time))
            nodes[index].timerAt = .never
            schedule(index)
        }
    }

    private mutating func add(identity: Int, disk: SimulatedDisk) {
        let node = SimulatedNode(
            identity: identity, instance: makeInstance(identity, nodes.count, life: 0, disk.content, SimulatedClock()), disk: disk)
        nodes.append(node)
    }

    private func makeInstance(
        _ identity: Int, _ index: Int, life: Int, _ disk: SimulatedDisk.Content, _ clock: SimulatedClock
    ) -> GossipInstance {
        var nonces = FastHash(seed)
        nonces.add(UInt64(index) << 32 | UInt64(life))
        let crypto = SimulatedCrypto(
            options.crypto, identity: keys.identity(identity), mesh: keys.genesis.meshID, control: options.control)
        return GossipInstance(
            id: keys.identity(identity).id, boot: disk.boot, roster: disk.roster, config: disk.config, settings: options.settings,
            crypto: crypto, known: disk.peers, random: .seeded(nonces.value), now: clock.instant(time))
    }

    // MARK: Acts

    package func id(_ index: Int) -> NodeID { keys.identity(nodes[index].identity).id }

    /// Whether nobody has ever admitted that node.
    func isStranger(_ index: Int) -> Bool { !keys.identities.indices.contains(nodes[index].identity) }

    /// Switches a node on: what `meshcam run` does.
    package mutating func start(_ index: Int) {
        guard !nodes[index].isRunning else { return }
        // Without that number on the card the program ends at once.
        guard !nodes[index].disk.isFailing else { return trace.note(.start, at: time, node: index, text: "the card fails: not started") }
        // The next boot number is on the card before the first packet.
        if options.control == .resetBoot { nodes[index].disk.put(.boot(0)) }
        nodes[index].disk.put(.boot(nodes[index].disk.content.boot + 1))
        var node = nodes[index]
        node.life += 1
        node.instance = makeInstance(node.identity, index, life: node.life, node.disk.content, node.clock)
        node.isRunning = true
        node.pausedUntil = nil
        node.startedAt = time
        node.timerAt = .never
        node.isRaisingBoot = false
        node.writesPeersAt = nil
        node.wrotePeersAt = nil
        node.delivered = []
        node.deliveredAt = []
        node.changes = []
        nodes[index] = node
        trace.note(.start, at: time, node: index, text: "boot \(node.disk.content.boot)")
        observe(.started, by: index)
        publishOwnRecord(index)
        announce(index)
    }

    /// The power fails.
    package mutating func kill(_ index: Int) {
        guard nodes[index].isRunning else { return }
        nodes[index].isRunning = false
        nodes[index].disk.loseWrites(at: time, &rng)
        trace.note(.crash, at: time, node: index)
        observe(.stopped, by: index)
    }

    /// Stops in order.
    package mutating func leave(_ index: Int) {
        act(index) { $0.leave(now: $1) }
        kill(index)
    }

    package mutating func pause(_ index: Int, for duration: Duration) {
        guard nodes[index].isRunning else { return }
        nodes[index].pausedUntil = max(nodes[index].pausedUntil ?? time, time + duration)
        trace.note(.pause, at: time, node: index, text: "\(duration)")
        queue.plan(.resume(index), at: nodes[index].pausedUntil ?? time)
    }

    /// Another box with the same card.
    package mutating func clone(_ index: Int) -> Int {
        let clone = nodes.count
        network.add(hosts: [SimulatedNetwork.host(of: 20_000 + clone)])
        add(identity: nodes[index].identity, disk: SimulatedDisk(nodes[index].disk.content))
        start(clone)
        return clone
    }

    /// A box of somebody who is no member, with all that a member's card says of the mesh.
    package mutating func addStranger() -> Int {
        let stranger = nodes.count
        network.add(hosts: [SimulatedNetwork.host(of: 20_000 + stranger)])
        var content = nodes[0].disk.content
        content.boot = 0
        for member in keys.identities.indices where nodes.indices.contains(member) { content.peers[id(member)] = (network.addresses(of: member), 0) }
        add(identity: keys.identities.count, disk: SimulatedDisk(content))
        start(stranger)
        return stranger
    }

    package mutating func setDrift(_ index: Int, perMille: Int64) {
        nodes[index].clock.setRate(perMille: perMille, at: time)
        nodes[index].timerAt = .never
        schedule(index)
    }

    package mutating func setWallClock(_ index: Int, origin: Int64) { nodes[index].clock.wallOrigin = origin }

    package mutating func setDisk(_ index: Int, speed: SimulatedDisk.Speed) { nodes[index].disk.speed = speed }
    /// Its next start has the number after that one.
    package mutating func setDisk(_ index: Int, boot: UInt32) { nodes[index].disk.put(.boot(boot)) }
    package mutating func setDisk(_ index: Int, failing: Bool) { nodes[index].disk.isFailing = failing }
    package mutating func tearDisk(_ index: Int) { nodes[index].disk.tear(&rng) }
    package mutating func rollBackDisk(_ index: Int) { nodes[index].disk.rollBack(&rng) }

    /// Lets a node do something.
    package mutating func act(_ index: Int, _ body: (inout GossipInstance, ContinuousClock.Instant) -> [GossipInstance.Action]) {
        perform(body(&nodes[index].instance, nodes[index].clock.instant(time)), by: index)
    }

    package mutating func trigger(_ index: Int, group: String = "home") -> EventID {
        let (id, actions) = nodes[index].instance.trigger(
            TriggerDraft(group: group, kind: "motion", camera: "camera\(index)", age: .milliseconds(50)), now: nodes[index].clock.instant(time))
        trace.note(.told, at: time, node: index, text: "trigger \(id)")
        perform(actions, by: index)
        return id
    }

    package mutating func setConfig(_ index: Int, _ key: String, _ value: [UInt8]) {
        let admin = keys.admin
        act(index) { instance, _ in (try? instance.setConfig(key, value, by: admin)) ?? [] }
    }

    package mutating func setGroups(_ index: Int, _ groups: [CameraGroup]) {
        let admin = keys.admin
        act(index) { instance, _ in (try? instance.setGroups(groups, by: admin)) ?? [] }
    }

    /// Its address on one link is another from now on.
    ///
    /// - Parameter after: how long the program needs to notice.
    package mutating func move(_ index: Int, link: Int = 0, to host: String, noticed after: Duration) {
        network.move(index, link: link, to: host)
        queue.plan(.moved(index, life: nodes[index].life), at: time + after)
    }

    package mutating func setLink(_ link: Int, of index: Int, up: Bool, noticed after: Duration) {
        network.setLink(link, of: index, up: up)
        queue.plan(.moved(index, life: nodes[index].life), at: time + after)
    }

    /// A datagram from anywhere, made by anybody who is at `from`.
    package mutating func inject(_ packet: [UInt8], source: PeerAddress, from: Int, to: Int) {
        queue.plan(.packet(packet, source: source, from: from, to: to), at: time + .milliseconds(1))
    }

    // MARK: Time

    /// A number to be taken by ``run(until:)``'s caller at that time.
    package mutating func plan(_ number: Int, at time: VirtualTime) { queue.plan(.planned(number), at: time) }

    /// Runs until `end`, or until something planned is due: its numbers are answered.
    package mutating func run(until end: VirtualTime) -> [Int] {
        while let next = queue.next, next <= end, let entry = queue.takeNext() {
            time = max(time, entry.at)
            happen(entry.event)
            if !due.isEmpty {
                defer { due = [] }
                return due
            }
        }
        time = max(time, end)
        return []
    }

    /// A comparison is over: whatever its roster said of revocations, the node knows now.
    mutating func compareRevocations(of index: Int, with roster: Roster, from peer: NodeID) {
        let own = nodes[index].instance.roster
        guard own.hash != roster.hash else { return }
        for member in keys.identities.map(\.id) where roster.isRevoked(member) && !own.isRevoked(member) {
            observe(.unlearned(member, from: peer), by: index)
        }
    }

    package mutating func takeObservations() -> [Observation] {
        defer { observations = [] }
        return observations
    }

    func isPaused(_ index: Int) -> Bool { nodes[index].pausedUntil.map { $0 > time } ?? false }

    mutating func observe(_ what: Observation.What, by index: Int) { observations.append(Observation(at: time, node: index, what: what)) }

    mutating func becameDue(_ number: Int) { due.append(number) }
}
