import Foundation

/// Configuration that all nodes share: for each key the last writer wins, decided by a Lamport counter and then by hash, never
/// by a clock. Holds verified entries only.
package struct SharedConfig: Sendable {
    /// Longer keys are refused.
    static let keyLimit = 64
    /// Larger values are refused: they must pass an exchange together with others.
    static let valueLimit = 256 << 10
    /// More keys are refused.
    static let countLimit = 1024

    struct Entry: Sendable {
        let counter: UInt64
        let hash: [UInt8]
        let value: [UInt8]
        let signed: WireSigned
    }

    private(set) var byKey: [String: Entry] = [:]
    /// Over all entries: equal where nothing is missing.
    private(set) var digest: [UInt8] = []

    package init() {}

    package var values: [String: [UInt8]] { byKey.mapValues(\.value) }
    /// Sorted by key.
    var entries: [WireSigned] { byKey.sorted { $0.key < $1.key }.map(\.value.signed) }

    /// The signed body of a new value: its counter is higher than any that this node has seen for the key.
    func next(_ key: String, _ value: [UInt8], adminKey: [UInt8]) -> [UInt8] {
        var entry = WireConfigEntry()
        entry.key = key
        let (counter, overflow) = (byKey[key]?.counter ?? 0).addingReportingOverflow(1)
        entry.counter = overflow ? .max : counter
        entry.value = Data(value)
        entry.adminKey = Data(adminKey)
        return entry.wireBytes
    }

    /// Whether the entry is signed by a key that the roster certifies.
    static func verify(_ signed: WireSigned, roster: Roster) -> Bool {
        guard let entry = WireConfigEntry(untrusted: signed.body), entry.value.count <= valueLimit, entry.key.utf8.count <= keyLimit,
            roster.isAdmin(Array(entry.adminKey))
        else { return false }
        return SigningKey.verify(
            Array(signed.signature), of: Array(signed.body), domain: .config, mesh: roster.meshID, publicKey: Array(entry.adminKey))
    }

    /// Whether that entry would replace what is here. Cheap: ask before verifying.
    func isNews(_ signed: WireSigned) -> Bool {
        guard let entry = WireConfigEntry(untrusted: signed.body) else { return false }
        guard let old = byKey[entry.key] else { return byKey.count < Self.countLimit }
        if entry.counter != old.counter { return entry.counter > old.counter }
        return old.hash.lexicographicallyPrecedes(Self.hash(signed))
    }

    /// Takes a verified entry. Answers its key if it is newer than what was there.
    @discardableResult
    mutating func accept(_ signed: WireSigned) -> String? {
        guard isNews(signed), let entry = WireConfigEntry(untrusted: signed.body) else { return nil }
        byKey[entry.key] = Entry(counter: entry.counter, hash: Self.hash(signed), value: Array(entry.value), signed: signed)
        digest = blake2b(byKey.sorted { $0.key < $1.key }.flatMap { $0.value.hash }, length: 16)
        return entry.key
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
        guard roster.isAdmin(adminKey) else {
            throw TrustError(
                operation: operation, reason: "this admin key is not certified by the mesh's root", cure: "Sign in as an admin of this mesh.")
        }
    }
}
