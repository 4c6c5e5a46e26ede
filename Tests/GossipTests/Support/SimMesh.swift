import Foundation

@testable import Gossip

/// A mesh in memory: virtual time, a network with faults, everything from one seed. The same seed gives the same run.
struct SimMesh {
    struct Network {
        var loss = 0.0
        var duplicates = 0.0
        var delay: ClosedRange<Duration> = .milliseconds(1)...(.milliseconds(12))
        /// Pairs that do not hear each other, in that direction.
        var blocked: Set<[Int]> = []
        /// TLS between peers works.
        var tls = true
    }

    struct Node {
        var instance: GossipInstance
        var isRunning = true
        /// Until then it does nothing; what arrives waits.
        var pausedUntil: ContinuousClock.Instant?
        var delivered: [GroupTrigger] = []
        var deliveredAt: [ContinuousClock.Instant] = []
        var changes: [MeshChange] = []
        var bytesSent = 0
        var largest = 0
    }

    private enum Happening {
        case packet([UInt8], to: Int, from: Int)
        case request([UInt8], to: Int, from: Int, GossipInstance.ExchangePurpose)
        case answer([UInt8]?, to: Int, from: Int, GossipInstance.ExchangePurpose)
    }

    private struct Scheduled {
        let at: ContinuousClock.Instant
        let order: Int
        let what: Happening
    }

    let mesh: TestMesh
    let start: ContinuousClock.Instant
    private(set) var now: ContinuousClock.Instant
    var network = Network()
    var nodes: [Node] = []
    /// Packets as they went over the wire, newest last; for tests that repeat them.
    var wire: [(bytes: [UInt8], from: Int, to: Int)] = []
    private var rng: Randomness
    private var queue: [Scheduled] = []
    private var order = 0
    private let settings: GossipSettings
    private let seed: UInt64

    init(_ count: Int, seed: UInt64, mesh: TestMesh = .shared, settings: GossipSettings = GossipSettings(), knowEachOther: Bool = true) {
        self.mesh = mesh
        self.seed = seed
        self.settings = settings
        rng = .seeded(seed)
        start = ContinuousClock.now
        now = start
        for index in 0..<count {
            nodes.append(Node(instance: makeInstance(index, boot: 1, of: count, knowEachOther: knowEachOther)))
            introduce(index)
        }
    }

    private func makeInstance(_ index: Int, boot: UInt32, of count: Int, knowEachOther: Bool = true) -> GossipInstance {
        let identity = mesh.identities[index]
        var known: [NodeID: (addresses: [PeerAddress], boot: UInt32)] = [:]
        if knowEachOther {
            for other in 0..<count where other != index { known[mesh.identities[other].id] = ([Self.address(of: other)], 0) }
        }
        // Only the first `count` nodes are members, so that size is what the test says.
        var roster = Roster(genesis: mesh.genesis)
        let ids = Set(mesh.identities.prefix(count).map(\.id))
        roster.merge(mesh.roster.records.filter { record in Admission(body: record.body).map { ids.contains($0.id) } ?? true })
        return GossipInstance(
            id: identity.id, boot: boot, roster: roster, config: SharedConfig(), settings: settings,
            crypto: NodeCrypto(identity: identity, mesh: mesh.genesis.meshID), known: known, seeds: [],
            random: .seeded(seed &* 1000 &+ UInt64(index) &+ UInt64(boot) << 32), now: now)
    }

    static func address(of index: Int) -> PeerAddress { PeerAddress(host: "10.0.0.\(index + 1)", port: 7462) }
    static func index(of address: PeerAddress) -> Int? { Int(address.host.split(separator: ".").last ?? "").map { $0 - 1 } }
    func index(of id: NodeID) -> Int? { mesh.identities.firstIndex { $0.id == id } }
    func id(_ index: Int) -> NodeID { mesh.identities[index].id }

    /// Publishes a node's own record, as the service does at its start.
    private mutating func introduce(_ index: Int) {
        var record = NodeRecord()
        record.name = "node\(index)"
        record.addresses = [Self.address(of: index).host]
        record.gossipPort = 7462
        record.peerPort = 7462
        record.tlsCertificate = Data(mesh.identities[index].tlsCertificateDER)
        perform(nodes[index].instance.publish(.node, record.wireBytes, now: now), by: index)
    }

    // MARK: Acts

    mutating func kill(_ index: Int) { nodes[index].isRunning = false }

    mutating func restart(_ index: Int, boot: UInt32) {
        nodes[index] = Node(instance: makeInstance(index, boot: boot, of: nodes.count))
        introduce(index)
    }

    mutating func leave(_ index: Int) {
        perform(nodes[index].instance.leave(now: now), by: index)
        nodes[index].isRunning = false
    }

    mutating func pause(_ index: Int, for duration: Duration) { nodes[index].pausedUntil = now + duration }

    mutating func trigger(_ index: Int, group: String = "home") -> EventID {
        let (id, actions) = nodes[index].instance.trigger(
            TriggerDraft(group: group, kind: "motion", camera: "camera\(index)", age: .milliseconds(50)), now: now)
        perform(actions, by: index)
        return id
    }

    mutating func act(_ index: Int, _ body: (inout GossipInstance, ContinuousClock.Instant) -> [GossipInstance.Action]) {
        perform(body(&nodes[index].instance, now), by: index)
    }

    mutating func block(_ a: Int, _ b: Int) {
        network.blocked.insert([a, b])
        network.blocked.insert([b, a])
    }

    // MARK: Time

    mutating func run(_ duration: Duration) { run(until: now + duration) }

    /// Runs until `condition` holds, looked at every 10 ms. Answers how long that took, or `nil` after `limit`.
    mutating func run(atMost limit: Duration, until condition: (SimMesh) -> Bool) -> Duration? {
        let began = now
        while !condition(self) {
            guard now - began < limit else { return nil }
            run(.milliseconds(10))
        }
        return now - began
    }

    private mutating func run(until end: ContinuousClock.Instant) {
        while true {
            var next = end
            var timer: Int?
            for index in nodes.indices where nodes[index].isRunning {
                let deadline = max(nodes[index].instance.nextDeadline, nodes[index].pausedUntil ?? now)
                if deadline < next { (next, timer) = (max(now, deadline), index) }
            }
            if let first = queue.first, first.at <= next {
                queue.removeFirst()
                now = max(now, first.at)
                happen(first)
            } else if let timer {
                now = next
                nodes[timer].pausedUntil = nil
                perform(nodes[timer].instance.tick(now: now), by: timer)
            } else {
                now = end
                return
            }
        }
    }

    private mutating func happen(_ scheduled: Scheduled) {
        func target() -> Int {
            switch scheduled.what {
            case .packet(_, let to, _), .request(_, let to, _, _), .answer(_, let to, _, _): to
            }
        }
        let to = target()
        if let until = nodes[to].pausedUntil, until > now {
            schedule(scheduled.what, at: until + .microseconds(1))
            return
        }
        switch scheduled.what {
        case .packet(let bytes, let to, let from):
            guard nodes[to].isRunning else { return }
            perform(nodes[to].instance.receive(bytes, from: Self.address(of: from), now: now), by: to)
        case .request(let request, let to, let from, let purpose):
            guard nodes[to].isRunning, network.tls, !network.blocked.contains([from, to]) else {
                schedule(.answer(nil, to: from, from: to, purpose), at: now + .milliseconds(300))
                return
            }
            let (answer, actions) = nodes[to].instance.answer(request, from: id(from), now: now)
            perform(actions, by: to)
            schedule(.answer(answer, to: from, from: to, purpose), at: now + .milliseconds(15))
        case .answer(let answer, let to, let from, let purpose):
            guard nodes[to].isRunning else { return }
            if let answer {
                perform(nodes[to].instance.exchangeAnswered(purpose, answer, by: id(from), now: now), by: to)
            } else {
                perform(nodes[to].instance.exchangeFailed(purpose, by: id(from), now: now), by: to)
            }
        }
    }

    private mutating func schedule(_ what: Happening, at: ContinuousClock.Instant) {
        order += 1
        let item = Scheduled(at: at, order: order, what: what)
        let place = queue.firstIndex { ($0.at, $0.order) > (item.at, item.order) } ?? queue.endIndex
        queue.insert(item, at: place)
    }

    private mutating func perform(_ actions: [GossipInstance.Action], by index: Int) {
        for action in actions {
            switch action {
            case .send(let packet, let address):
                nodes[index].bytesSent += packet.count
                nodes[index].largest = max(nodes[index].largest, packet.count)
                guard let to = Self.index(of: address), nodes.indices.contains(to) else { continue }
                wire.append((packet, index, to))
                if wire.count > 4000 { wire.removeFirst(2000) }
                guard !network.blocked.contains([index, to]) else { continue }
                let copies = Double.random(in: 0..<1, using: &rng) < network.duplicates ? 2 : 1
                for _ in 0..<copies where Double.random(in: 0..<1, using: &rng) >= network.loss {
                    let spread = (network.delay.upperBound - network.delay.lowerBound) * Double.random(in: 0..<1, using: &rng)
                    schedule(.packet(packet, to: to, from: index), at: now + network.delay.lowerBound + spread)
                }
            case .exchange(let peer, let request, let purpose):
                guard let to = self.index(of: peer), nodes.indices.contains(to) else { continue }
                schedule(.request(request, to: to, from: index, purpose), at: now + .milliseconds(15))
            case .deliver(let trigger):
                nodes[index].delivered.append(trigger)
                nodes[index].deliveredAt.append(now)
            case .changed(let change):
                nodes[index].changes.append(change)
            case .raiseBoot(let boot):
                perform(nodes[index].instance.raise(boot: boot, now: now), by: index)
            case .saveTrust, .savePeers, .log:
                break
            }
        }
    }

    // MARK: Looking

    func status(of index: Int, at observer: Int) -> Status? { nodes[observer].instance.membership.standing(of: id(index))?.status }

    /// Everybody who runs sees everybody else who runs as alive.
    var allSeeAll: Bool {
        let running = nodes.indices.filter { nodes[$0].isRunning }
        return running.allSatisfy { a in running.allSatisfy { b in status(of: b, at: a) == .alive } }
    }

    /// Everybody who runs knows the same.
    var allKnowTheSame: Bool {
        Set(nodes.filter(\.isRunning).map(\.instance.stateHash)).count == 1
    }

    func drops(_ index: Int, _ refusal: PeerLink.Refusal) -> Int { nodes[index].instance.drops.total[refusal] ?? 0 }
}
