import Testing

@testable import Gossip

/// A view that follows changes one by one shows what one that is made anew would show.
@Suite struct ViewUpdateTests {
    /// All of a view that changes are told of.
    private func text(_ view: MeshView) -> [String] {
        let members = view.members.map { member in
            let records = member.records.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key) \($0.value.boot).\($0.value.n)" }
            return "\(member.id) \(member.name) \(member.status) \(member.isSelf) \(member.certificateDER?.count ?? 0) \(records)"
        }
        return members + ["\(view.config.sorted { $0.key < $1.key })", "\(String(describing: view.groups))", "\(view.roster.hash)"]
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func followsEveryChange(seed: UInt64) throws {
        var rng = Randomness.seeded(seed)
        var sim = SimMesh(6, seed: seed)
        var view = sim.nodes[0].instance.view(now: sim.now)
        var seen = 0
        var kinds: Set<String> = []
        for step in 0..<120 {
            let index = Int.random(in: 1..<6, using: &rng)
            switch step % 6 {
            case 0: sim.act(index) { $0.publish(.cameras, [UInt8(step)], now: $1) }
            case 1 where sim.nodes[index].isRunning: sim.kill(index)
            case 2 where !sim.nodes[index].isRunning: sim.restart(index, boot: UInt32(step))
            case 3: sim.setConfig(0, "users", [UInt8(step)])
            case 4:
                let admin = sim.mesh.admin
                sim.act(0) { instance, _ in (try? instance.setGroups([CameraGroup(name: "g\(step)", cameras: ["\(step)"])], by: admin)) ?? [] }
            case 5 where step == 65:
                let revocation = sim.mesh.root.revoke(sim.id(5), serial: 3)
                sim.act(0) { $0.accept(roster: [revocation.wire], now: $1) }
            default: break
            }
            sim.run(.milliseconds(700))
            let changes = Array(sim.nodes[0].changes[seen...])
            seen = sim.nodes[0].changes.count
            for change in changes { kinds.insert("\(change)".prefix { $0 != "(" }.description) }
            sim.nodes[0].instance.update(&view, after: changes, now: sim.now)
            #expect(text(view) == text(sim.nodes[0].instance.view(now: sim.now)), "seed \(seed), step \(step)")
        }
        #expect(kinds == ["member", "record", "config", "roster"], "seed \(seed): \(kinds)")
    }

    /// A change of somebody who is a member no more, or not yet, changes nothing.
    @Test func strangersAreLeftOut() {
        let sim = SimMesh(3, seed: 1)
        var view = sim.nodes[0].instance.view(now: sim.now)
        let before = text(view)
        sim.nodes[0].instance.update(&view, after: [.member(sim.mesh.identities[7].id, .alive), .record(sim.mesh.identities[7].id, .node)], now: sim.now)
        #expect(text(view) == before)
    }
}
