import Foundation
import Testing

@testable import Gossip

/// An admin's key ends: with a new password, or with the admin. What it had signed goes on as somebody else's word, or not at all.
@Suite struct AdminKeyTests {
    private let mesh = TestMesh.shared
    private let now = ContinuousClock.now
    private let ann = AdminKey()
    private let fresh = AdminKey()
    private let bob = AdminKey()

    private var roster: Roster {
        var roster = mesh.roster
        roster.merge([mesh.root.certify(ann.publicKey, name: "ann", serial: 11), mesh.root.certify(bob.publicKey, name: "bob", serial: 12)])
        return roster
    }

    /// Ann's new password.
    private var change: [SignedRecord] {
        [mesh.root.certify(fresh.publicKey, name: "ann", serial: 13), mesh.root.revoke(adminKey: ann.publicKey, name: "ann", serial: 14)]
    }

    private func instance(_ index: Int, _ roster: Roster) -> GossipInstance {
        GossipInstance(
            id: mesh.identities[index].id, boot: 1, roster: roster, config: SharedConfig(), settings: GossipSettings(),
            crypto: NodeCrypto(identity: mesh.identities[index], mesh: mesh.genesis.meshID), random: .seeded(1), now: now)
    }

    private func signed(_ key: String, _ value: [UInt8], counter: UInt64, by admin: AdminKey) -> WireSigned {
        let body = SharedConfig().next(key, value, adminKey: admin.publicKey, least: counter - 1)
        return WireSigned(body: body, signature: admin.key.sign(body, domain: .config, mesh: mesh.genesis.meshID), signer: admin.publicKey)
    }

    /// One compares with the other, and both have what either had.
    private func compare(_ a: inout GossipInstance, _ b: inout GossipInstance) {
        var request = WireExchangeRequest()
        request.digest = a.digest
        let (answer, _) = b.answer(request.wireBytes, from: a.id, now: now)
        for action in a.exchangeAnswered(.sync, answer ?? [], by: b.id, now: now) {
            if case .exchange(_, let push, .push) = action { _ = b.answer(push, from: a.id, now: now) }
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>) func anEndIsFinalInAnyOrder(seed: UInt64) {
        var rng = Randomness.seeded(seed)
        var whole = roster
        let changes = whole.merge(change)
        #expect(changes == [.adminKey(fresh.publicKey), .adminKeyRevoked(ann.publicKey)])
        #expect(whole.adminKeys[ann.publicKey] == nil && whole.adminKeys[fresh.publicKey] == "ann" && whole.adminKeys[bob.publicKey] == "bob")
        let again = whole.merge([mesh.root.certify(ann.publicKey, name: "ann", serial: 99)])
        #expect(again.isEmpty && !whole.isAdmin(ann.publicKey), "certified once more, it stays ended")
        var shuffled = Roster(genesis: mesh.genesis)
        for record in whole.records.shuffled(using: &rng) { shuffled.merge([record]) }
        #expect(shuffled.hash == whole.hash && shuffled.adminKeys == whole.adminKeys, "seed \(seed)")
    }

    @Test func nobodyButTheRootEndsAKey() {
        var after = roster
        let (_, stranger, _) = Founding.found(name: "other")
        after.merge([stranger.revoke(adminKey: ann.publicKey, name: "ann", serial: 20)])
        // What the root says of one thing is no word on another.
        let certificate = mesh.root.certify(ann.publicKey, name: "ann", serial: 21)
        after.merge([SignedRecord(kind: .revokeAdminKey, body: certificate.body, signature: certificate.signature)])
        #expect(after.isAdmin(ann.publicKey) && after.hash == roster.hash)
    }

    /// However full it is: who goes has to go.
    @Test func theFullestRosterTakesAnEnd() {
        var full = roster
        full.merge((0..<UInt64(Roster.limit)).map { mesh.root.certify(bob.publicKey, name: "bob", serial: 100 + $0) })
        let more = full.merge([change[0]])
        #expect(more.isEmpty && !full.isAdmin(fresh.publicKey), "it is full")
        let end = full.merge([change[1]])
        #expect(end == [.adminKeyRevoked(ann.publicKey)])
    }

    /// The next root knows nothing of a key that ended, and needs no word on it.
    @Test func aRotationCarriesNoEndedKey() {
        var after = roster
        after.merge(change)
        let (_, rotation) = mesh.root.replaced(in: after)
        after.merge([rotation])
        #expect(Set(after.adminKeys.keys) == [mesh.admin.publicKey, fresh.publicKey, bob.publicKey])
    }

    @Test func whatItSignedGoesOnAsTheNewKeysWord() throws {
        var a = instance(0, roster)
        _ = try a.setConfig("users", [1], by: ann)
        _ = try a.setConfig("browser-ca", [2], by: ann)
        _ = try a.setConfig("tokens", [3], by: bob)
        _ = try a.setGroups([CameraGroup(name: "yard", cameras: ["x"])], by: ann)
        var b = instance(1, roster)
        compare(&a, &b)
        let groups = b.config.values[SharedConfigKey.groups]
        #expect(b.config.values["users"] == [1] && groups != nil)
        _ = try a.merge(change, setting: ["users": [9]], by: fresh, now: now)
        let expected: [String: [UInt8]] = ["users": [9], "browser-ca": [2], "tokens": [3], SharedConfigKey.groups: groups ?? []]
        #expect(a.config.values == expected)
        compare(&a, &b)
        #expect(b.config.values == expected && a.stateHash == b.stateHash)
        // The old key's word counts no more, however high it counts, at whichever node.
        for node in [a, b] {
            var node = node
            let before = node.drops.total[.forged, default: 0]
            _ = node.accept(config: [signed("users", [66], counter: node.roster.configCounters.lowerBound + 5000, by: ann)])
            #expect(node.config.values == expected && node.drops.total[.forged] == before + 1)
        }
        // Nor is anything of it left for the disk.
        let left = a.config.entries.compactMap { WireConfigEntry(untrusted: $0.body) }
        #expect(left.count == 4 && !left.contains { Array($0.adminKey) == ann.publicKey })
    }

    /// Whoever has a key signs with the highest counter that anybody takes: nothing takes that value's place but the end of the key, and
    /// what is signed then goes before all that was signed until then, by whomever.
    @Test func nothingStaysForEver() throws {
        var a = instance(0, roster)
        var b = instance(1, roster)
        let counters = a.roster.configCounters
        let bobs = [signed("users", [5], counter: 3, by: bob), signed("tokens", [6], counter: 7, by: bob)]
        let planted = [signed("users", [66], counter: counters.upperBound - 1, by: ann), signed("tokens", [67], counter: counters.upperBound - 1, by: ann)]
        for entries in [bobs, planted] {
            _ = a.accept(config: entries)
            _ = b.accept(config: entries)
        }
        #expect(a.config.values == ["users": [66], "tokens": [67]])
        // Not silently: whoever changes something hears that it does not work, and what does.
        let refusal = #expect(throws: TrustError.self) { try a.setConfig("users", [9], by: bob) }
        #expect(refusal?.cure.contains("new password") == true)
        _ = try a.merge(change, setting: ["users": [9]], by: fresh, now: now)
        // Whoever tells a digest with such a counter is not sent what counts less; here it counts more.
        compare(&b, &a)
        #expect(a.config.values == ["users": [9], "tokens": [67]] && b.config.values == a.config.values)
        for entries in [bobs, planted] {
            _ = a.accept(config: entries)
            _ = b.accept(config: entries)
        }
        #expect(a.config.values["users"] == [9] && b.config.values["users"] == [9], "what anybody signed before does not come back")
        _ = try b.setConfig("tokens", [], by: bob)
        compare(&a, &b)
        #expect(a.config.values == ["users": [9], "tokens": []] && a.stateHash == b.stateHash)
    }

    /// A counter that only a later roster allows is no forgery, and is not taken before.
    @Test func whatComesBeforeItsRosterWaits() {
        var a = instance(0, roster)
        for counter in [a.roster.configCounters.upperBound, 1 << 62, .max] {
            _ = a.accept(config: [signed("users", [66], counter: counter, by: bob)])
        }
        #expect(a.config.values.isEmpty && a.drops.total[.unheeded] == 3 && a.drops.total[.forged, default: 0] == 0)
        _ = a.merge(change, now: now)
        _ = a.accept(config: [signed("users", [7], counter: roster.configCounters.upperBound, by: bob)])
        #expect(a.config.values == ["users": [7]])
    }

    /// Each end of a key, and each root, moves the counters up, in whatever order they come.
    @Test func countersGoUp() {
        var one = roster
        let before = one.configCounters
        one.merge([change[1]])
        #expect(one.configCounters.lowerBound == before.upperBound)
        let (_, rotation) = mesh.root.replaced(in: one)
        let ended = one.configCounters
        one.merge([rotation])
        #expect(one.configCounters.lowerBound >= ended.upperBound)
        var other = roster
        other.merge([rotation])
        other.merge([change[1]])
        #expect(other.configCounters == one.configCounters)
    }

    /// A root that was replaced by somebody who had not heard of the end: nodes that know of both say so.
    @Test func anEndThatARotationUndoesIsTold() {
        let (_, rotation) = mesh.root.replaced(in: roster)
        var node = instance(0, roster)
        _ = node.merge(change, now: now)
        let told = node.merge([rotation], now: now).compactMap { if case .log(.warning, let text, _) = $0 { text } else { nil } }
        #expect(told.contains { $0.contains("ann's key of before counts again") })
        #expect(node.roster.isAdmin(ann.publicKey))
    }

    /// Of groups that stand beside each other, those that the old key signed are joined with the others before they go.
    @Test func siblingsAreNotLost() throws {
        var a = instance(0, roster)
        var b = instance(1, roster)
        _ = try a.setGroups([CameraGroup(name: "home", cameras: ["x"])], by: ann)
        _ = try b.setGroups([CameraGroup(name: "yard", cameras: ["y"])], by: bob)
        compare(&a, &b)
        #expect(a.config.byKey[SharedConfigKey.groups]?.count == 2)
        _ = try a.merge(change, setting: [:], by: fresh, now: now)
        compare(&a, &b)
        for node in [a, b] { #expect(Set(node.config.groupFacts?.groups.map(\.name) ?? []) == ["home", "yard"]) }
    }

    /// Groups that are set as they are need no new word; nobody is told that it did not work.
    @Test func groupsThatStayAsTheyAreAreSet() throws {
        var a = instance(0, roster)
        let groups = [CameraGroup(name: "home", cameras: ["x"])]
        for number in 0..<16 {
            _ = try a.setGroups(groups, by: number % 2 == 0 ? ann : bob)
            #expect(a.config.groupFacts?.groups.map(\.name) == ["home"])
        }
    }

    @Test func nothingChangesWhereTheNewKeyMayNotSign() throws {
        var a = instance(0, roster)
        _ = try a.setConfig("users", [1], by: ann)
        let before = a.stateHash
        let refusal = #expect(throws: TrustError.self) { try a.merge([change[1]], setting: ["users": [9]], by: fresh, now: now) }
        #expect(refusal?.cure.contains("Sign in") == true)
        #expect(throws: TrustError.self) { try a.merge([change[1]], setting: [:], by: ann, now: now) }
        #expect(throws: TrustError.self) { try a.merge(change, setting: ["users": [UInt8](repeating: 0, count: 300_000)], by: fresh, now: now) }
        #expect(a.stateHash == before)
    }

    /// The end of a key goes by comparing alone, together with what was signed anew: by itself, it would leave a node without its users.
    @Test func noNodeIsWithoutItsUsersMeanwhile() throws {
        var sim = SimMesh(4, seed: 7)
        sim.run(.seconds(5))
        let certificates = [mesh.root.certify(ann.publicKey, name: "ann", serial: 11), mesh.root.certify(bob.publicKey, name: "bob", serial: 12)]
        sim.act(0) { instance, now in instance.merge(certificates, now: now) }
        sim.run(.seconds(3))
        sim.act(0) { [ann] instance, _ in (try? instance.setConfig("users", [1], by: ann)) ?? [] }
        #expect(sim.run(atMost: .seconds(10)) { $0.nodes.allSatisfy { $0.instance.config.values["users"] == [1] } } != nil)
        sim.act(0) { [change, fresh] instance, now in (try? instance.merge(change, setting: ["users": [9]], by: fresh, now: now)) ?? [] }
        var without = 0
        let took = sim.run(atMost: .seconds(10)) { sim in
            without += sim.nodes.count { $0.instance.config.values["users"] == nil }
            return sim.nodes.allSatisfy { $0.instance.config.values["users"] == [9] && !$0.instance.roster.isAdmin(ann.publicKey) }
        }
        #expect(took != nil && without == 0)
    }
}
