import Testing

@testable import Gossip

/// Addresses come and go; members stay.
@Suite struct AddressTests {
    static let seeds: [UInt64] = [1, 2, 3, 4, 5]

    private func settled(_ count: Int, _ networks: [String], _ seed: UInt64) -> MultiHomed {
        var mesh = MultiHomed(count, networks: networks, seed: seed)
        mesh.run(.seconds(12))
        mesh.forgetChanges()
        return mesh
    }

    /// On wire and Wi-Fi at once, either may fail: nobody is even suspected, and the dead address is left within one probe.
    @Test(arguments: ["10.0.0", "10.1.0"], seeds) func losesOneOfTwoLinks(broken: String, seed: UInt64) {
        var mesh = settled(4, ["10.0.0", "10.1.0"], seed)
        mesh.broken = [broken]
        mesh.run(.seconds(20))
        #expect(!mesh.anybodyDoubted, "seed \(seed): \(mesh.changes)")
        for observer in 0..<4 {
            for index in 0..<4 where index != observer {
                #expect(mesh.current(of: index, at: observer)?.hasPrefix(broken) == false, "seed \(seed)")
            }
        }
        // And back, the other way round.
        mesh.broken = [broken == "10.0.0" ? "10.1.0" : "10.0.0"]
        mesh.run(.seconds(20))
        #expect(!mesh.anybodyDoubted, "seed \(seed)")
    }

    /// The other address family is another link.
    @Test(arguments: seeds) func losesAnAddressFamily(seed: UInt64) {
        var mesh = settled(3, ["10.0.0", "fd00::"], seed)
        for index in 0..<3 { mesh.move(index, to: [mesh.hosts[index][1]]) }
        mesh.run(.seconds(20))
        #expect(!mesh.anybodyDoubted, "seed \(seed)")
    }

    /// DHCP: a packet from the new address is enough.
    @Test(arguments: seeds) func movesAndSaysSo(seed: UInt64) {
        var mesh = settled(4, ["10.0.0"], seed)
        mesh.move(1, to: ["10.0.0.77"])
        mesh.run(.milliseconds(50))
        for observer in [0, 2, 3] { #expect(mesh.current(of: 1, at: observer) == "10.0.0.77", "seed \(seed)") }
        mesh.run(.seconds(20))
        #expect(!mesh.anybodyDoubted, "seed \(seed)")
        #expect(mesh.instances[0].nodeRecord(of: mesh.id(1))?.addresses == ["10.0.0.77"])
    }

    /// Even if it has not noticed itself: its own probes show where it is.
    @Test(arguments: seeds) func movesUnnoticed(seed: UInt64) {
        var mesh = settled(4, ["10.0.0"], seed)
        mesh.move(1, to: ["10.0.0.77"], noticed: false)
        mesh.run(.seconds(10))
        for observer in [0, 2, 3] {
            #expect(mesh.current(of: 1, at: observer) == "10.0.0.77" && mesh.status(of: 1, at: observer) == .alive, "seed \(seed)")
        }
        #expect(!mesh.changes.joined().contains(.member(mesh.id(1), .dead)), "seed \(seed)")
    }

    /// Two nodes swap addresses, as after a restart of the DHCP server: packets for one reach the other, and are refused.
    @Test(arguments: seeds) func addressIsTakenOver(seed: UInt64) {
        var mesh = settled(4, ["10.0.0"], seed)
        mesh.move(1, to: ["10.0.0.3"])
        mesh.move(2, to: ["10.0.0.2"])
        mesh.run(.seconds(5))
        for observer in [0, 3] {
            #expect(mesh.current(of: 1, at: observer) == "10.0.0.3" && mesh.current(of: 2, at: observer) == "10.0.0.2", "seed \(seed)")
        }
        mesh.run(.seconds(20))
        #expect(!mesh.changes.joined().contains { if case .member(_, .dead) = $0 { true } else { false } }, "seed \(seed)")
        for observer in 0..<4 { for index in 0..<4 where index != observer { #expect(mesh.status(of: index, at: observer) == .alive) } }
    }

    /// A trigger does not wait for the next probe to find out that a link is gone.
    @Test(arguments: seeds) func triggerFindsTheOtherLink(seed: UInt64) {
        var mesh = settled(4, ["10.0.0", "10.1.0"], seed)
        let used = mesh.current(of: 1, at: 0)
        mesh.broken = [used?.hasPrefix("10.0.0") == true ? "10.0.0" : "10.1.0"]
        let began = mesh.now
        let event = mesh.trigger(0)
        mesh.run(.seconds(1))
        for index in 1..<4 {
            let hits = mesh.delivered[index].filter { $0.trigger.id == event }
            #expect(hits.count == 1, "seed \(seed)")
            if let hit = hits.first { #expect(hit.at - began <= .milliseconds(200), "seed \(seed)") }
        }
    }

    /// mDNS is unproven: whatever it says, what was heard stays.
    @Test func rumoursPushOutNothing() {
        var mesh = settled(2, ["10.0.0"], 1)
        let before = mesh.instances[0].links[mesh.id(1)]?.addresses ?? []
        for number in 0..<100 {
            _ = mesh.instances[0].discovered(mesh.id(1), at: PeerAddress(host: "10.9.9.\(number)", port: 7462), now: mesh.now)
        }
        let after = mesh.instances[0].links[mesh.id(1)]?.addresses ?? []
        #expect(after.starts(with: before) && after.count <= before.count + PeerLink.rumourLimit)
        mesh.run(.seconds(10))
        #expect(!mesh.anybodyDoubted)
    }

    /// What a node tells the others of itself: nothing that means something else, or nothing, on another machine.
    @Test func whatIsTold() {
        func told(_ addresses: [String]) -> [String] { InterfaceAddresses.told(addresses.compactMap { InterfaceAddresses.Found($0) }) }
        #expect(told(["127.0.0.1", "192.168.1.7", "::1", "fe80::1%eth0", "2001:db8::7"]) == ["192.168.1.7", "2001:db8::7"])
        #expect(told(["127.0.0.1", "169.254.3.4", "192.168.1.7", "::1"]) == ["192.168.1.7"])
        // A cable and no DHCP.
        #expect(told(["127.0.0.1", "169.254.3.4", "::1", "fe80::1%eth0"]) == ["169.254.3.4"])
        #expect(told(["127.0.0.1", "::1", "fe80::1%eth0"]) == [])
        // One machine without any network: all nodes that there are run on it.
        #expect(told(["127.0.0.1", "::1"]) == ["127.0.0.1"] && told(["::1"]) == ["::1"] && told([]) == [])
        #expect(InterfaceAddresses.Found("no address") == nil)
    }

    /// A node that tells no address is found where it is heard.
    @Test(arguments: seeds) func tellsNothingAndIsHeard(seed: UInt64) {
        var mesh = settled(3, ["10.0.0"], seed)
        mesh.tell(1, [])
        mesh.run(.seconds(20))
        #expect(!mesh.anybodyDoubted, "seed \(seed)")
        for observer in [0, 2] {
            #expect(mesh.instances[observer].nodeRecord(of: mesh.id(1))?.addresses == [])
            #expect(mesh.current(of: 1, at: observer) == "10.0.0.2", "seed \(seed)")
        }
    }
}
