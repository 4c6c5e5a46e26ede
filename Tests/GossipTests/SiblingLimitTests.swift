import Testing

@testable import Gossip

/// More values of the groups beside each other than are kept: everybody keeps the same, whatever came in whatever order.
@Suite struct SiblingLimitTests {
    private let mesh = TestMesh.shared

    private func entry(_ config: SharedConfig, _ groups: [CameraGroup], by actor: Int) -> WireSigned {
        let value = config.groups(groups, by: ObservedRemoveSetTests.actor(actor))
        let body = config.next(SharedConfigKey.groups, value, adminKey: mesh.admin.publicKey)
        return WireSigned(
            body: body, signature: mesh.admin.key.sign(body, domain: .config, mesh: mesh.genesis.meshID), signer: mesh.admin.publicKey)
    }

    private func siblings(_ config: SharedConfig) -> [SharedConfig.Entry] { config.byKey[SharedConfigKey.groups] ?? [] }

    /// Forty admins that were all cut off from each other; some of them went on changing.
    private func values() -> [WireSigned] {
        var base = SharedConfig()
        base.accept(entry(base, [CameraGroup(name: "home", cameras: ["0"])], by: 0))
        return (1...40).map { actor in
            var own = base
            for step in 0..<(actor % 3) { own.accept(entry(own, [CameraGroup(name: "home", cameras: ["0", "\(actor).\(step)"])], by: actor)) }
            return entry(own, [CameraGroup(name: "home", cameras: ["0", "\(actor)"])], by: actor)
        }
    }

    @Test func anyOrderKeepsTheSame() {
        var rng = Randomness.seeded(1)
        let values = values()
        var first = SharedConfig()
        for value in values { first.accept(value) }
        #expect(siblings(first).count == SharedConfig.siblingLimit)
        // Those that went on longest stay: thirteen wrote a third time, fourteen a second time.
        #expect(siblings(first).map(\.counter).sorted() == [3, 3, 3] + [UInt64](repeating: 4, count: 13))
        for round in 0..<50 {
            var other = SharedConfig()
            for value in (values + values.prefix(10)).shuffled(using: &rng) { other.accept(value) }
            #expect(other.digest == first.digest && other.values == first.values, "round \(round)")
        }
        #expect(!values.contains { first.isNews($0) })
        // Whoever writes next has seen what all see.
        first.accept(entry(first, [CameraGroup(name: "yard", cameras: [])], by: 41))
        #expect(siblings(first).count == 1 && first.groupFacts?.groups.map(\.name) == ["yard"])
    }

    /// Nodes that each heard a part, also of values that replace others, and then tell each other what they hold.
    @Test(arguments: Array(1...20) as [UInt64]) func nodesThatMeetAgree(seed: UInt64) {
        var rng = Randomness.seeded(seed)
        var values = values()
        for actor in 50..<56 {
            var seen = SharedConfig()
            for value in values.shuffled(using: &rng).prefix(Int.random(in: 1...12, using: &rng)) { seen.accept(value) }
            values.append(entry(seen, [CameraGroup(name: "home", cameras: ["\(actor)"])], by: actor))
        }
        var nodes = (0..<5).map { _ in
            var config = SharedConfig()
            for value in values.shuffled(using: &rng).prefix(Int.random(in: 10...46, using: &rng)) { config.accept(value) }
            return config
        }
        var meetings = 0
        while Set(nodes.map(\.digest)).count > 1, meetings < 100 {
            let pair = Array(nodes.indices).shuffled(using: &rng).prefix(2)
            let (one, other) = (pair[0], pair[1])
            let (ours, theirs) = (nodes[one].entries, nodes[other].entries)
            for entry in theirs { nodes[one].accept(entry) }
            for entry in ours { nodes[other].accept(entry) }
            meetings += 1
        }
        #expect(Set(nodes.map(\.digest)).count == 1, "seed \(seed)")
        #expect(nodes.allSatisfy { siblings($0).count <= SharedConfig.siblingLimit })
    }
}
