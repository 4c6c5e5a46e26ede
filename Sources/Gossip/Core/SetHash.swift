/// The hash of a set whose elements come and go: the sum of their hashes. Changing one element costs the same in a set of ten and of
/// a thousand, and the order of changes does not matter.
///
/// After AdHash (Bellare, Micciancio 1997) with a short sum: it tells whether two honest nodes differ. It is no defence against a
/// member who forges elements to hide a difference; such a member can as well keep silent.
struct SetHash: Sendable, Hashable {
    private var high: UInt64 = 0
    private var low: UInt64 = 0

    /// - Parameter hash: sixteen bytes.
    mutating func add(_ hash: [UInt8]) {
        guard let value = Identifier128(bytes: hash) else { return }
        high &+= value.high
        low &+= value.low
    }

    mutating func remove(_ hash: [UInt8]) {
        guard let value = Identifier128(bytes: hash) else { return }
        high &-= value.high
        low &-= value.low
    }

    /// Sixteen bytes.
    var bytes: [UInt8] { high.bigEndianBytes + low.bigEndianBytes }
}
