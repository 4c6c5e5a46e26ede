internal import Crypto

/// MESSAGE-INTEGRITY: HMAC-SHA1 over all that precedes it (RFC 8489 §14.5). With ICE the key is the password as it stands (§9.1.1).
enum StunIntegrity {
    private static let tagBytes = 20

    /// Appends the attribute to a message that has its header and attributes.
    static func append(to bytes: inout [UInt8], key: [UInt8]) {
        let tag = tag(bytes[...], key: key)
        StunAttribute.append(StunAttribute.Kind.messageIntegrity, tag, to: &bytes)
    }

    /// Whether `message` carries the attribute and whoever wrote it had `key`. The comparison takes as long for a wrong tag as for a right one.
    static func isRight(in message: ArraySlice<UInt8>, key: [UInt8]) -> Bool {
        guard let (offset, value) = find(in: message) else { return false }
        return HMAC<Insecure.SHA1>.isValidAuthenticationCode(
            value, authenticating: covered(message.prefix(offset)), using: SymmetricKey(data: key))
    }

    /// Whether `message` carries the attribute at all.
    static func isPresent(in message: ArraySlice<UInt8>) -> Bool { find(in: message) != nil }

    private static func find(in message: ArraySlice<UInt8>) -> (offset: Int, value: ArraySlice<UInt8>)? {
        guard StunMessage.isPlausible(message) else { return nil }
        var reader = ByteReader(message.dropFirst(StunMessage.headerBytes))
        while reader.remaining > 0 {
            let offset = message.count - reader.remaining
            guard let kind = reader.readUInt16(), let length = reader.readUInt16(), let value = reader.read(Int(length)),
                reader.read((4 - Int(length) % 4) % 4) != nil
            else { return nil }
            if kind == StunAttribute.Kind.messageIntegrity { return (offset, value) }
        }
        return nil
    }

    private static func tag(_ bytes: ArraySlice<UInt8>, key: [UInt8]) -> [UInt8] {
        Array(HMAC<Insecure.SHA1>.authenticationCode(for: covered(bytes), using: SymmetricKey(data: key)))
    }

    /// What is covered, with the length that the message had if it ended with this attribute.
    private static func covered(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var covered = Array(bytes)
        covered.set(bigEndian: UInt16(truncatingIfNeeded: covered.count - StunMessage.headerBytes + 4 + tagBytes), at: 2)
        return covered
    }
}
