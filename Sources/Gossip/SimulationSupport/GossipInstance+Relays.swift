extension GossipInstance {
    /// Probes made for others that nobody has answered yet, which this node now forgets: whoever asked gets neither answer nor nack.
    /// So a liar keeps the answers of the living to itself.
    package mutating func takeRelays() -> [(origin: NodeID, sequence: UInt32, target: NodeID)] {
        defer { membership.relays = [:] }
        return membership.relays.sorted { $0.key < $1.key }.map { ($0.value.origin, $0.value.originSequence, $0.value.target) }
    }
}
