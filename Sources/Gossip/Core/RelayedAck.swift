/// What shows a prober that an answer which somebody passes on is its target's: a helper could say "it is well" of a member that is not.
///
/// Pairwise keys make it cheap: BLAKE2b over the key of target → origin and the probe's challenge. Nobody else has that key, and a challenge is
/// drawn for each probe.
enum RelayedAck {
    private static let domain = Array("meshcam relayed ack".utf8)

    /// - Parameters:
    ///   - key: of packets from the target to the origin.
    ///   - challenge: the origin's.
    static func proof(key: [UInt8], challenge: UInt64, crypto: some GossipCrypto) -> [UInt8] {
        crypto.hash(key + domain + challenge.bigEndianBytes)
    }
}
