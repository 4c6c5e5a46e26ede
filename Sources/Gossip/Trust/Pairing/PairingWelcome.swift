import Foundation

/// What a member gives to a newcomer: the mesh's birth certificate, who belongs to it, and where members are. Everything else comes by
/// gossip.
package struct PairingWelcome: Sendable {
    package let genesis: Genesis
    package let records: [SignedRecord]
    package let peers: [NodeID: [PeerAddress]]

    /// More are cut off: the newcomer needs one that answers.
    private static let peerLimit = 64

    /// - Parameter roster: with the newcomer's admission.
    package init(roster: Roster, peers: [NodeID: [PeerAddress]]) {
        genesis = roster.genesis
        records = roster.records
        self.peers = peers
    }

    /// - Parameters:
    ///   - own: must be among the admitted, with exactly these keys.
    ///   - member: who gave it; must be a member.
    /// - Throws: ``PairingError/malformed``.
    init(untrusted bytes: [UInt8], own: NodeIdentity.Public, member: NodeID) throws(PairingError) {
        guard let wire = WirePairingWelcome(untrusted: bytes), let genesis = Genesis(bytes: Array(wire.genesis)) else { throw .malformed }
        var roster = Roster(genesis: genesis)
        var forgeries = 0
        _ = roster.merge(wire.roster.prefix(Roster.limit).compactMap(SignedRecord.init), bearing: 1, forgeries: &forgeries)
        guard forgeries == 0 else { throw .malformed }
        guard let admission = roster.admission(of: own.id), admission.dhPublicKey == own.dhPublicKey, admission.tlsKeyHash == own.tlsKeyHash,
            roster.admission(of: member) != nil
        else { throw .malformed }
        self.genesis = genesis
        records = roster.records
        let known = wire.peers.prefix(Self.peerLimit).compactMap { peer in
            NodeID(bytes: peer.id).map {
                ($0, peer.addresses.prefix(PeerLink.addressLimit).compactMap { PeerAddress(parsing: $0, defaultPort: 0) })
            }
        }
        peers = Dictionary(known, uniquingKeysWith: { first, _ in first })
    }

    var wire: WirePairingWelcome {
        var wire = WirePairingWelcome()
        wire.genesis = Data(genesis.bytes)
        wire.roster = records.map(\.wire)
        wire.peers = peers.sorted { $0.key < $1.key }.prefix(Self.peerLimit).map { id, addresses in
            var peer = WirePairingWelcome.Peer()
            peer.id = Data(id.bytes)
            peer.addresses = addresses.prefix(PeerLink.addressLimit).map(\.description)
            return peer
        }
        return wire
    }
}
