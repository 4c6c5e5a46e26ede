import Foundation

/// Where the other members were last, and their highest boots: a node without multicast finds them by it after a restart. Losing
/// the file costs nothing but time.
enum PeersFile {
    static func load(from directory: String) -> [NodeID: (addresses: [PeerAddress], boot: UInt32)] {
        guard let file = try? DurableFile.read(path(in: directory), limit: 1 << 20, operation: "read known peers"),
            let content = Checksummed.open(file), let stored = WirePeersFile(untrusted: content)
        else { return [:] }
        var known: [NodeID: (addresses: [PeerAddress], boot: UInt32)] = [:]
        for peer in stored.peers {
            guard let id = NodeID(bytes: peer.id) else { continue }
            known[id] = (peer.addresses.compactMap { PeerAddress(parsing: $0, defaultPort: 7462) }, peer.boot)
        }
        return known
    }

    static func content(of links: [NodeID: PeerLink]) -> [UInt8] { content(of: links.mapValues { ($0.addresses, $0.highestBoot) }) }

    static func content(of peers: [NodeID: (addresses: [PeerAddress], boot: UInt32)]) -> [UInt8] {
        var stored = WirePeersFile()
        stored.peers = peers.sorted { $0.key < $1.key }.map { id, known in
            var peer = WirePeersFile.Peer()
            peer.id = Data(id.bytes)
            peer.addresses = known.addresses.prefix(PeerLink.addressLimit).map(\.description)
            peer.boot = known.boot
            return peer
        }
        return stored.wireBytes
    }

    static func save(_ content: [UInt8], in directory: String) throws(TrustError) {
        try DurableFile.write(Checksummed.seal(content), to: path(in: directory), operation: "write known peers")
    }

    private static func path(in directory: String) -> String { "\(directory)/peers" }
}
