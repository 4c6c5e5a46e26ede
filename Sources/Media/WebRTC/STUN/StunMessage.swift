/// A STUN message (RFC 8489 §5) as a value.
struct StunMessage: Sendable, Hashable {
    /// What the two class bits say.
    enum Class: UInt16, Sendable, Hashable {
        case request = 0
        case indication = 1
        case success = 2
        case failure = 3
    }

    /// The Binding method (§18.2), the only one of ICE.
    static let binding: UInt16 = 0x001
    static let magicCookie: UInt32 = 0x2112_a442
    static let headerBytes = 20
    /// Longer messages are not read: ICE fits one datagram many times over.
    static let limitBytes = 1500
    static let attributeLimit = 32

    var messageClass: Class
    /// 12 bits.
    var method: UInt16
    var transactionID: StunTransactionID
    /// In order, without MESSAGE-INTEGRITY and FINGERPRINT: those belong to bytes, not to meaning.
    var attributes: [StunAttribute]
    /// Types below 0x8000 that were not understood: a request that has some must be refused with 420 (§6.3.1).
    private(set) var unknownRequired: [UInt16] = []

    init(_ messageClass: Class, method: UInt16 = binding, transactionID: StunTransactionID, attributes: [StunAttribute] = []) {
        self.messageClass = messageClass
        self.method = method
        self.transactionID = transactionID
        self.attributes = attributes
    }

    /// Whether `bytes` can be STUN: two zero bits, the cookie, a length that is whole words and right (§6.3).
    static func isPlausible(_ bytes: ArraySlice<UInt8>) -> Bool {
        var reader = ByteReader(bytes)
        guard bytes.count >= headerBytes, bytes.count <= limitBytes, let type = reader.readUInt16(), type & 0xc000 == 0,
            let length = reader.readUInt16(), length % 4 == 0, Int(length) == bytes.count - headerBytes
        else { return false }
        return reader.readUInt32() == magicCookie
    }

    /// Reads a message. A FINGERPRINT must be right if there is one; MESSAGE-INTEGRITY is checked apart (``StunIntegrity``), as it
    /// needs a key. What follows MESSAGE-INTEGRITY is not protected and not heeded (§14.5).
    init(_ bytes: ArraySlice<UInt8>) throws(StunError) {
        guard Self.isPlausible(bytes) else { throw .notSTUN }
        var reader = ByteReader(bytes)
        guard let type = reader.readUInt16(), reader.readUInt16() != nil, reader.readUInt32() != nil,
            let first = reader.readUInt32(), let second = reader.readUInt64()
        else { throw .notSTUN }
        transactionID = StunTransactionID(first: first, second: second)
        // The class bits stand at places 4 and 8, between those of the method (figure 3).
        messageClass = Class(rawValue: (type & 0x10) >> 4 | (type & 0x100) >> 7) ?? .request
        method = type & 0x0f | (type & 0xe0) >> 1 | (type & 0x3e00) >> 2
        attributes = []
        var isProtected = false
        var seen = 0
        while reader.remaining > 0 {
            let offset = bytes.count - reader.remaining
            seen += 1
            guard seen <= Self.attributeLimit else { throw .malformed("too many attributes") }
            guard let kind = reader.readUInt16(), let length = reader.readUInt16(), let value = reader.read(Int(length)),
                reader.read((4 - Int(length) % 4) % 4) != nil
            else { throw .malformed("an attribute is longer than the message") }
            switch kind {
            case StunAttribute.Kind.fingerprint:
                guard StunFingerprint.isRight(value, over: bytes.prefix(offset)), reader.remaining == 0 else { throw .wrongFingerprint }
            case _ where isProtected:
                continue
            case StunAttribute.Kind.messageIntegrity:
                isProtected = true
            default:
                switch try StunAttribute.read(kind, value, transactionID: transactionID) {
                case let attribute?: attributes.append(attribute)
                case nil: if kind < 0x8000 { unknownRequired.append(kind) }
                }
            }
        }
    }

    /// The message's bytes, ending with FINGERPRINT (§14.7).
    /// - Parameter key: For MESSAGE-INTEGRITY; nil leaves it out.
    func bytes(key: [UInt8]?, hasFingerprint: Bool = true) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(160)
        let kind = messageClass.rawValue
        bytes.append(bigEndian: (kind & 1) << 4 | (kind & 2) << 7 | method & 0x0f | (method & 0x70) << 1 | (method & 0xf80) << 2)
        bytes.append(bigEndian: UInt16(0))
        bytes.append(bigEndian: Self.magicCookie)
        bytes.append(bigEndian: transactionID.first)
        bytes.append(bigEndian: transactionID.second)
        for attribute in attributes { attribute.write(to: &bytes, transactionID: transactionID) }
        if let key { StunIntegrity.append(to: &bytes, key: key) }
        if hasFingerprint { StunFingerprint.append(to: &bytes) }
        bytes.set(bigEndian: UInt16(truncatingIfNeeded: bytes.count - Self.headerBytes), at: 2)
        return bytes
    }
}

/// 96 random bits that tie a response to its request (RFC 8489 §6).
struct StunTransactionID: Sendable, Hashable {
    var first: UInt32
    var second: UInt64

    init(first: UInt32, second: UInt64) {
        self.first = first
        self.second = second
    }

    init(using random: inout some RandomNumberGenerator) {
        first = .random(in: 0 ... .max, using: &random)
        second = .random(in: 0 ... .max, using: &random)
    }
}

/// Why bytes are not a STUN message to heed.
enum StunError: Error, Sendable, Hashable {
    case notSTUN
    /// What contradicts itself.
    case malformed(String)
    case wrongFingerprint
}
