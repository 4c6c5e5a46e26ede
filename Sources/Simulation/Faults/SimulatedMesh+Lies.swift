import Gossip

extension SimulatedMesh {
    /// From now on that node is a liar's, or not.
    mutating func setLying(_ index: Int, _ lies: Bool) { nodes[index].lies = lies }

    /// A liar that is asked to probe somebody keeps the answers of the living to itself, and answers for the dead.
    mutating func lieAboutProbes(by index: Int) {
        for relay in nodes[index].instance.takeRelays() {
            guard let target = nodes.indices.first(where: { id($0) == relay.target }), !nodes[target].isRunning,
                let origin = nodes.indices.first(where: { id($0) == relay.origin }), let source = network.source(of: index),
                let packet = nodes[index].instance.seal(.frames, [.ack(relay.sequence)], for: relay.origin)
            else { continue }
            inject(packet, source: source, from: index, to: origin)
        }
    }
}
