extension GossipInstance {
    /// Probes made for others that nobody has answered yet, which this node now forgets: whoever asked gets neither answer nor nack.
    /// So a liar keeps the answers of the living to itself.
    package mutating func takeRelays() -> [(origin: NodeID, sequence: UInt32, target: NodeID)] {
        defer { membership.relays = [:] }
        return membership.relays.sorted { $0.key < $1.key }.map { ($0.value.origin, $0.value.originSequence, $0.value.target) }
    }

    /// A member's records as it signed them, with an age that the relay makes up: how long it held them is the one thing nobody signs.
    /// Only those that fit a packet.
    package func records(of node: NodeID, heldFor age: Duration) -> [Frame] {
        state.records.sorted { $0.key < $1.key }.compactMap { key, record in
            guard key.node == node, record.body.count < 900 else { return nil }
            var frame = WireRecordFrame()
            frame.record = record.signed
            frame.heldMs = UInt32(clamping: Int64(age / .milliseconds(1)))
            return Frame(kind: .record, body: frame.wireBytes)
        }
    }
}
