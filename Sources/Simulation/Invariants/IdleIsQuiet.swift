import Gossip

/// Invariant 10: a mesh in which nothing happens is quiet, and no datagram needs fragments.
struct IdleIsQuiet: Invariant {
    static let number = 10
    static let rule = "idle <= 1 kB/s per node; no datagram > 1232 B"

    static let bytesPerSecond = 1000.0
    /// The mean of all nodes with up to 5 % loss. One direct probe in ten fails there, and three others repeat it.
    static let lossyBytesPerSecond = 1200.0
    /// What IPv4 and UDP add to each packet.
    static let packetOverhead = 28

    private struct Cost {
        let bytes: Int
        let packets: Int
    }

    private var before: [Cost] = []
    private var since = VirtualTime.zero
    /// Per node, of those that ran all the time.
    private(set) var rates: [Double] = []

    private func cost(of node: SimulatedNode) -> Cost { Cost(bytes: node.bytesSent + node.tlsBytesSent, packets: node.packetsSent) }

    mutating func begin(_ mesh: SimulatedMesh) {
        before = mesh.nodes.map(cost)
        since = mesh.time
    }

    /// - Parameter lossy: whether all nodes' mean is judged, by its own bound, instead of the worst node's rate.
    mutating func end(_ mesh: SimulatedMesh, members: [Int], lossy: Bool = false) -> Violation? {
        let seconds = (mesh.time - since).inSeconds
        rates = members.map { index in
            let now = cost(of: mesh.nodes[index])
            let bytes = now.bytes - before[index].bytes + Self.packetOverhead * (now.packets - before[index].packets)
            return Double(bytes) / seconds
        }
        if lossy {
            let mean = rates.reduce(0, +) / Double(max(1, rates.count))
            guard mean > Self.lossyBytesPerSecond else { return nil }
            return Violation(of: Self.self, at: mesh.time, "each node sent \(Int(mean)) B/s for \(Int(seconds)) s")
        }
        guard let worst = rates.max(), worst > Self.bytesPerSecond else { return nil }
        return Violation(of: Self.self, at: mesh.time, "a node sent \(Int(worst)) B/s for \(Int(seconds)) s")
    }

    func observe(_ observation: Observation) -> Violation? {
        guard case .oversized(let bytes) = observation.what else { return nil }
        return Violation(of: Self.self, at: observation.at, "node \(observation.node) sent a datagram of \(bytes) B")
    }
}
