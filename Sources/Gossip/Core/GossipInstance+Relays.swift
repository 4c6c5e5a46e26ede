/// What a simulated liar does with the probes that others ask it for.
extension GossipInstance {
    /// Probes made for others that nobody has answered yet. They are forgotten here: whoever asked gets neither answer nor nack.
    package mutating func takeRelays() -> [(origin: NodeID, sequence: UInt32, target: NodeID)] {
        defer { membership.relays = [:] }
        return membership.relays.sorted { $0.key < $1.key }.map { ($0.value.origin, $0.value.originSequence, $0.value.target) }
    }
}

extension Frame {
    /// "It answered me": what a helper says about the target of an indirect probe, without the target's own word.
    package static func ack(_ sequence: UInt32) -> Frame {
        var ack = WireAck()
        ack.sequence = sequence
        return Frame(kind: .ack, body: ack.wireBytes)
    }
}
