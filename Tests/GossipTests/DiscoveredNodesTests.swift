import Testing

@testable import Gossip

@Suite struct DiscoveredNodesTests {
    private func service(_ instance: String, _ state: ServiceAnnouncement.State?, host: String = "192.0.2.1", port: Int = 7463) -> DiscoveredService {
        DiscoveredService(instance: instance, id: nil, name: "gate", state: state, mesh: nil, version: "1", host: host, port: port, gossipPort: 0)
    }

    @Test func comesAndGoes() {
        var nodes = DiscoveredNodes()
        nodes.follow(.found(service("gate", .unpaired)))
        nodes.follow(.found(service("gate", .unpaired, host: "fe80::1%eth0")))
        nodes.follow(.found(service("yard", .mesh)))
        nodes.follow(.found(service("what", nil)))
        #expect(nodes.unpaired.map(\.instance) == ["gate"])
        #expect(nodes.unpaired.first?.addresses.map(\.host) == ["192.0.2.1", "fe80::1%eth0"])
        // Another port is another start of it: the old places are no more.
        nodes.follow(.found(service("gate", .unpaired, port: 9000)))
        #expect(nodes.unpaired.first?.addresses == [PeerAddress(host: "192.0.2.1", port: 9000)])
        nodes.follow(.found(service("gate", .mesh)))
        #expect(nodes.unpaired.isEmpty)
        nodes.follow(.found(service("gate", .unpaired)))
        nodes.follow(.lost("gate"))
        #expect(nodes.unpaired.isEmpty)
    }

    /// Anybody can announce anything.
    @Test func isBounded() {
        var nodes = DiscoveredNodes()
        for number in 0..<1000 { nodes.follow(.found(service("n\(number)", .unpaired))) }
        for number in 0..<100 { nodes.follow(.found(service("n1", .unpaired, host: "192.0.2.\(number)"))) }
        #expect(nodes.unpaired.count == DiscoveredNodes.limit && nodes.unpaired.allSatisfy { $0.addresses.count <= 8 })
    }
}

@Suite struct SealedRootKeyTests {
    @Test func onlyThePassphraseAndOnlyThisMesh() throws {
        let (genesis, root, _) = Founding.found(name: "one")
        let sealed = try SealedRootKey.seal(root, passphrase: "five words are quite enough")
        #expect(SealedRootKey.open(sealed, passphrase: "five words are quite enough", roster: Roster(genesis: genesis))?.publicKey == root.publicKey)
        #expect(SealedRootKey.open(sealed, passphrase: "five words are quite enougH", roster: Roster(genesis: genesis)) == nil)
        #expect(SealedRootKey.open(sealed, passphrase: "five words are quite enough", roster: Roster(genesis: Founding.found(name: "two").0)) == nil)
        var altered = sealed
        altered[sealed.count - 1] ^= 1
        #expect(SealedRootKey.open(altered, passphrase: "five words are quite enough", roster: Roster(genesis: genesis)) == nil)
        #expect(SealedRootKey.open([], passphrase: "", roster: Roster(genesis: genesis)) == nil)
        #expect(try SealedRootKey.seal(root, passphrase: "x") != SealedRootKey.seal(root, passphrase: "x"), "salt and nonce are fresh")
        // An admin's key is sealed with another number of passes: the one is never opened as the other.
        #expect(SealedAdminKey.open(sealed, password: "five words are quite enough") == nil)
    }
}
