import Foundation

extension NodeRecord {
    /// Addresses that a node tells, so that its record fits a packet.
    private static let addressLimit = 6

    /// Fills in what only gossip knows of this node. The result always fits a packet.
    ///
    /// - Parameter addresses: best first (``InterfaceAddresses/told()``).
    mutating func complete(with identity: NodeIdentity, gossipPort: Int, addresses: [String]) {
        self.addresses = Array(addresses.prefix(Self.addressLimit))
        self.gossipPort = UInt32(clamping: gossipPort)
        name = name.cut(toUTF8: TriggerDraft.nameLimit)
        if tlsCertificate.isEmpty { tlsCertificate = Data(identity.tlsCertificateDER) }
        if model.isEmpty { model = identity.hardware.cut(toUTF8: TriggerDraft.nameLimit) }
    }
}
