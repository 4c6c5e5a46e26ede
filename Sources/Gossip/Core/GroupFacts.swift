import Foundation

/// The groups of a mesh as an ``ObservedRemoveSet`` of facts: two admins on two sides of a partition may change them, and both
/// changes survive.
///
/// A fact is "the group is there", "it has that camera" or "it has that policy". A camera that is added while somebody else removes
/// it, or its group, stays. Of two policies given at once the one of the higher dot counts; the other is gone with the next change.
struct GroupFacts: Sendable, Hashable {
    /// More facts than that are refused.
    static let limit = 8192

    struct Fact: Sendable, Hashable, Comparable {
        var group: String
        /// Empty for the group itself.
        var camera = ""
        var policy: GroupPolicy?

        static func < (a: Self, b: Self) -> Bool {
            (a.group, a.camera, a.policy.map(Self.order) ?? "") < (b.group, b.camera, b.policy.map(Self.order) ?? "")
        }

        private static func order(_ policy: GroupPolicy) -> String {
            "\(policy.coolDown.components.seconds) \(policy.triggers.sorted()) \(policy.recorders.sorted())"
        }
    }

    private(set) var facts = ObservedRemoveSet<Fact>()

    init() {}

    /// Whether everything that `other` ever saw was seen here.
    func covers(_ other: Self) -> Bool { facts.covers(other.facts) }

    mutating func merge(_ other: Self) { facts.merge(other.facts) }

    /// The groups, sorted by name.
    var groups: [CameraGroup] {
        var byName: [String: CameraGroup] = [:]
        var policies: [String: (policy: GroupPolicy, dot: ObservedRemoveSet<Fact>.Dot)] = [:]
        for (fact, dots) in facts.dots {
            if let policy = fact.policy {
                guard let dot = dots.max() else { continue }
                if let other = policies[fact.group], other.dot > dot { continue }
                policies[fact.group] = (policy, dot)
            } else {
                let name = fact.group
                if !fact.camera.isEmpty {
                    byName[name, default: CameraGroup(name: name, cameras: [])].cameras.insert(fact.camera)
                } else if byName[name] == nil {
                    byName[name] = CameraGroup(name: name, cameras: [])
                }
            }
        }
        return byName.values.sorted { $0.name < $1.name }.map { group in
            var group = group
            if let policy = policies[group.name]?.policy { group.policy = policy }
            return group
        }
    }

    /// Makes the groups what is wanted, in one act.
    ///
    /// - Parameter actor: acts one after another, in one place, and never again after it forgot what it did: a node in one boot.
    mutating func set(_ wanted: [CameraGroup], by actor: Identifier128) {
        var target: Set<Fact> = []
        for group in wanted {
            target.insert(Fact(group: group.name))
            for camera in group.cameras { target.insert(Fact(group: group.name, camera: camera)) }
            if group.policy != GroupPolicy() { target.insert(Fact(group: group.name, policy: group.policy)) }
        }
        let present = Set(facts.elements)
        guard target != present else { return }
        facts.change(adding: target.subtracting(present).sorted(), removing: present.subtracting(target), by: actor)
    }

    // MARK: Stored form

    /// The same bytes for the same set.
    var bytes: [UInt8] {
        var config = GroupsConfig()
        config.facts = facts.elements.map { fact in
            var entry = GroupsConfig.Fact()
            entry.group = fact.group
            entry.camera = fact.camera
            if let policy = fact.policy {
                entry.policy.triggers = policy.triggers.sorted()
                entry.policy.recorders = policy.recorders.sorted()
                entry.policy.coolDownSeconds = UInt32(clamping: policy.coolDown.components.seconds)
            }
            entry.dots = (facts.dots[fact] ?? []).sorted().map { Self.wire($0.actor, $0.counter) }
            return entry
        }
        config.clock = facts.clock.sorted { $0.key < $1.key }.map { Self.wire($0.key, $0.value) }
        return config.wireBytes
    }

    /// `nil` for what is no such set.
    init?(bytes: some Collection<UInt8>) {
        guard let config = GroupsConfig(untrusted: bytes), config.facts.count <= Self.limit, config.clock.count <= Self.limit else { return nil }
        var clock: [Identifier128: UInt64] = [:]
        for entry in config.clock {
            guard let actor = Identifier128(bytes: entry.actor), entry.counter < UInt64.max / 2,
                clock.updateValue(entry.counter, forKey: actor) == nil
            else { return nil }
        }
        var dots: [Fact: Set<ObservedRemoveSet<Fact>.Dot>] = [:]
        for entry in config.facts {
            guard !entry.group.isEmpty, !(entry.hasPolicy && !entry.camera.isEmpty) else { return nil }
            var fact = Fact(group: entry.group, camera: entry.camera)
            if entry.hasPolicy {
                fact.policy = GroupPolicy(
                    triggers: Set(entry.policy.triggers), recorders: Set(entry.policy.recorders),
                    coolDown: min(.seconds(Int64(entry.policy.coolDownSeconds)), GroupPolicy.longestCoolDown))
            }
            var found: Set<ObservedRemoveSet<Fact>.Dot> = []
            for dot in entry.dots {
                guard let actor = Identifier128(bytes: dot.actor) else { return nil }
                found.insert(.init(actor: actor, counter: dot.counter))
            }
            guard dots.updateValue(found, forKey: fact) == nil else { return nil }
        }
        guard let set = ObservedRemoveSet(dots: dots, clock: clock) else { return nil }
        facts = set
    }

    private static func wire(_ actor: Identifier128, _ counter: UInt64) -> GroupsConfig.Dot {
        var dot = GroupsConfig.Dot()
        dot.actor = Data(actor.bytes)
        dot.counter = counter
        return dot
    }
}

extension Identifier128 {
    /// Who writes shared sets: a node in one boot.
    init(writer node: NodeID, boot: UInt32) { self.init(high: node.prefix, low: UInt64(boot)) }
}
