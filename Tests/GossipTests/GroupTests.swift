import Testing

@testable import Gossip

/// Sets that several change at once.
@Suite struct ObservedRemoveSetTests {
    static let seeds: [UInt64] = Array(1...20)
    typealias Numbers = ObservedRemoveSet<Int>

    static func actor(_ number: Int) -> Identifier128 { Identifier128(high: UInt64(number), low: 1) }

    /// Three replicas that change and meet at random.
    static func replicas(_ seed: UInt64) -> [Numbers] {
        var rng = Randomness.seeded(seed)
        var replicas = [Numbers](repeating: Numbers(), count: 3)
        for _ in 0..<40 {
            let one = Int.random(in: 0..<3, using: &rng)
            switch Int.random(in: 0..<4, using: &rng) {
            case 0:
                let other = replicas[Int.random(in: 0..<3, using: &rng)]
                replicas[one].merge(other)
            case 1:
                let gone = replicas[one].elements.prefix(2)
                replicas[one].change(adding: [], removing: gone, by: actor(one))
            default:
                let new = (0..<2).map { _ in Int.random(in: 0..<8, using: &rng) }
                replicas[one].change(adding: Set(new), removing: [], by: actor(one))
            }
        }
        return replicas
    }

    private func merged(_ a: Numbers, _ b: Numbers) -> Numbers {
        var a = a
        a.merge(b)
        return a
    }

    @Test(arguments: seeds) func mergeIsALattice(seed: UInt64) {
        let sets = Self.replicas(seed)
        let (a, b, c) = (sets[0], sets[1], sets[2])
        #expect(merged(a, a) == a, "seed \(seed)")
        #expect(merged(a, b) == merged(b, a), "seed \(seed)")
        #expect(merged(merged(a, b), c) == merged(a, merged(b, c)), "seed \(seed)")
        #expect(merged(merged(a, b), a) == merged(a, b), "seed \(seed)")
        let all = merged(merged(a, b), c)
        #expect([a, b, c].allSatisfy { all.covers($0) }, "seed \(seed)")
    }

    /// Against the definition: an element is there if some addition of it was seen by no removal.
    @Test(arguments: seeds) func addWins(seed: UInt64) {
        var rng = Randomness.seeded(seed)
        var left = Numbers()
        left.change(adding: [1, 2, 3], removing: [], by: Self.actor(0))
        var right = left
        let (removed, readded) = (Int.random(in: 1...3, using: &rng), Int.random(in: 1...3, using: &rng))
        left.change(adding: [], removing: [removed], by: Self.actor(0))
        right.change(adding: [readded, 4], removing: [], by: Self.actor(1))
        let both = merged(left, right)
        #expect(both.contains(4) && both.contains(removed) == (removed == readded), "seed \(seed)")
        #expect(Set([1, 2, 3]).subtracting([removed]).allSatisfy { both.contains($0) })
    }

    /// What is removed stays removed, however old the copy is that comes back, and without a tombstone.
    @Test func nothingComesBack() {
        var set = Numbers()
        set.change(adding: [1, 2], removing: [], by: Self.actor(0))
        let old = set
        set.change(adding: [], removing: [1], by: Self.actor(0))
        for round in 0..<100 { set.change(adding: [10 + round], removing: [10 + round - 1], by: Self.actor(round % 3)) }
        set.merge(old)
        #expect(!set.contains(1) && set.contains(2) && set.covers(old) && set.dots.count == 2)
    }

    @Test func contradictionsAreRefused() {
        let dot = Numbers.Dot(actor: Self.actor(1), counter: 2)
        #expect(Numbers(dots: [1: [dot]], clock: [Self.actor(1): 2]) != nil)
        #expect(Numbers(dots: [1: [dot]], clock: [Self.actor(1): 1]) == nil)
        #expect(Numbers(dots: [1: [dot], 2: [dot]], clock: [Self.actor(1): 2]) == nil)
        #expect(Numbers(dots: [1: []], clock: [:]) == nil)
    }
}

@Suite struct GroupFactsTests {
    private let a = ObservedRemoveSetTests.actor(1)
    private let b = ObservedRemoveSetTests.actor(2)

    @Test func whatIsSetIsWhatIsThere() throws {
        var facts = GroupFacts()
        let policy = GroupPolicy(triggers: ["1"], recorders: ["1", "2"], coolDown: .seconds(30))
        let wanted = [CameraGroup(name: "empty", cameras: []), CameraGroup(name: "yard", cameras: ["1", "2"], policy: policy)]
        facts.set(wanted, by: a)
        #expect(facts.groups == wanted)
        let read = try #require(GroupFacts(bytes: facts.bytes))
        #expect(read == facts && read.bytes == facts.bytes)
        // The same again is no act.
        facts.set(wanted, by: b)
        #expect(facts == read)
        facts.set([], by: a)
        #expect(facts.groups.isEmpty)
    }

    /// Both admins' work survives: cameras added on both sides, a policy here and a removal there.
    @Test func concurrentChangesSurvive() {
        var left = GroupFacts()
        left.set([CameraGroup(name: "home", cameras: ["1", "2"]), CameraGroup(name: "old", cameras: ["1"])], by: a)
        var right = left
        left.set([CameraGroup(name: "home", cameras: ["1", "2", "3"], policy: GroupPolicy(coolDown: .seconds(9)))], by: a)
        right.set([CameraGroup(name: "home", cameras: ["2", "4"]), CameraGroup(name: "old", cameras: ["1", "5"])], by: b)
        var joined = left
        joined.merge(right)
        var other = right
        other.merge(left)
        #expect(joined == other)
        #expect(joined.groups == [
            CameraGroup(name: "home", cameras: ["2", "3", "4"], policy: GroupPolicy(coolDown: .seconds(9))),
            CameraGroup(name: "old", cameras: ["5"]),
        ])
    }

    /// Bytes from anywhere are read or refused.
    @Test(arguments: [1, 2, 3] as [UInt64]) func fuzz(seed: UInt64) {
        var rng = Randomness.seeded(seed)
        var facts = GroupFacts()
        facts.set([CameraGroup(name: "yard", cameras: ["1", "2"], policy: GroupPolicy(triggers: ["1"]))], by: a)
        let bytes = facts.bytes
        var read = 0
        for _ in 0..<5000 {
            var altered = bytes
            for _ in 0..<Int.random(in: 1...4, using: &rng) { altered[Int.random(in: altered.indices, using: &rng)] = UInt8.random(in: 0...255, using: &rng) }
            guard let other = GroupFacts(bytes: altered) else { continue }
            read += 1
            var joined = facts
            joined.merge(other)
            #expect(joined.covers(facts) && joined.covers(other) && GroupFacts(bytes: joined.bytes) == joined, "seed \(seed)")
        }
        #expect(read > 0 && read < 5000)
    }

    @Test func policies() {
        let all = CameraGroup(name: "home", cameras: [CameraGroup.everyCamera])
        #expect(all.hears("x") && all.records(at: "y", from: "x"))
        let group = CameraGroup(name: "g", cameras: ["1", "2", "3"], policy: GroupPolicy(triggers: ["1"], recorders: ["2"]))
        #expect(group.hears("1") && !group.hears("2") && !group.hears("4"))
        #expect(group.records(at: "2", from: "1") && !group.records(at: "3", from: "1") && !group.records(at: "2", from: "3"))
        #expect(!group.records(at: "4", from: "1"))
    }
}

@Suite struct GroupConfigTests {
    private let mesh = TestMesh.shared

    private func entry(_ config: SharedConfig, _ groups: [CameraGroup], by actor: Int) -> WireSigned {
        let value = config.groups(groups, by: ObservedRemoveSetTests.actor(actor))
        let body = config.next(SharedConfigKey.groups, value, adminKey: mesh.admin.publicKey)
        return WireSigned(
            body: body, signature: mesh.admin.key.sign(body, domain: .config, mesh: mesh.genesis.meshID), signer: mesh.admin.publicKey)
    }

    /// Siblings stand beside each other until somebody writes who saw them all; the order of arrival does not matter.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64]) func siblingsInAnyOrder(seed: UInt64) {
        var rng = Randomness.seeded(seed)
        var first = SharedConfig()
        let base = entry(first, [CameraGroup(name: "home", cameras: ["0"])], by: 0)
        first.accept(base)
        let siblings = (1...4).map { entry(first, [CameraGroup(name: "home", cameras: ["0", "\($0)"])], by: $0) }
        var seen = first
        for sibling in siblings { seen.accept(sibling) }
        #expect(seen.byKey[SharedConfigKey.groups]?.count == 4)
        #expect(seen.groupFacts?.groups.first?.cameras == ["0", "1", "2", "3", "4"])
        var shuffled = SharedConfig()
        for entry in (siblings + [base] + siblings).shuffled(using: &rng) { shuffled.accept(entry) }
        #expect(shuffled.digest == seen.digest && shuffled.values == seen.values, "seed \(seed)")
        let after = entry(seen, [CameraGroup(name: "yard", cameras: ["2"])], by: 1)
        seen.accept(after)
        #expect(seen.byKey[SharedConfigKey.groups]?.count == 1 && seen.groupFacts?.groups.map(\.name) == ["yard"])
        // Old ones are no news, and take nothing back.
        let digest = seen.digest
        #expect(!seen.isNews(base) && !siblings.contains { seen.isNews($0) })
        for sibling in siblings { seen.accept(sibling) }
        #expect(seen.digest == digest)
    }

    /// Two admins on two sides of a partition: both changes are everywhere after it.
    @Test(arguments: [1, 2, 3] as [UInt64]) func partitionLosesNoChange(seed: UInt64) throws {
        var sim = SimMesh(6, seed: seed)
        sim.run(.seconds(5))
        let mesh = sim.mesh
        func set(_ index: Int, _ groups: [CameraGroup]) {
            sim.act(index) { instance, _ in
                let value = instance.config.groups(groups, by: Identifier128(writer: instance.id, boot: instance.boot))
                let body = instance.config.next(SharedConfigKey.groups, value, adminKey: mesh.admin.publicKey)
                let signature = mesh.admin.key.sign(body, domain: .config, mesh: mesh.genesis.meshID)
                return instance.accept(config: [WireSigned(body: body, signature: signature, signer: mesh.admin.publicKey)])
            }
        }
        func cameras(_ sim: SimMesh) -> Set<Set<String>> { Set(sim.nodes.map { $0.instance.view(now: sim.now).groups?.first?.cameras ?? [] }) }
        set(0, [CameraGroup(name: "home", cameras: ["a", "b"])])
        #expect(sim.run(atMost: .seconds(3)) { cameras($0) == [["a", "b"]] } != nil, "seed \(seed)")
        for x in 0..<3 { for y in 3..<6 { sim.block(x, y) } }
        sim.run(.seconds(30))
        set(1, [CameraGroup(name: "home", cameras: ["a", "b", "c"])])
        set(4, [CameraGroup(name: "home", cameras: ["b", "d"])])
        sim.run(.seconds(10))
        sim.network.blocked = []
        #expect(sim.run(atMost: .seconds(60)) { cameras($0) == [["b", "c", "d"]] && $0.allKnowTheSame } != nil, "seed \(seed)")
        // And whoever was away for all of it brings nothing back.
        set(2, [CameraGroup(name: "home", cameras: ["d"])])
        #expect(sim.run(atMost: .seconds(30)) { cameras($0) == [["d"]] && $0.allKnowTheSame } != nil, "seed \(seed)")
    }

    /// A record that its node emptied stays empty, although a peer was away since before and for long.
    @Test(arguments: [1, 2, 3] as [UInt64]) func emptiedRecordStaysEmpty(seed: UInt64) {
        var sim = SimMesh(4, seed: seed)
        sim.run(.seconds(5))
        sim.act(0) { $0.publish(.cameras, [1, 2, 3], now: $1) }
        sim.run(.seconds(5))
        for other in 0..<3 { sim.block(other, 3) }
        sim.run(.seconds(20))
        sim.act(0) { $0.publish(.cameras, [], now: $1) }
        // How long does not matter: nothing here expires.
        sim.run(.seconds(120))
        sim.kill(0)
        sim.run(.seconds(20))
        sim.network.blocked = []
        let agreed = sim.run(atMost: .seconds(60)) { sim in
            (1..<4).allSatisfy { sim.nodes[$0].instance.state.record(sim.id(0), .cameras)?.body == [] }
        }
        #expect(agreed != nil, "seed \(seed)")
        sim.run(.seconds(30))
        #expect((1..<4).allSatisfy { sim.nodes[$0].instance.state.record(sim.id(0), .cameras)?.body == [] }, "seed \(seed)")
    }

    @Test func onlyThePasswordOpensAnAdminKey() throws {
        let sealed = try SealedAdminKey.seal(mesh.admin, password: "correct horse ä")
        #expect(SealedAdminKey.open(sealed, password: "correct horse ä")?.publicKey == mesh.admin.publicKey)
        #expect(SealedAdminKey.open(sealed, password: "correct horse a") == nil)
        var altered = sealed
        altered[sealed.count - 1] ^= 1
        #expect(SealedAdminKey.open(altered, password: "correct horse ä") == nil)
        #expect(SealedAdminKey.open([], password: "correct horse ä") == nil)
        #expect(try SealedAdminKey.seal(mesh.admin, password: "correct horse ä") != sealed)
    }
}

@Suite struct ViewTests {
    /// What a dead node said is still there at any node, also at one that started later and never heard it, with its age.
    @Test(arguments: [1, 2, 3] as [UInt64]) func deadNodesAreShownWithTheirAge(seed: UInt64) throws {
        var sim = SimMesh(3, seed: seed)
        sim.run(.seconds(5))
        sim.act(2) { $0.publish(.cameras, [1, 2, 3], now: $1) }
        sim.run(.seconds(3))
        let died = sim.now
        sim.kill(2)
        sim.run(.seconds(30))
        sim.restart(1, boot: 2)
        let seenAlive = sim.nodes[1].changes.count { $0 == .member(sim.id(2), .alive) }
        sim.run(.seconds(20))
        // Node 1 hears the dead one's last word and of its death together: it never takes it for alive.
        #expect(sim.nodes[1].changes.count { $0 == .member(sim.id(2), .alive) } == seenAlive, "seed \(seed)")
        for observer in [0, 1] {
            let view = sim.nodes[observer].instance.view(now: sim.now)
            let member = try #require(view.member(sim.id(2)))
            #expect(member.status == .dead && member.records[.cameras]?.bytes == [1, 2, 3] && member.missing == [], "seed \(seed)")
            let age = try #require(member.age(of: .cameras, now: sim.now))
            #expect((.seconds(52) ... .seconds(54)).contains(age), "seed \(seed), node \(observer): \(age)")
            let silence = try #require(member.lastSeen.map { $0 - died })
            #expect((.seconds(-4) ... .seconds(1)).contains(silence), "seed \(seed), node \(observer): \(silence)")
            // The others published no cameras here.
            #expect(view.incomplete.map(\.id).contains(member.id) && view.member(sim.id(0))?.missing == [.cameras])
        }
    }

    /// What a node said while nobody was there has its true age at whoever comes later.
    @Test(arguments: [1, 2, 3] as [UInt64]) func whatWaitedForListenersIsAsOldAsItIs(seed: UInt64) throws {
        var sim = SimMesh(3, seed: seed)
        sim.run(.seconds(5))
        for other in 1..<3 { sim.block(0, other) }
        sim.run(.seconds(30))
        #expect(sim.nodes[0].instance.membership.present.isEmpty, "seed \(seed)")
        sim.act(0) { $0.publish(.cameras, [1, 2, 3], now: $1) }
        let said = sim.now
        sim.run(.seconds(40))
        sim.network.blocked = []
        #expect(sim.run(atMost: .seconds(30)) { sim in (1..<3).allSatisfy { sim.nodes[$0].instance.state.record(sim.id(0), .cameras) != nil } } != nil)
        for observer in 1..<3 {
            let age = try #require(sim.nodes[observer].instance.view(now: sim.now).member(sim.id(0))?.age(of: .cameras, now: sim.now))
            #expect(abs((age - (sim.now - said)) / .seconds(1)) < 1, "seed \(seed), node \(observer): \(age)")
        }
    }
}
