/// How gossip reaches one peer by TLS. The program implements it: a POST over mutual TLS.
public protocol PeerExchange: Sendable {
    /// Sends `request` to that member's ``GossipService/answer(peer:_:)`` and returns its answer.
    ///
    /// - Throws: when the member cannot be reached within a few seconds.
    func exchange(with member: Member, _ request: [UInt8]) async throws -> [UInt8]
}
