/// Breaks bytes the way networks and enemies do: flipped bits, cut and lengthened packets, numbers at their ends, pieces moved about.
struct ByteMutator {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(state: seed)
    }

    /// Seeds that once found something, or stand for a run of every kind of fault; tried before a fresh one.
    static let corpus: [UInt64] = [0, 1, 2, 42, 0xdead_beef, 3_721_098_621_731_522_016, 7_151_685_935_542_295_253, .max]

    /// The committed seeds and one that nobody has seen yet.
    static var seeds: [UInt64] { corpus + [UInt64.random(in: 0 ... .max)] }

    mutating func mutate(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &generator) { bytes = once(bytes) }
        return bytes
    }

    private mutating func once(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        guard !bytes.isEmpty else { return noise(8) }
        let place = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: bytes[place] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &generator) ?? 0
        case 2: bytes.removeLast(bytes.count - place)
        case 3: bytes.insert(contentsOf: noise(16), at: place)
        case 4: bytes.removeSubrange(place..<min(bytes.count, place + 4))
        case 5: bytes += bytes[place...]
        case 6:
            bytes[place] = 0xff
            if place + 1 < bytes.count { bytes[place + 1] = 0xff }
        default: bytes.replaceSubrange(place..<min(bytes.count, place + 8), with: noise(8))
        }
        return bytes
    }

    private mutating func noise(_ limit: Int) -> [UInt8] {
        (0..<Int.random(in: 1...limit, using: &generator)).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
    }
}

extension [UInt8] {
    /// Bytes from hexadecimal digits; blanks and line ends between them are skipped.
    init(hex: String) {
        let digits = hex.compactMap(\.hexDigitValue)
        self = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
