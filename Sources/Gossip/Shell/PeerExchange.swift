/// How gossip reaches one peer by TLS. The program implements it: a POST over mutual TLS.
public protocol PeerExchange: Sendable {
    /// Sends `request` to that member's ``GossipService/answer(peer:_:)`` and returns its answer.
    ///
    /// - Throws: when the member cannot be reached within a few seconds.
    func exchange(with member: Member, _ request: [UInt8]) async throws -> [UInt8]
}

/// An exchange that waits for a free place.
struct ExchangeRequest: Sendable {
    let peer: NodeID
    let request: [UInt8]
    let purpose: GossipInstance.ExchangePurpose
}
