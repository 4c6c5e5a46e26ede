/// What everybody in a mesh knows that has long met. For simulations of large meshes: meeting costs each pair a few packets and
/// comparisons, which grows with the square of the members and is not what they measure.
package struct SettledMesh: Sendable {
    /// Each member's own words, and the boot and address that it has proven to all others.
    struct Known: Sendable {
        let claim: Claim
        let boot: UInt32
        let address: PeerAddress
    }

    let members: [NodeID: Known]
    /// Holds no more than each member would have verified by itself.
    let state: SignedState

    /// - Parameter instances: with the addresses where they are, each with its own record published.
    package init?(_ instances: [(instance: GossipInstance, address: PeerAddress)]) {
        guard var state = instances.first?.instance.state else { return nil }
        var members: [NodeID: Known] = [:]
        for (instance, address) in instances {
            guard let signed = instance.state.evidence[instance.id]?.own, let claim = Claim(signed) else { return nil }
            state.keep(claim, signed, standing: claim.standing)
            for (key, record) in instance.state.records where key.node == instance.id { state.set(key, record) }
            members[instance.id] = Known(claim: claim, boot: instance.boot, address: address)
        }
        self.members = members
        self.state = state
    }
}

extension GossipInstance {
    /// As if this node had met everybody long ago: all links proven, all records and claims known, no news under way.
    package mutating func settle(in mesh: SettledMesh, now: ContinuousClock.Instant) {
        state = mesh.state
        for (node, known) in mesh.members.sorted(by: { $0.key < $1.key }) where node != id {
            let content = PacketContent(sourceBoot: known.boot, destinationBoot: boot, sequence: 1, frames: [])
            _ = links[node]?.accept(content, ownBoot: boot, from: known.address, now: now)
            // The packet that proved it to the other side.
            _ = links[node]?.nextSequence()
            take(known.address, for: node)
            _ = membership.apply(known.claim, now: now)
            describe(node)
        }
        broadcasts = Broadcasts()
        plannedSyncs = []
        comparisonsLeft = 0
        exchanging = []
        plannedRetries = []
        retriesLeft = [:]
        callOrder = []
    }
}
