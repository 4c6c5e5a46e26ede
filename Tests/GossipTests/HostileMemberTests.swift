import Foundation
import Testing

@testable import Gossip

/// What a member with valid keys may try against the others' time, logs and attention.
@Suite struct HostileMemberTests {
    private let mesh = TestMesh.shared

    /// Somebody tries to admit and to revoke without the root's key: the gravest there is, and it is counted.
    @Test func forgedRosterRecordsAreCounted() {
        var sim = SimMesh(2, seed: 1)
        sim.run(.seconds(5))
        let (_, other, _) = Founding.found(name: "other")
        let forged = [other.revoke(sim.id(1), serial: 9), other.certify([UInt8](repeating: 7, count: 32), name: "x", serial: 9)]
        let before = sim.drops(0, .forged)
        sim.act(0) { $0.accept(roster: forged.map(\.wire), now: $1) }
        #expect(sim.drops(0, .forged) - before == 2)
        #expect(sim.nodes[0].instance.roster.admission(of: sim.id(1)) != nil)
    }

    /// A delta full of settings that nobody signed ends with the eighth.
    @Test func unsignedSettingsEndADelta() {
        var sim = SimMesh(2, seed: 1)
        sim.run(.seconds(5))
        var delta = WireDelta()
        for number in 0..<500 as Range<UInt64> {
            var entry = WireConfigEntry()
            entry.key = SharedConfigKey.groups
            entry.counter = number
            entry.value = Data([0xff])
            entry.adminKey = Data(mesh.admin.publicKey)
            delta.config.append(WireSigned(body: entry.wireBytes, signature: [UInt8](repeating: 1, count: 64), signer: mesh.admin.publicKey))
        }
        let before = sim.drops(0, .forged)
        sim.act(0) { $0.apply(delta, now: $1) }
        #expect(sim.drops(0, .forged) - before == GossipInstance.forgeryLimit)
    }

    /// It leaves and comes back a hundred times a second, with its own signature.
    @Test func comingAndGoingFillsNobodysLog() throws {
        var sim = SimMesh(3, seed: 1)
        sim.run(.seconds(5))
        let member = sim.id(1)
        var lines = 0
        var number = try #require(sim.nodes[0].instance.membership.standing(of: member)).incarnation.number
        for _ in 0..<100 {
            for status in [Status.left, .alive] {
                number += 1
                let claim = Claim(subject: member, standing: Standing(status: status, incarnation: Incarnation(boot: 1, number: number)), author: member)
                let signature = mesh.identities[1].sign(claim.body, domain: .claim, mesh: mesh.genesis.meshID)
                let signed = WireSigned(body: claim.body, signature: signature, signer: member.bytes)
                sim.act(0) { instance, now in
                    let actions = instance.accept(claim: signed, from: member, now: now)
                    for case .log(let level, _, _) in actions where level != .debug { lines += 1 }
                    return actions
                }
            }
        }
        #expect((1...6).contains(lines))
    }

    /// It makes up records of itself all the time: few are read and passed on, and the newest comes when states are compared.
    @Test func newRecordsAllTheTimeCrowdNobodyOut() throws {
        var sim = SimMesh(3, seed: 1)
        sim.run(.seconds(5))
        let member = sim.id(1)
        var spread = 0
        var last = WireRecordFrame()
        for n in 100..<400 as Range<UInt64> {
            var body = WireRecordBody()
            body.kind = UInt32(RecordKind.cameras.rawValue)
            body.boot = 1
            body.n = n
            body.body = Data([UInt8(truncatingIfNeeded: n)])
            var frame = WireRecordFrame()
            let signature = mesh.identities[1].sign(body.wireBytes, domain: .record, mesh: mesh.genesis.meshID)
            frame.record = WireSigned(body: body.wireBytes, signature: signature, signer: member.bytes)
            last = frame
            sim.act(0) { instance, now in
                instance.broadcasts.remove(.record(member, .cameras))
                let actions = instance.accept(record: frame, now: now)
                if instance.broadcasts.has(.record(member, .cameras)) { spread += 1 }
                return actions
            }
        }
        #expect(spread == VerificationBudget.perSecond)
        #expect(sim.nodes[0].instance.state.record(member, .cameras)?.version.n == 107)
        sim.act(0) { [last] in $0.accept(record: last, now: $1, spreading: false) }
        #expect(sim.nodes[0].instance.state.record(member, .cameras)?.body == [UInt8(truncatingIfNeeded: 399)])
    }

    /// Of a digest that names a key again and again only the newest counts.
    @Test func digestsAreReadOnce() {
        var entries: [WireDigest.Config] = []
        for number in 0..<1000 as Range<UInt64> {
            var entry = WireDigest.Config()
            entry.key = "users"
            entry.counter = number
            entry.hash = Data([UInt8(truncatingIfNeeded: number)])
            entries.append(entry)
        }
        let digest = ConfigDigest(entries.shuffled())
        let newest = UInt8(truncatingIfNeeded: 999)
        #expect(digest.has(counter: 998, hash: [0xff], of: "users") && digest.has(counter: 999, hash: [newest], of: "users"))
        #expect(!digest.has(counter: 999, hash: [newest + 1], of: "users") && !digest.has(counter: 1000, hash: [0], of: "users"))
        #expect(!digest.has(counter: 0, hash: [0], of: "groups"))
    }
}
