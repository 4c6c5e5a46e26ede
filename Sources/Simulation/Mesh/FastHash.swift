/// A hash of 64 bits that is quick and the same in every process. No defence against anybody.
package struct FastHash: Sendable, Hashable {
    package private(set) var value: UInt64

    package init(_ seed: UInt64 = 0) { value = seed ^ 0x9e37_79b9_7f4a_7c15 }

    package mutating func add(_ word: UInt64) {
        let (high, low) = (value ^ word).multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
        value = high ^ low &+ 0x2545_f491_4f6c_dd1d
    }

    package mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

    /// Eight at a time.
    package mutating func add(_ buffer: UnsafeRawBufferPointer) {
        var offset = 0
        while offset + 8 <= buffer.count {
            add(buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian)
            offset += 8
        }
        var last = UInt64(buffer.count) << 56
        for index in offset..<buffer.count { last ^= UInt64(buffer[index]) << (8 * UInt64(index - offset)) }
        add(last)
    }
}
