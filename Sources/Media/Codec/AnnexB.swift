import Glibc

/// The byte stream format of H.264 (ITU-T H.264, annex B): finding NAL units and the parameter sets among them. Total on any input.
enum AnnexB {
    /// NAL unit types (table 7-1) this room looks at.
    enum UnitType {
        static let slice: UInt8 = 1
        static let idrSlice: UInt8 = 5
        static let sequenceParameterSet: UInt8 = 7
        static let pictureParameterSet: UInt8 = 8
    }

    /// The ranges of the NAL units in `bytes`, without start codes and without zeros that trail them. Stops after `limit` units.
    static func units(in bytes: UnsafeRawBufferPointer, limit: Int = .max) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var begin: Int?
        var index = 0
        // A start code is 00 00 01, and of all bytes of a picture few are 1.
        while let one = firstOne(in: bytes, from: index) {
            index = one + 1
            guard one >= 2, bytes[one - 1] == 0, bytes[one - 2] == 0 else { continue }
            if let begin {
                append(begin, one - 2, in: bytes, to: &ranges)
                if ranges.count >= limit { return ranges }
            }
            begin = index
        }
        if let begin { append(begin, bytes.count, in: bytes, to: &ranges) }
        return ranges
    }

    private static func firstOne(in bytes: UnsafeRawBufferPointer, from index: Int) -> Int? {
        guard index < bytes.count, let base = bytes.baseAddress, let found = memchr(base + index, 1, bytes.count - index) else { return nil }
        return UnsafeRawPointer(found) - base
    }

    private static func append(_ begin: Int, _ end: Int, in bytes: UnsafeRawBufferPointer, to ranges: inout [Range<Int>]) {
        var end = end
        while end > begin, bytes[end - 1] == 0 { end -= 1 }
        if end > begin { ranges.append(begin..<end) }
    }

    /// The type of the NAL unit in `range`.
    static func type(of range: Range<Int>, in bytes: UnsafeRawBufferPointer) -> UInt8 {
        bytes[range.lowerBound] & 0x1f
    }
}

/// The SPS and PPS of an H.264 stream, as an Annex B byte stream.
struct ParameterSets: Sendable, Hashable {
    private(set) var sequence: [UInt8] = []
    private(set) var picture: [UInt8] = []

    /// Both, each after a four-byte start code; nil while one is missing.
    var annexB: [UInt8]? {
        sequence.isEmpty || picture.isEmpty ? nil : sequence + picture
    }

    /// Takes the parameter sets that `bytes` holds, and answers whether it held both.
    mutating func update(from bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { update(from: $0) }
    }

    mutating func update(from bytes: UnsafeRawBufferPointer) -> Bool {
        var foundSequence: [UInt8] = []
        var foundPicture: [UInt8] = []
        // Parameter sets stand in front of the picture: a handful of units is enough to look at.
        for range in AnnexB.units(in: bytes, limit: 16) {
            switch AnnexB.type(of: range, in: bytes) {
            case AnnexB.UnitType.sequenceParameterSet: foundSequence += [0, 0, 0, 1] + bytes[range]
            case AnnexB.UnitType.pictureParameterSet: foundPicture += [0, 0, 0, 1] + bytes[range]
            default: continue
            }
        }
        if !foundSequence.isEmpty { sequence = foundSequence }
        if !foundPicture.isEmpty { picture = foundPicture }
        return !foundSequence.isEmpty && !foundPicture.isEmpty
    }

    /// `keyFrame` with parameter sets in front: its own, or the last ones seen.
    mutating func completing(keyFrame: [UInt8]) -> [UInt8] {
        if update(from: keyFrame) { return keyFrame }
        return (annexB ?? []) + keyFrame
    }
}
