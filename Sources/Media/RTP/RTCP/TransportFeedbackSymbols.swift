/// The packet chunks of transport-wide feedback: which packets came, and how wide their deltas are
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.1 to §3.1.4).
enum TransportFeedbackSymbols {
    enum Symbol: UInt16, Sendable, Hashable {
        case notReceived = 0
        case smallDelta = 1
        case largeDelta = 2
    }

    private static let runLimit = 0x1fff

    /// Reads chunks until they account for `count` packets; nil if there are too few, or one uses the reserved symbol for a packet that counts.
    static func read(_ count: Int, from reader: inout ByteReader) -> [Symbol]? {
        var symbols: [Symbol] = []
        symbols.reserveCapacity(count)
        while symbols.count < count {
            guard let chunk = reader.readUInt16() else { return nil }
            let missing = count - symbols.count
            if chunk & 0x8000 == 0 {
                // Run length: one symbol, and how often.
                guard let symbol = Symbol(rawValue: chunk >> 13 & 3) else { return nil }
                let run = Int(chunk) & runLimit
                if run == 0 { return nil }
                symbols += repeatElement(symbol, count: min(run, missing))
            } else if chunk & 0x4000 == 0 {
                // Fourteen symbols of one bit.
                for place in 0..<min(14, missing) { symbols.append(chunk >> UInt16(13 - place) & 1 == 0 ? .notReceived : .smallDelta) }
            } else {
                // Seven symbols of two bits.
                for place in 0..<min(7, missing) {
                    guard let symbol = Symbol(rawValue: chunk >> UInt16(12 - 2 * place) & 3) else { return nil }
                    symbols.append(symbol)
                }
            }
        }
        return symbols
    }

    /// Appends `symbols` as runs where seven or more are equal, otherwise as vectors.
    static func write(_ symbols: [Symbol], to bytes: inout [UInt8]) {
        var rest = symbols[...]
        while let first = rest.first {
            let run = rest.prefix { $0 == first }.count
            if run >= 7 || run == rest.count {
                let length = min(run, runLimit)
                bytes.append(bigEndian: first.rawValue << 13 | UInt16(length))
                rest = rest.dropFirst(length)
            } else if rest.prefix(14).contains(.largeDelta) {
                var chunk: UInt16 = 0xc000
                for (place, symbol) in rest.prefix(7).enumerated() { chunk |= symbol.rawValue << UInt16(12 - 2 * place) }
                bytes.append(bigEndian: chunk)
                rest = rest.dropFirst(7)
            } else {
                var chunk: UInt16 = 0x8000
                for (place, symbol) in rest.prefix(14).enumerated() { chunk |= symbol.rawValue << UInt16(13 - place) }
                bytes.append(bigEndian: chunk)
                rest = rest.dropFirst(14)
            }
        }
    }
}
