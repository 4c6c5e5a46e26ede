/// What members tell each other of their wall clocks; see ``PeerClocks``.
extension GossipInstance {
    /// What this node's wall clock shows now; told again and again, because it may be set.
    package mutating func tell(_ reading: WallReading?, now: ContinuousClock.Instant) { wall = reading.map { ($0, now) } }

    /// What an answer to a probe says.
    func reading(_ now: ContinuousClock.Instant) -> WallReading? {
        wall.map { WallReading(sinceEpoch: $0.reading.sinceEpoch + (now - $0.at), error: $0.reading.error) }
    }

    /// An answer to this node's own probe that came straight from its target: only of such a one it is known how long it was on its way.
    mutating func noteClock(_ ack: WireAck, from peer: NodeID, now: ContinuousClock.Instant) {
        guard let probe = membership.probe, probe.sequence == ack.sequence, probe.target == peer, let reading = ack.reading else { return }
        peerClocks.note(reading, of: peer, asked: probe.at, now: now)
    }
}
