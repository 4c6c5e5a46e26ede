/// What a STUN message can carry, as far as ICE needs it (RFC 8489 §14, RFC 8445 §16.1).
enum StunAttribute: Sendable, Hashable {
    /// MAPPED-ADDRESS: from servers older than the cookie; routers may have rewritten it.
    case mappedAddress(TransportAddress)
    case xorMappedAddress(TransportAddress)
    case username(String)
    case errorCode(Int, reason: String)
    case unknownAttributes([UInt16])
    case software(String)
    /// PRIORITY: what a candidate learnt by this check would have.
    case priority(UInt32)
    /// USE-CANDIDATE: the controlling side nominates this pair.
    case useCandidate
    /// With the sender's tie-breaker.
    case iceControlled(UInt64)
    case iceControlling(UInt64)

    /// Attribute types (RFC 8489 §18.3, RFC 8445 §20.1).
    enum Kind {
        static let mappedAddress: UInt16 = 0x0001
        static let username: UInt16 = 0x0006
        static let messageIntegrity: UInt16 = 0x0008
        static let errorCode: UInt16 = 0x0009
        static let unknownAttributes: UInt16 = 0x000a
        static let xorMappedAddress: UInt16 = 0x0020
        static let priority: UInt16 = 0x0024
        static let useCandidate: UInt16 = 0x0025
        static let software: UInt16 = 0x8022
        static let fingerprint: UInt16 = 0x8028
        static let iceControlled: UInt16 = 0x8029
        static let iceControlling: UInt16 = 0x802a
    }

    /// USERNAME has at most 508 bytes (§14.3), the texts for people at most 763 (§14.8, §14.14).
    private static let usernameLimit = 508
    private static let textLimit = 763

    /// nil for a type that is unknown.
    static func read(
        _ kind: UInt16, _ value: ArraySlice<UInt8>, transactionID: StunTransactionID
    ) throws(StunError) -> StunAttribute? {
        var reader = ByteReader(value)
        switch kind {
        case Kind.mappedAddress:
            return .mappedAddress(try address(value, mask: nil))
        case Kind.xorMappedAddress:
            return .xorMappedAddress(try address(value, mask: transactionID))
        case Kind.username:
            guard value.count <= usernameLimit else { throw .malformed("USERNAME is too long") }
            return .username(String(decoding: value, as: UTF8.self))
        case Kind.errorCode:
            guard reader.readUInt16() != nil, let hundreds = reader.readUInt8(), let rest = reader.readUInt8(), reader.remaining <= textLimit,
                (3...6).contains(hundreds & 7), rest < 100
            else { throw .malformed("ERROR-CODE") }
            return .errorCode(Int(hundreds & 7) * 100 + Int(rest), reason: String(decoding: reader.readRest(), as: UTF8.self))
        case Kind.unknownAttributes:
            var kinds: [UInt16] = []
            while let kind = reader.readUInt16() { kinds.append(kind) }
            return .unknownAttributes(kinds)
        case Kind.software:
            guard value.count <= textLimit else { throw .malformed("SOFTWARE is too long") }
            return .software(String(decoding: value, as: UTF8.self))
        case Kind.priority:
            guard value.count == 4, let priority = reader.readUInt32() else { throw .malformed("PRIORITY") }
            return .priority(priority)
        case Kind.useCandidate:
            return .useCandidate
        case Kind.iceControlled, Kind.iceControlling:
            guard value.count == 8, let tieBreaker = reader.readUInt64() else { throw .malformed("the tie-breaker") }
            return kind == Kind.iceControlled ? .iceControlled(tieBreaker) : .iceControlling(tieBreaker)
        default:
            return nil
        }
    }

    func write(to bytes: inout [UInt8], transactionID: StunTransactionID) {
        switch self {
        case .mappedAddress(let address):
            Self.append(Kind.mappedAddress, Self.value(of: address, mask: nil), to: &bytes)
        case .xorMappedAddress(let address):
            Self.append(Kind.xorMappedAddress, Self.value(of: address, mask: transactionID), to: &bytes)
        case .username(let name):
            Self.append(Kind.username, Array(name.utf8.prefix(Self.usernameLimit)), to: &bytes)
        case .errorCode(let code, let reason):
            let number = [0, 0, UInt8(clamping: code / 100) & 7, UInt8(clamping: code % 100)]
            Self.append(Kind.errorCode, number + Array(reason.utf8.prefix(Self.textLimit)), to: &bytes)
        case .unknownAttributes(let kinds):
            var value: [UInt8] = []
            for kind in kinds { value.append(bigEndian: kind) }
            Self.append(Kind.unknownAttributes, value, to: &bytes)
        case .software(let name):
            Self.append(Kind.software, Array(name.utf8.prefix(Self.textLimit)), to: &bytes)
        case .priority(let priority):
            var value: [UInt8] = []
            value.append(bigEndian: priority)
            Self.append(Kind.priority, value, to: &bytes)
        case .useCandidate:
            Self.append(Kind.useCandidate, [], to: &bytes)
        case .iceControlled(let tieBreaker):
            var value: [UInt8] = []
            value.append(bigEndian: tieBreaker)
            Self.append(Kind.iceControlled, value, to: &bytes)
        case .iceControlling(let tieBreaker):
            var value: [UInt8] = []
            value.append(bigEndian: tieBreaker)
            Self.append(Kind.iceControlling, value, to: &bytes)
        }
    }

    /// Appends type, length and value, padded with zeros to whole words (§14).
    static func append(_ kind: UInt16, _ value: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(bigEndian: kind)
        bytes.append(bigEndian: UInt16(truncatingIfNeeded: value.count))
        bytes += value
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    // MARK: Addresses (§14.1, §14.2)

    private static func address(_ value: ArraySlice<UInt8>, mask: StunTransactionID?) throws(StunError) -> TransportAddress {
        var reader = ByteReader(value)
        guard reader.readUInt8() != nil, let family = reader.readUInt8(), let port = reader.readUInt16(),
            reader.remaining == (family == 1 ? 4 : 16), family == 1 || family == 2,
            let address = TransportAddress(bytes: masked(reader.readRest(), mask), port: mask == nil ? port : port ^ 0x2112)
        else { throw .malformed("an address") }
        return address
    }

    private static func value(of address: TransportAddress, mask: StunTransactionID?) -> [UInt8] {
        var value: [UInt8] = [0, address.family == .ipv4 ? 1 : 2]
        value.append(bigEndian: mask == nil ? address.port : address.port ^ 0x2112)
        return value + masked(address.bytes[...], mask)
    }

    /// An address under the cookie and, if it is longer, the transaction's number: so that no router on the way finds it and rewrites it.
    private static func masked(_ address: ArraySlice<UInt8>, _ transactionID: StunTransactionID?) -> [UInt8] {
        guard let transactionID else { return Array(address) }
        var mask: [UInt8] = []
        mask.append(bigEndian: StunMessage.magicCookie)
        mask.append(bigEndian: transactionID.first)
        mask.append(bigEndian: transactionID.second)
        return zip(address, mask).map { $0 ^ $1 }
    }
}
