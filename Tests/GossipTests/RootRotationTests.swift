import Foundation
import Testing

@testable import Gossip

/// Another root: what counts afterwards, in whatever order everything arrives.
@Suite struct RootRotationTests {
    private let genesis: Genesis
    private let root: RootKey
    private let recovery: RecoveryKey
    private let nodes = TestMesh.shared.identities
    private let ann = AdminKey()
    private let bob = AdminKey()
    private let roster: Roster

    init() {
        (genesis, root, recovery) = Founding.found(name: "rotation")
        var roster = Roster(genesis: genesis)
        roster.merge(nodes.prefix(5).enumerated().map { [root] in root.admit($1.public, name: "node\($0)", serial: UInt64($0 + 1)) })
        roster.merge([root.certify(ann.publicKey, name: "ann", serial: 6), root.certify(bob.publicKey, name: "bob", serial: 7)])
        self.roster = roster
    }

    private func ids(_ roster: Roster) -> [NodeID] { roster.members.map(\.id) }
    private func sorted(_ places: [Int]) -> [NodeID] { places.map { nodes[$0].id }.sorted() }

    /// What a roster says, to compare.
    private func says(_ roster: Roster) -> [String] {
        roster.members.map { "\($0.id) \($0.name) \($0.serial)" } + roster.adminKeys.map { "\($0.key.hexDigits) \($0.value)" }.sorted()
            + [roster.currentRootPublicKey.hexDigits, "\(roster.rootEpoch) \(roster.isRootInConflict)", roster.hash.hexDigits]
    }

    @Test func everythingGoesOnButWhoWasRevoked() throws {
        let (new, rotation) = root.replaced(in: roster, revoking: [nodes[2].id])
        var after = roster
        let changes = after.merge([rotation])
        #expect(changes == [.newRoot(epoch: 1), .revoked(nodes[2].id)])
        #expect(ids(after) == sorted([0, 1, 3, 4]) && after.isRevoked(nodes[2].id) && after.adminKeys == roster.adminKeys)
        #expect(after.currentRootPublicKey == new.publicKey && after.meshID == roster.meshID && after.rootEpoch == 1)
        #expect(after.nextSerial > roster.nextSerial)
        // The new root acts, the old one does not.
        let admitted = after.merge([new.admit(nodes[5].public, name: "new", serial: after.nextSerial)])
        #expect(admitted == [.admitted(nodes[5].id)])
        let before = after.hash
        let stolen = [
            root.admit(nodes[6].public, name: "thief", serial: 99), root.revoke(nodes[0].id, serial: 99), root.certify(AdminKey().publicKey, name: "thief", serial: 99),
        ]
        let taken = after.merge(stolen)
        #expect(taken.isEmpty && after.hash == before, "neither admits nor revokes")
        // And it comes back to none of it after a restart.
        var loaded = Roster(genesis: genesis)
        loaded.merge(after.records)
        #expect(says(loaded) == says(after))
    }

    /// Counted before it is decoded: a quarter of a million empty records in one rotation would keep a small board busy for a second each time.
    @Test func thousandsOfEmptyRecordsAreNotEvenLookedAt() {
        let limit = Roster.limit + 8
        let empty: [UInt8] = [0x2a, 0]
        #expect(ExchangeShape.elements(Array(repeatElement(empty, count: limit).joined()), upTo: limit) == limit)
        #expect(ExchangeShape.elements(Array(repeatElement(empty, count: limit + 1).joined()), upTo: limit) == nil)
        #expect(ExchangeShape.elements([0x2a, 5, 1], upTo: limit) == nil, "a length beyond the end")
        var body = WireRootRotateBody()
        body.rotation = Data(repeatElement(empty, count: 262_000).joined().prefix(RootRotation.sizeLimit - 200))
        let record = SignedRecord(kind: .rootRotate, body: body.wireBytes, signature: [UInt8](repeating: 0, count: 64))
        var after = roster
        let began = ContinuousClock.now
        for _ in 0..<200 { #expect(after.merge([record]).isEmpty) }
        print("200 of them took \(ContinuousClock.now - began)")
        #expect(after.hash == roster.hash)
    }

    /// Any order, one by one and in heaps, repeated and with what is void among it: the same set, the same effect.
    @Test(arguments: 0..<200 as Range<UInt64>) func orderDoesNotMatter(seed: UInt64) {
        var rng = Randomness.seeded(seed)
        var grown = roster
        var records = roster.records
        var roots = [root]
        for epoch in 1...Int.random(in: 1...4, using: &rng) {
            let (new, rotation) = roots[epoch - 1].replaced(in: grown, revoking: Bool.random(using: &rng) ? [nodes[epoch].id] : [])
            let late = [roots[epoch - 1].admit(nodes[9].public, name: "late", serial: 500), roots[epoch - 1].revoke(nodes[0].id, serial: 501)]
            let own = [
                new.admit(nodes[4 + epoch].public, name: "under \(epoch)", serial: 100 + UInt64(epoch)),
                new.certify(AdminKey().publicKey, name: "admin \(epoch)", serial: 200),
            ]
            grown.merge([rotation] + own)
            records += [rotation] + late + own
            roots.append(new)
        }
        if Bool.random(using: &rng) {
            let (new, rotation) = recovery.replaceRoot(in: grown, certifying: ann.publicKey, name: "ann")
            let own = [new.revoke(nodes[1].id, serial: 900)]
            grown.merge([rotation] + own)
            records += [rotation] + own
        }
        let expected = says(grown)
        for _ in 0..<4 {
            var other = Roster(genesis: genesis)
            var rest = records.shuffled(using: &rng) + records.shuffled(using: &rng).prefix(5)
            while !rest.isEmpty {
                let count = min(rest.count, Int.random(in: 1...4, using: &rng))
                other.merge(Array(rest.prefix(count)))
                rest.removeFirst(count)
            }
            #expect(says(other) == expected, "seed \(seed)")
        }
    }

    /// Only the root of its time and the recovery key can make one, whole, for this mesh.
    @Test func forgedRotationsAreRefused() {
        let (_, rotation) = root.replaced(in: roster)
        let stranger = RootKey(key: SigningKey(), meshID: roster.meshID)
        let (_, otherRoot, otherRecovery) = Founding.found(name: "other")
        var bad = [
            stranger.replaced(in: roster).record, otherRoot.replaced(in: roster).record,
            otherRecovery.replaceRoot(in: roster, certifying: ann.publicKey, name: "ann").record,
            SignedRecord(kind: .admit, body: rotation.body, signature: rotation.signature), SignedRecord(kind: .rootRotate, body: rotation.body, signature: []),
        ]
        for place in stride(from: 0, to: rotation.body.count, by: 3) {
            var body = rotation.body
            body[place] ^= 1
            bad.append(SignedRecord(kind: .rootRotate, body: body, signature: rotation.signature))
        }
        var after = roster
        for record in bad { after.merge([record]) }
        #expect(says(after) == says(roster))
        after.merge([rotation])
        #expect(after.rootEpoch == 1)
        // Nor twice: the old root's next one is a conflict, and not the next root's.
        var later = after
        later.merge([stranger.replaced(in: after).record])
        #expect(says(later) == says(after))
    }

    /// Two that the same root signed: everybody sees it, keeps to what came first, and the recovery key ends it.
    @Test func aConflictIsSeenAndEndedByTheRecoveryKey() {
        let (_, mine) = root.replaced(in: roster, revoking: [nodes[4].id])
        let (thief, theirs) = root.replaced(in: roster, revoking: [nodes[0].id])
        var (a, b) = (roster, roster)
        a.merge([mine])
        let seen = a.merge([theirs])
        #expect(seen == [.rootConflict])
        b.merge([theirs])
        b.merge([mine])
        #expect(a.isRootInConflict && b.isRootInConflict && a.hash == b.hash)
        #expect(ids(a) == sorted([0, 1, 2, 3]) && ids(b) == sorted([1, 2, 3, 4]))
        // Who joins by one of them stays with its root, and so does a restart.
        var newcomer = Roster(genesis: genesis)
        newcomer.merge(a.records)
        #expect(says(newcomer) == says(a))
        // What the other root signs is nothing here.
        a.merge([thief.admit(nodes[8].public, name: "thief", serial: 50)])
        #expect(ids(a) == sorted([0, 1, 2, 3]))
        let (new, end) = recovery.replaceRoot(in: a, certifying: ann.publicKey, name: "ann")
        for roster in [a, b, roster] {
            var after = roster
            after.merge([end])
            after.merge([mine, theirs])
            #expect(!after.isRootInConflict && after.currentRootPublicKey == new.publicKey && ids(after) == sorted([0, 1, 2, 3]))
            #expect(Array(after.adminKeys.keys) == [ann.publicKey])
        }
    }

    /// Two recoveries on two sides of a partition: the same one everywhere; and a later one replaces both.
    @Test func recoveriesAreOrdered() {
        let (one, two) = (recovery.replaceRoot(in: roster, certifying: ann.publicKey, name: "ann"), recovery.replaceRoot(in: roster, certifying: bob.publicKey, name: "bob"))
        var (a, b) = (roster, roster)
        a.merge([one.record, two.record])
        b.merge([two.record])
        b.merge([one.record])
        #expect(says(a) == says(b) && !a.isRootInConflict)
        let third = recovery.replaceRoot(in: a, certifying: bob.publicKey, name: "bob")
        b.merge([third.record])
        #expect(b.currentRootPublicKey == third.root.publicKey && b.rootEpoch == a.rootEpoch + 1)
    }

    /// Admitted or revoked on the other side of a partition while the root was replaced here: whoever hears both is told.
    @Test func whatWasDoneElsewhereMeanwhileIsTold() {
        let (_, rotation) = root.replaced(in: roster)
        var elsewhere = roster
        elsewhere.merge([root.admit(nodes[7].public, name: "late", serial: 50), root.revoke(nodes[1].id, serial: 51)])
        let changes = elsewhere.merge([rotation])
        #expect(Set(changes) == [.newRoot(epoch: 1), .dropped(nodes[7].id), .returned(nodes[1].id)])
        var here = roster
        here.merge([rotation])
        #expect(says(here) == says(elsewhere))
    }

    /// Nobody fills the memory of others, with rotations or with what waits for one.
    @Test func everythingIsBounded() {
        var grown = roster
        var present = root
        for _ in 0..<RootLineage.limit + 5 {
            let (new, rotation) = present.replaced(in: grown)
            grown.merge([rotation])
            if grown.currentRootPublicKey == new.publicKey { present = new }
        }
        #expect(grown.rootEpoch == UInt64(RootLineage.limit))
        let stranger = RootKey(key: SigningKey(), meshID: roster.meshID)
        var forgeries = 0
        var other = roster
        for serial in 0..<Roster.earlyLimit + 50 {
            _ = other.merge([stranger.admit(nodes[9].public, name: "x", serial: UInt64(serial))], bearing: 8, forgeries: &forgeries)
            #expect(forgeries == 1)
        }
        #expect(says(other) == says(roster))
    }

    @Test func thePrintedPhraseReadsBack() {
        #expect(RecoveryKey(typed: recovery.printed)?.rules(genesis) == true)
        #expect(RecoveryKey(typed: " \(recovery.printed.uppercased().replacing(" ", with: "\n")) ")?.rules(genesis) == true)
        let (_, _, other) = Founding.found(name: "other")
        #expect(RecoveryKey(typed: other.printed)?.rules(genesis) == false)
        for wrong in ["", String(recovery.printed.dropLast()), recovery.printed + "0", "g" + recovery.printed.dropFirst(), String(repeating: "0", count: 2000)] {
            #expect(RecoveryKey(typed: wrong) == nil)
        }
        #expect("\(recovery)" == "<recovery key>" && !String(reflecting: recovery).contains(recovery.printed.prefix(8)))
    }

    /// A new password makes another key: the one that an old password opens ends with the next root.
    @Test func anAdminsEarlierKeyIsVoidUnderTheNextRoot() {
        var before = roster
        let fresh = AdminKey()
        before.merge([root.certify(fresh.publicKey, name: "bob", serial: before.nextSerial)])
        #expect(before.isAdmin(bob.publicKey) && before.isAdmin(fresh.publicKey))
        let stranger = AdminKey()
        let kept = [fresh.publicKey: "bob", ann.publicKey: "ann", stranger.publicKey: "eve"]
        var after = before
        after.merge([root.replaced(in: before, admins: kept).record])
        #expect(after.adminKeys == [fresh.publicKey: "bob", ann.publicKey: "ann"], "neither bob's first key nor one that no root has certified")
    }

    /// The next root for an admin whose passphrase nobody knows at the moment.
    @Test func everyAdminGetsTheNextRoot() throws {
        let (new, rotation) = root.replaced(in: roster)
        var after = roster
        after.merge([rotation])
        let forBob = RootForAdmin.seal(new, for: bob.publicKey)
        #expect(RootForAdmin.open(forBob, admin: bob, roster: after)?.publicKey == new.publicKey)
        #expect(RootForAdmin.open(forBob, admin: ann, roster: after) == nil && RootForAdmin.seal(new, for: []).isEmpty)
        for broken in [[], Array(forBob.dropLast()), forBob.map { $0 ^ 1 }, [UInt8](repeating: 0, count: 100_000)] {
            #expect(RootForAdmin.open(broken, admin: bob, roster: after) == nil)
        }
        let sealed = try SealedRootKey.seal(new, passphrase: "five words are quite enough")
        #expect(SealedRootKey.open(sealed, passphrase: "five words are quite enough", roster: after)?.publicKey == new.publicKey)
        #expect(SealedRootKey.open(sealed, passphrase: "five words are quite enough", roster: roster) == nil, "not the root there")
        #expect(SealedRootKey.open(sealed, passphrase: "other words", roster: after) == nil)
    }
}

/// Rotation, roster and configuration between whole nodes.
@Suite struct RootReplacementTests {
    private let mesh = TestMesh.shared

    private func instance(_ index: Int, roster: Roster? = nil, config: SharedConfig = SharedConfig(), now: ContinuousClock.Instant) -> GossipInstance {
        let identity = mesh.identities[index]
        return GossipInstance(
            id: identity.id, boot: 1, roster: roster ?? mesh.roster, config: config, settings: GossipSettings(),
            crypto: NodeCrypto(identity: identity, mesh: mesh.genesis.meshID), random: .seeded(UInt64(index)), now: now)
    }

    /// Who was away has another admin's later setting. It ends where the others are: what void keys signed is gone on both sides.
    @Test func afterARecoveryOnlyTheNewAdminsWordCounts() throws {
        let now = ContinuousClock.now
        let (genesis, root, recovery) = Founding.found(name: "recovery")
        let (old, new) = (AdminKey(), AdminKey())
        var roster = Roster(genesis: genesis)
        roster.merge(mesh.identities.prefix(2).map { root.admit($0.public, name: "n", serial: 1) } + [root.certify(old.publicKey, name: "old", serial: 2)])
        func node(_ index: Int) -> GossipInstance {
            GossipInstance(
                id: mesh.identities[index].id, boot: 1, roster: roster, config: SharedConfig(), settings: GossipSettings(),
                crypto: NodeCrypto(identity: mesh.identities[index], mesh: genesis.meshID), random: .seeded(1), now: now)
        }
        var (here, away) = (node(0), node(1))
        _ = try here.setConfig("users", [1], by: old)
        _ = try here.setConfig("other", [7], by: old)
        _ = try here.setGroups([CameraGroup(name: "yard", cameras: ["x"])], by: old)
        for value in 2...5 as ClosedRange<UInt8> { _ = try away.setConfig("users", [value], by: old) }
        let (_, rotation) = recovery.replaceRoot(in: here.roster, certifying: new.publicKey, name: "new")
        #expect(throws: TrustError.self) { try here.replaceRoot([rotation], setting: ["users": [9]], by: old, now: now) }
        #expect(here.roster.rootEpoch == 0, "nothing has changed before it is known to work")
        let actions = try here.replaceRoot([rotation], setting: ["users": [9]], by: new, now: now)
        #expect(actions.contains { if case .saveTrust = $0 { true } else { false } })
        #expect(here.config.values["users"] == [9] && here.config.values["other"] == [7] && here.config.groupFacts?.groups.map(\.name) == ["yard"])
        #expect(throws: TrustError.self) { try here.setConfig("users", [1], by: old) }
        // They compare, as anti-entropy does.
        for _ in 0..<2 {
            _ = away.apply(here.delta(for: away.digest, now: now), now: now)
            _ = here.apply(away.delta(for: here.digest, now: now), now: now)
        }
        #expect(away.config.values == here.config.values && away.config.digest == here.config.digest && away.roster == here.roster)
        // And a restart finds all of it.
        let directory = TemporaryDirectory()
        var store = TrustStore(directory: directory.path, genesis: genesis, records: here.roster.records)
        store.config = here.config
        try store.save()
        let loaded = try #require(try TrustStore.load(from: directory.path))
        #expect(loaded.values == here.config.values && loaded.roster == here.roster)
    }

    /// A rotation fits no packet: others are told to compare.
    @Test func aRotationIsFetched() {
        let now = ContinuousClock.now
        var here = instance(0, now: now)
        let (_, rotation) = mesh.root.replaced(in: mesh.roster)
        _ = here.merge([rotation], now: now)
        #expect(!here.broadcasts.has(.roster(rotation.digest)) && here.comparisonsLeft > 0)
        var away = instance(1, now: now)
        _ = away.apply(here.delta(for: away.digest, now: now), now: now)
        #expect(away.roster == here.roster && away.roster.rootEpoch == 1 && Set(away.links.keys) == Set(here.links.keys).subtracting([away.id]).union([here.id]))
    }
}
