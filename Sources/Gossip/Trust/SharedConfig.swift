import Foundation

/// Configuration that all nodes share, signed by admin keys. Holds verified entries only, and no clock decides anything.
///
/// For most keys the last writer wins, by a Lamport counter and then by hash. The groups are joined instead: a value stands beside
/// others until one comes whose writer had seen them all (siblings, as in Dynamo, DeCandia et al. 2007, §4.4), so nothing that an
/// admin signed on one side of a partition is lost to what another signed on the other. Of more than ``siblingLimit`` beside each
/// other all nodes keep the same: those with the highest counters, of equal ones those with the highest hash.
///
/// Counters are bounded by what the roster knows (``Roster/configCounters``): a key that is in wrong hands signs nothing that stays for ever.
///
/// Nothing is deleted: an emptied value is a value, with a higher counter, and beats the full one of whoever was away. At most
/// ``countLimit`` keys exist, so there is nothing to collect.
package struct SharedConfig: Sendable {
    /// Longer keys are refused.
    static let keyLimit = 64
    /// Larger values are refused: they must pass an exchange together with others.
    static let valueLimit = 256 << 10
    /// What is signed of an entry: its value, and with room for what a later version may add, key, counter and writer.
    static let signedLimit = valueLimit + 512
    /// More keys are refused.
    static let countLimit = 1024
    /// More bytes of values in all are refused: a node keeps them in memory, and writes them as one file.
    static let totalLimit = 16 << 20
    /// More values beside each other are not kept: each needs an admin who wrote while cut off from the others.
    static let siblingLimit = 16

    struct Entry: Sendable {
        let counter: UInt64
        let hash: [UInt8]
        let value: [UInt8]
        let signed: WireSigned
        /// For the key that is joined.
        let facts: GroupFacts?

        init(_ entry: WireConfigEntry, _ signed: WireSigned) {
            counter = entry.counter
            hash = SharedConfig.hash(signed)
            value = Array(entry.value)
            self.signed = signed
            facts = SharedConfig.isJoined(entry.key) ? GroupFacts(bytes: entry.value) : nil
        }

        /// Whether this one stays if only one of two can. Whoever has seen an entry writes a higher counter.
        func goesBefore(_ other: Entry) -> Bool {
            counter != other.counter ? counter > other.counter : other.hash.lexicographicallyPrecedes(hash)
        }
    }

    /// One entry, or several beside each other, sorted by hash.
    private(set) var byKey: [String: [Entry]] = [:]
    /// Over all entries: equal where nothing is missing.
    private(set) var digest: [UInt8] = []
    /// All siblings joined; `nil` while nobody has set groups.
    private(set) var groupFacts: GroupFacts?
    /// Bytes of all values.
    private var size = 0

    /// By key; siblings joined.
    package var values: [String: [UInt8]] {
        var values = byKey.compactMapValues { $0.first?.value }
        if let groupFacts { values[SharedConfigKey.groups] = groupFacts.bytes }
        return values
    }

    package init() {}

    /// Sorted by key.
    var entries: [WireSigned] { byKey.sorted { $0.key < $1.key }.flatMap { $0.value.map(\.signed) } }

    static func isJoined(_ key: String) -> Bool { key == SharedConfigKey.groups }

    /// The signed body of a new value: its counter is higher than any that this node has seen for the key.
    ///
    /// - Parameter least: it is higher than this, too. Default 0.
    func next(_ key: String, _ value: [UInt8], adminKey: [UInt8], least: UInt64 = 0) -> [UInt8] {
        var entry = WireConfigEntry()
        entry.key = key
        let (counter, overflow) = max(byKey[key]?.map(\.counter).max() ?? 0, least).addingReportingOverflow(1)
        entry.counter = overflow ? .max : counter
        entry.value = Data(value)
        entry.adminKey = Data(adminKey)
        return entry.wireBytes
    }

    /// The value that makes the groups what is wanted and covers all that this node has seen of them.
    func groups(_ wanted: [CameraGroup], by actor: Identifier128) -> [UInt8] {
        var facts = groupFacts ?? GroupFacts()
        facts.set(wanted, by: actor)
        return facts.bytes
    }

    /// Whether its counter is one that only a later roster allows: whoever wrote it knows of the end of a key, or of a root, that is not known here.
    static func isEarly(_ signed: WireSigned, roster: Roster) -> Bool {
        WireConfigEntry(untrusted: signed.body).map { $0.counter >= roster.configCounters.upperBound } ?? false
    }

    /// Whether this entry is here; of one that is joined with others, whether all that it says is.
    func holds(_ signed: WireSigned) -> Bool {
        guard let entry = WireConfigEntry(untrusted: signed.body) else { return false }
        if Self.isJoined(entry.key) { return GroupFacts(bytes: entry.value).map { groupFacts?.covers($0) ?? false } ?? false }
        let hash = Self.hash(signed)
        return byKey[entry.key]?.contains { $0.hash == hash } ?? false
    }

    /// Whether the entry is signed by a key that the roster certifies.
    static func verify(_ signed: WireSigned, roster: Roster) -> Bool {
        guard signed.isBare(bodyLimit: signedLimit), let entry = WireConfigEntry(untrusted: signed.body), entry.value.count <= valueLimit,
            entry.key.utf8.count <= keyLimit, signed.signer == entry.adminKey, roster.isAdmin(Array(entry.adminKey)), entry.counter < roster.configCounters.upperBound,
            SigningKey.verify(
                Array(signed.signature), of: Array(signed.body), domain: .config, mesh: roster.meshID, publicKey: Array(entry.adminKey))
        else { return false }
        return !isJoined(entry.key) || GroupFacts(bytes: entry.value) != nil
    }

    /// Whether that entry may change what is here. Cheap, because nothing of it is verified yet: what joined values mean is looked at later.
    func mayBeNews(_ signed: WireSigned) -> Bool {
        guard let entry = WireConfigEntry(untrusted: signed.body) else { return false }
        guard Self.isJoined(entry.key), let old = byKey[entry.key] else { return isNews(entry, signed) }
        let hash = Self.hash(signed)
        return !old.contains { $0.hash == hash }
    }

    /// Whether that entry would change what is here.
    func isNews(_ signed: WireSigned) -> Bool { WireConfigEntry(untrusted: signed.body).map { isNews($0, signed) } ?? false }

    private func isNews(_ entry: WireConfigEntry, _ signed: WireSigned) -> Bool {
        guard hasRoom(for: entry.key, entry.value.count) else { return false }
        guard let old = byKey[entry.key], let first = old.first else { return true }
        if Self.isJoined(entry.key) { return Self.siblings(old, and: Entry(entry, signed)) != nil }
        let hash = Self.hash(signed)
        if entry.counter != first.counter { return entry.counter > first.counter }
        return first.hash.lexicographicallyPrecedes(hash)
    }

    private func hasRoom(for key: String, _ count: Int) -> Bool {
        guard let old = byKey[key] else { return byKey.count < Self.countLimit && size + count <= Self.totalLimit }
        return size - (Self.isJoined(key) ? 0 : Self.size(of: old)) + count <= Self.totalLimit
    }

    private static func size(of entries: [Entry]) -> Int { entries.reduce(0) { $0 + $1.value.count } }

    /// - Throws: with the cure, when there is no room for a value.
    func checkRoom(for key: String, _ value: [UInt8]) throws(TrustError) {
        guard hasRoom(for: key, value.count) else {
            throw TrustError(
                operation: "change the shared setting '\(key.prefix(Self.keyLimit))'", reason: "there are more or larger settings than a mesh may have",
                cure: "Remove or shorten others first.")
        }
    }

    /// Takes a verified entry. Answers its key if it is newer than what was there.
    @discardableResult
    mutating func accept(_ signed: WireSigned) -> String? {
        guard let entry = WireConfigEntry(untrusted: signed.body), isNews(entry, signed) else { return nil }
        let new = Entry(entry, signed)
        if new.facts != nil {
            guard let siblings = Self.siblings(byKey[entry.key] ?? [], and: new) else { return nil }
            byKey[entry.key] = siblings
            groupFacts = byKey[entry.key]?.compactMap(\.facts).reduce(into: GroupFacts()) { $0.merge($1) }
        } else {
            byKey[entry.key] = [new]
        }
        counted()
        return entry.key
    }

    /// Forgets what was signed by keys that may not sign any more. Answers the keys of which something went.
    mutating func retain(where isAdmin: ([UInt8]) -> Bool) -> [String] {
        var changed: [String] = []
        for (key, entries) in byKey {
            let left = entries.filter { WireConfigEntry(untrusted: $0.signed.body).map { isAdmin(Array($0.adminKey)) } ?? false }
            guard left.count < entries.count else { continue }
            byKey[key] = left.isEmpty ? nil : left
            changed.append(key)
        }
        guard !changed.isEmpty else { return [] }
        let groups = byKey[SharedConfigKey.groups]?.compactMap(\.facts)
        groupFacts = groups?.reduce(into: GroupFacts()) { $0.merge($1) }
        counted()
        return changed.sorted()
    }

    private mutating func counted() {
        digest = Self.digest(of: byKey)
        size = byKey.values.reduce(0) { $0 + Self.size(of: $1) }
    }

    private static func digest(of byKey: [String: [Entry]]) -> [UInt8] {
        byKey.isEmpty ? [] : blake2b(byKey.sorted { $0.key < $1.key }.flatMap { $0.value.flatMap(\.hash) }, length: 16)
    }

    /// What stands beside each other when `new` comes to `old`, sorted by hash; `nil` if that is the same as before.
    ///
    /// Whatever comes in whatever order, nodes that tell each other what they have come to hold the same: first the newcomer's predecessors
    /// go, then the last of the rest if there are too many. An entry that goes in the second way may come again when there is room, from
    /// whoever still has it.
    private static func siblings(_ old: [Entry], and new: Entry) -> [Entry]? {
        guard let facts = new.facts, !old.contains(where: { $0.hash == new.hash }) else { return nil }
        // A value that covers the same acts and differs can only come from a writer who forgot; the hash decides, everywhere alike.
        let isOld = old.contains { $0.facts?.covers(facts) == true && (!facts.covers($0) || new.hash.lexicographicallyPrecedes($0.hash)) }
        guard !isOld else { return nil }
        let left = (old.filter { !facts.covers($0) } + [new]).sorted { $1.goesBefore($0) }.suffix(siblingLimit)
        guard left.contains(where: { $0.hash == new.hash }) else { return nil }
        return left.sorted { $0.hash.lexicographicallyPrecedes($1.hash) }
    }

    static func hash(_ signed: WireSigned) -> [UInt8] { blake2b(Array(signed.body), length: 16) }

    /// - Throws: with the cure, when a value cannot be set.
    static func check(_ key: String, _ value: [UInt8], _ adminKey: [UInt8], _ roster: Roster) throws(TrustError) {
        let operation = "change the shared setting '\(key.prefix(keyLimit))'"
        guard !key.isEmpty, key.utf8.count <= keyLimit else {
            throw TrustError(operation: operation, reason: "its key is empty or too long", cure: "Use 1 to \(keyLimit) bytes.")
        }
        guard value.count <= valueLimit else {
            throw TrustError(operation: operation, reason: "its value has \(value.count) bytes", cure: "Keep it under \(valueLimit) bytes.")
        }
        try check(adminKey, roster, operation: operation)
    }

    /// - Throws: with the cure, where somebody used up the counters, so that no value can take the present one's place.
    static func check(counterOf body: [UInt8], _ roster: Roster) throws(TrustError) {
        guard let entry = WireConfigEntry(untrusted: body), entry.counter < roster.configCounters.upperBound else {
            throw TrustError(
                operation: "change the shared settings", reason: "somebody has signed a value that no other can take the place of",
                cure: "An admin's key is in wrong hands: give each admin a new password. The keys of the old ones end, and so does that value.")
        }
    }

    /// - Throws: with the cure, for a key that may not sign.
    static func check(_ adminKey: [UInt8], _ roster: Roster, operation: String = "change the shared settings") throws(TrustError) {
        guard roster.isAdmin(adminKey) else {
            throw TrustError(
                operation: operation, reason: "this admin key is not certified by the mesh's root, or not any more", cure: "Sign in again as an admin of this mesh.")
        }
    }
}

extension GroupFacts {
    fileprivate func covers(_ entry: SharedConfig.Entry) -> Bool { entry.facts.map { covers($0) } ?? true }
}
