package import Gossip

/// One local network: who has which address, who hears whom, and what becomes of a packet.
package struct SimulatedNetwork: Sendable {
    /// One direction between two nodes.
    package struct Path: Sendable, Hashable {
        package let from: Int
        package let to: Int

        package init(from: Int, to: Int) {
            self.from = from
            self.to = to
        }
    }

    /// One of a node's connections: a cable, a radio.
    package struct Link: Sendable, Hashable {
        package var host: String
        package var isUp = true
    }

    package static let port = 7462

    /// Share of packets that are lost, 0 to 1.
    package var loss = 0.0
    /// Share of packets that arrive twice.
    package var duplicates = 0.0
    /// Share of packets that take up to ``lateness`` longer, and so are overtaken.
    package var late = 0.0
    package var lateness = Duration.milliseconds(200)
    package var delay = DelayDistribution()
    /// Directions in which nothing passes.
    package var blocked: Set<Path> = []
    /// Nodes without UDP; TLS works.
    package var withoutUDP: Set<Int> = []
    /// Nodes without TLS; UDP works.
    package var withoutTLS: Set<Int> = []
    /// Nobody has TLS.
    package var tls = true
    /// Nodes are found by multicast.
    package var multicast = true

    package private(set) var links: [[Link]] = []
    private var owners: [String: Int] = [:]

    package mutating func add(hosts: [String]) {
        links.append(hosts.map { Link(host: $0) })
        for host in hosts { owners[host] = links.count - 1 }
    }

    /// The address that a node has on that link from the beginning.
    package static func host(of node: Int, link: Int = 0) -> String { "10.\(link).\(node / 250).\(node % 250 + 1)" }

    /// Addresses that work, best first.
    package func addresses(of node: Int) -> [PeerAddress] {
        links[node].filter(\.isUp).map { PeerAddress(host: $0.host, port: Self.port) }
    }

    package mutating func setLink(_ link: Int, of node: Int, up: Bool) {
        guard links[node].indices.contains(link) else { return }
        links[node][link].isUp = up
    }

    /// DHCP gave another address. Whoever had it before has it no more.
    package mutating func move(_ node: Int, link: Int = 0, to host: String) {
        if owners[links[node][link].host] == node { owners[links[node][link].host] = nil }
        links[node][link].host = host
        owners[host] = node
    }

    /// Who is reached at that address now.
    func node(at address: PeerAddress) -> Int? {
        guard address.port == Self.port, let node = owners[address.host], links[node].contains(where: { $0.isUp && $0.host == address.host })
        else { return nil }
        return node
    }

    /// Where that node's packets come from.
    func source(of node: Int) -> PeerAddress? {
        links[node].first(where: \.isUp).map { PeerAddress(host: $0.host, port: Self.port) }
    }

    package func passes(from: Int, to: Int) -> Bool { blocked.isEmpty || !blocked.contains(Path(from: from, to: to)) }

    /// How long each copy of a packet is under way; nothing if it is lost.
    func delays(from: Int, to: Int, _ rng: inout Randomness) -> [Duration] {
        guard passes(from: from, to: to), withoutUDP.isEmpty || !withoutUDP.contains(from) && !withoutUDP.contains(to) else { return [] }
        let copies = duplicates > 0 && rng.chance(duplicates) ? 2 : 1
        var delays: [Duration] = []
        for _ in 0..<copies where loss <= 0 || !rng.chance(loss) {
            var duration = delay.draw(&rng)
            if late > 0, rng.chance(late) { duration += rng.duration(.zero, lateness) }
            delays.append(duration)
        }
        return delays
    }

    /// Whether the two can hold a TLS connection.
    func hasTLS(_ a: Int, _ b: Int) -> Bool {
        tls && passes(from: a, to: b) && passes(from: b, to: a) && !withoutTLS.contains(a) && !withoutTLS.contains(b)
    }
}
