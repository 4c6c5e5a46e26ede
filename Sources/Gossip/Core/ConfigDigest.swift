/// What a member says that it has of the shared configuration. Whatever it names, it costs one look at each entry: of a key whose last
/// writer wins only the newest counts, of joined keys all hashes do.
struct ConfigDigest: Sendable {
    private var newest: [String: (counter: UInt64, hash: [UInt8])] = [:]
    private var joined: Set<[UInt8]> = []

    init(_ entries: [WireDigest.Config]) {
        for entry in entries {
            let hash = Array(entry.hash)
            if SharedConfig.isJoined(entry.key) {
                joined.insert(hash)
            } else if newest[entry.key].map({ Self.isOlder($0, (entry.counter, hash)) }) ?? true {
                newest[entry.key] = (entry.counter, hash)
            }
        }
    }

    /// Whether that member needs no telling of an entry.
    func has(counter: UInt64, hash: [UInt8], of key: String) -> Bool {
        if SharedConfig.isJoined(key) { return joined.contains(hash) }
        return newest[key].map { !Self.isOlder($0, (counter, hash)) } ?? false
    }

    private static func isOlder(_ a: (counter: UInt64, hash: [UInt8]), _ b: (counter: UInt64, hash: [UInt8])) -> Bool {
        a.counter != b.counter ? a.counter < b.counter : a.hash.lexicographicallyPrecedes(b.hash)
    }
}
