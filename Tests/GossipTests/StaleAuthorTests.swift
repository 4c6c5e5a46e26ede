import Foundation
import Testing

@testable import Gossip

/// What a member said before it was revoked is still under way: it counts for nothing, but whoever passes it on has forged nothing.
@Suite struct StaleAuthorTests {
    /// Obituaries by somebody who was revoked stand before what matters in the answer of an honest member.
    @Test func theRestOfADeltaIsRead() throws {
        let mesh = TestMesh.shared
        var sim = SimMesh(10, seed: 1)
        sim.run(.seconds(5))
        let revoked = 9
        for other in 1..<10 { sim.block(0, other) }
        _ = try #require(sim.run(atMost: .seconds(120)) { sim in (1..<9).allSatisfy { sim.status(of: $0, at: 0) == .dead } })
        let revocation = mesh.root.revoke(sim.id(revoked), serial: 2)
        sim.act(0) { $0.accept(roster: [revocation.wire], now: $1) }
        var delta = WireDelta()
        // Of each member that 0 misses its last word, and the revoked one's obituary; then two records of the revoked one.
        for index in 1..<9 {
            let current = try #require(sim.nodes[0].instance.membership.standing(of: sim.id(index)))
            let next = Incarnation(boot: current.incarnation.boot, number: current.incarnation.number + 1)
            for (status, author) in [(Status.alive, index), (.dead, revoked)] {
                let claim = Claim(subject: sim.id(index), standing: Standing(status: status, incarnation: next), author: sim.id(author))
                let signature = mesh.identities[author].sign(claim.body, domain: .claim, mesh: mesh.genesis.meshID)
                delta.claims.append(WireSigned(body: claim.body, signature: signature, signer: claim.author.bytes))
            }
        }
        for (author, kind) in [(revoked, RecordKind.node), (revoked, .cameras), (3, .cameras)] {
            var body = WireRecordBody()
            body.kind = UInt32(kind.rawValue)
            body.boot = 1
            body.n = 1000
            body.body = Data([7])
            var frame = WireRecordFrame()
            let signature = mesh.identities[author].sign(body.wireBytes, domain: .record, mesh: mesh.genesis.meshID)
            frame.record = WireSigned(body: body.wireBytes, signature: signature, signer: sim.id(author).bytes)
            delta.records.append(frame)
        }
        var reply = WireExchangeReply()
        reply.delta = delta
        let answer = reply.wireBytes
        let before = sim.drops(0, .foreign)
        let honest = sim.id(1)
        sim.act(0) { $0.exchangeAnswered(.sync, answer, by: honest, now: $1) }
        #expect(sim.drops(0, .forged) == 0 && sim.drops(0, .foreign) - before == 10)
        #expect(sim.nodes[0].instance.state.record(sim.id(3), .cameras)?.body == [7])
        // The last words count, the obituaries do not.
        for index in 1..<9 { #expect(sim.status(of: index, at: 0) == .alive) }
        #expect(sim.nodes[0].instance.state.record(sim.id(revoked), .cameras) == nil)
    }
}
