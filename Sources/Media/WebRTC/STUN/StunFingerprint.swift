/// FINGERPRINT: tells STUN from whatever else comes to the same port (RFC 8489 §14.7).
enum StunFingerprint {
    /// "STUN" in ASCII, so that a protocol that ends with a CRC of its own is not taken for STUN.
    private static let mask: UInt32 = 0x5354_554e
    private static let attributeBytes = 8

    /// Appends the attribute to a message that is otherwise complete.
    static func append(to bytes: inout [UInt8]) {
        bytes.set(bigEndian: UInt16(truncatingIfNeeded: bytes.count - StunMessage.headerBytes + attributeBytes), at: 2)
        var value: [UInt8] = []
        value.append(bigEndian: CRC32.checksum(bytes[...]) ^ mask)
        StunAttribute.append(StunAttribute.Kind.fingerprint, value, to: &bytes)
    }

    /// Whether `value` is the fingerprint of the bytes before the attribute.
    static func isRight(_ value: ArraySlice<UInt8>, over bytes: ArraySlice<UInt8>) -> Bool {
        var reader = ByteReader(value)
        guard value.count == 4, let fingerprint = reader.readUInt32() else { return false }
        return fingerprint == CRC32.checksum(bytes) ^ mask
    }
}

/// The checksum of ITU-T V.42 §8.1.1.6.2, polynomial 0x04c11db7 read from its low end.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { rest, _ in rest & 1 == 0 ? rest >> 1 : rest >> 1 ^ 0xedb8_8320 }
    }

    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(UInt32.max) { rest, byte in rest >> 8 ^ table[Int(UInt8(truncatingIfNeeded: rest) ^ byte)] }
    }
}
