import Foundation

@testable import Gossip

/// A small mesh whose nodes are on several networks at once: virtual time, no loss; what is tested is which address is used.
struct MultiHomed {
    private struct Flight {
        let at: ContinuousClock.Instant
        let order: Int
        let packet: [UInt8]
        let from: PeerAddress
        let to: PeerAddress
    }

    let mesh: TestMesh
    private(set) var now: ContinuousClock.Instant
    var instances: [GossipInstance] = []
    /// The addresses of each node, best first; a packet leaves by the one whose network (all but the last part) is the destination's.
    var hosts: [[String]]
    /// Networks that carry nothing.
    var broken: Set<String> = []
    var changes: [[MeshChange]] = []
    var delivered: [[(trigger: GroupTrigger, at: ContinuousClock.Instant)]] = []
    private var flights: [Flight] = []
    private var order = 0

    /// Node n has the address n + 1 in each of `networks`, as `10.0.0`.
    init(_ count: Int, networks: [String], seed: UInt64, mesh: TestMesh = .shared) {
        self.mesh = mesh
        now = .now
        hosts = (0..<count).map { index in networks.map { "\($0).\(index + 1)" } }
        var roster = Roster(genesis: mesh.genesis)
        let ids = Set(mesh.identities.prefix(count).map(\.id))
        roster.merge(mesh.roster.records.filter { record in Admission(body: record.body).map { ids.contains($0.id) } ?? true })
        for index in 0..<count {
            let identity = mesh.identities[index]
            instances.append(
                GossipInstance(
                    id: identity.id, boot: 1, roster: roster, config: SharedConfig(), settings: GossipSettings(),
                    crypto: NodeCrypto(identity: identity, mesh: mesh.genesis.meshID), random: .seeded(seed &+ UInt64(index)), now: now))
            changes.append([])
            delivered.append([])
            // As mDNS would: one address is enough, the record tells the others.
            for other in 0..<count where other != index {
                perform(instances[index].discovered(mesh.identities[other].id, at: address(hosts[other][0]), now: now), by: index)
            }
            publish(index)
        }
    }

    private func address(_ host: String) -> PeerAddress { PeerAddress(host: host, port: 7462) }
    private static func network(_ host: String) -> Substring { host.prefix(upTo: host.lastIndex(of: ".") ?? host.endIndex) }
    func id(_ index: Int) -> NodeID { mesh.identities[index].id }

    mutating func publish(_ index: Int) { tell(index, hosts[index]) }

    /// Its record says that it is there, whether it is or not.
    mutating func tell(_ index: Int, _ addresses: [String]) {
        var record = NodeRecord()
        record.name = "node\(index)"
        record.addresses = addresses
        record.gossipPort = 7462
        record.peerPort = 7462
        record.tlsCertificate = Data(mesh.identities[index].tlsCertificateDER)
        perform(instances[index].publish(.node, record.wireBytes, now: now), by: index)
    }

    /// A node has other addresses from now on; it knows at once, as rtnetlink tells, if `noticed`.
    mutating func move(_ index: Int, to addresses: [String], noticed: Bool = true) {
        hosts[index] = addresses
        guard noticed else { return }
        publish(index)
        perform(instances[index].addressesChanged(now: now), by: index)
    }

    mutating func trigger(_ index: Int) -> EventID {
        let (id, actions) = instances[index].trigger(TriggerDraft(group: "home", kind: "motion", camera: "c\(index)"), now: now)
        perform(actions, by: index)
        return id
    }

    mutating func run(_ duration: Duration) {
        let end = now + duration
        while true {
            var next = end
            var timer: Int?
            for index in instances.indices where instances[index].nextDeadline < next { (next, timer) = (max(now, instances[index].nextDeadline), index) }
            if let first = flights.first, first.at <= next {
                flights.removeFirst()
                now = max(now, first.at)
                if let index = hosts.firstIndex(where: { $0.contains(first.to.host) }) {
                    perform(instances[index].receive(first.packet, from: first.from, now: now), by: index)
                }
            } else if let timer {
                now = next
                perform(instances[timer].tick(now: now), by: timer)
            } else {
                now = end
                return
            }
        }
    }

    private mutating func perform(_ actions: [GossipInstance.Action], by index: Int) {
        for action in actions {
            switch action {
            case .send(let packet, let to):
                let network = Self.network(to.host)
                guard !broken.contains(String(network)), let own = hosts[index].first(where: { Self.network($0) == network }) else { continue }
                order += 1
                flights.append(Flight(at: now + .milliseconds(2), order: order, packet: packet, from: address(own), to: to))
            case .changed(let change): changes[index].append(change)
            case .deliver(let trigger): delivered[index].append((trigger, now))
            case .exchange(let peer, _, let purpose): perform(instances[index].exchangeFailed(purpose, by: peer, now: now), by: index)
            default: break
            }
        }
    }

    func status(of index: Int, at observer: Int) -> Status? { instances[observer].membership.standing(of: id(index))?.status }
    func current(of index: Int, at observer: Int) -> String? { instances[observer].links[id(index)]?.current?.host }

    /// Whether anybody was suspected or worse, anywhere.
    var anybodyDoubted: Bool {
        changes.joined().contains { if case .member(_, let status) = $0 { status != .alive } else { false } }
    }

    mutating func forgetChanges() { changes = changes.map { _ in [] } }
}
