import Foundation

extension NodeRecord {
    /// Addresses that a node tells, so that its record fits a packet.
    private static let addressLimit = 6

    /// Fills in what only gossip knows of this node. The result always fits a packet.
    mutating func complete(with identity: NodeIdentity, gossipPort: Int, addresses: [String]) {
        self.addresses = addresses.isEmpty ? ["127.0.0.1"] : Array(addresses.prefix(Self.addressLimit))
        self.gossipPort = UInt32(clamping: gossipPort)
        name = name.cut(toUTF8: TriggerDraft.nameLimit)
        if tlsCertificate.isEmpty { tlsCertificate = Data(identity.tlsCertificateDER) }
        if model.isEmpty { model = identity.hardware.cut(toUTF8: TriggerDraft.nameLimit) }
    }
}
