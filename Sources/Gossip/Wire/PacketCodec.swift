/// Seals and opens packets. The one implementation uses libsodium; the codec itself knows no library.
package protocol PacketCipher: Sendable {
    /// Ciphertext with its 16-byte tag at the end.
    func seal(_ plaintext: [UInt8], additionalData: [UInt8], nonce: [UInt8], key: [UInt8]) -> [UInt8]
    /// `nil` when anything was altered, or the key is another.
    func open(_ ciphertext: ArraySlice<UInt8>, additionalData: [UInt8], nonce: [UInt8], key: [UInt8]) -> [UInt8]?
}

/// What a packet is for; in clear, but authenticated.
package enum PacketType: UInt8, Sendable {
    case frames = 1
    /// Asks for the receiver's boot number, which the sender does not know yet.
    case hello = 2
    case helloReply = 3
    /// Tells a node that its boot number was seen before.
    case staleBoot = 4
}

/// What is readable without a key.
struct PacketHeader: Sendable, Equatable {
    var type: PacketType
    var meshTag: [UInt8]
    /// The first eight bytes of the sender's ``NodeID``.
    var source: UInt64
    var nonce: [UInt8]
}

/// What is inside.
struct PacketContent: Sendable, Equatable {
    var sourceBoot: UInt32
    /// The boot of the receiver that this packet is for: an old recording of packets fits no later boot.
    var destinationBoot: UInt32
    var sequence: UInt64
    var frames: [Frame]
}

/// One message of a packet.
package struct Frame: Sendable, Equatable {
    package enum Kind: UInt8, Sendable {
        case ping = 1
        case ack = 2
        case pingRequest = 3
        case nack = 4
        case claim = 5
        case record = 6
        case config = 7
        case roster = 8
        case trigger = 9
        case triggerAck = 10
        case syncHash = 11
        case want = 12
        case hello = 13
        case helloReply = 14
        case staleBoot = 15

        /// Whether its receiver answers at once.
        var isQuestion: Bool {
            switch self {
            case .ping, .pingRequest, .want, .syncHash: true
            default: false
            }
        }

        /// Whether its content has to be verified, which costs far more than all the rest of a packet.
        var isSigned: Bool {
            switch self {
            case .claim, .record, .config, .roster, .trigger: true
            default: false
            }
        }
    }

    /// Type and length.
    static let overhead = 3

    package var kind: Kind
    package var body: [UInt8]

    package init(kind: Kind, body: [UInt8]) {
        self.kind = kind
        self.body = body
    }

    /// Bytes in a packet.
    var size: Int { Self.overhead + body.count }
}

/// The UDP packet of mesh.md §3:
/// `version 1 | type 1 | mesh tag 4 | source 8 | nonce 24 | AEAD{source boot 4, destination boot 4, sequence 8, frames[type 1, length 2, body]}`,
/// integers big-endian, the header as the AEAD's associated data.
package enum PacketCodec {
    static let version: UInt8 = 1
    /// Fits an IPv6 datagram on any link without fragments.
    package static let limit = 1232
    static let headerSize = 38
    private static let contentHeaderSize = 16
    private static let tagSize = 16
    /// Bytes that all frames of a packet may take.
    static let frameSpace = limit - headerSize - contentHeaderSize - tagSize
    /// Frames of one packet. An honest one has at most a dozen; each may cost its receiver an answer.
    static let frameLimit = 32

    static func encode(_ header: PacketHeader, _ content: PacketContent, key: [UInt8], cipher: any PacketCipher) -> [UInt8] {
        precondition(header.meshTag.count == 4 && header.nonce.count == 24, "a packet's tag has 4 bytes and its nonce 24")
        precondition(content.frames.reduce(0) { $0 + $1.size } <= frameSpace, "more frames than a packet holds")
        let clear = [version, header.type.rawValue] + header.meshTag + header.source.bigEndianBytes + header.nonce
        var plain = content.sourceBoot.bigEndianBytes + content.destinationBoot.bigEndianBytes + content.sequence.bigEndianBytes
        for frame in content.frames {
            plain.append(frame.kind.rawValue)
            plain += UInt16(truncatingIfNeeded: frame.body.count).bigEndianBytes
            plain += frame.body
        }
        return clear + cipher.seal(plain, additionalData: clear, nonce: header.nonce, key: key)
    }

    /// `nil` for anything that is no packet of this version.
    static func header(of packet: [UInt8]) -> PacketHeader? {
        guard packet.count >= headerSize + contentHeaderSize + tagSize, packet.count <= limit, packet[0] == version,
            let type = PacketType(rawValue: packet[1])
        else { return nil }
        let source = packet[6..<14].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return PacketHeader(type: type, meshTag: Array(packet[2..<6]), source: source, nonce: Array(packet[14..<38]))
    }

    /// Whether a packet can be one for this node, as far as it shows without a key: what is refused here costs next to nothing.
    static func refusal(of packet: [UInt8], meshTag: [UInt8], own: UInt64) -> PeerLink.Refusal? {
        guard let header = header(of: packet) else { return .damaged }
        if header.meshTag != meshTag { return .foreign }
        return header.source == own ? .reflected : nil
    }

    /// `nil` when the packet was altered, belongs to another key, or its content does not read. Frames of unknown kinds are skipped.
    static func open(_ packet: [UInt8], header: PacketHeader, key: [UInt8], cipher: any PacketCipher) -> PacketContent? {
        guard
            let plain = cipher.open(
                packet[headerSize...], additionalData: Array(packet[..<headerSize]), nonce: header.nonce, key: key)
        else { return nil }
        var reader = ByteReader(plain)
        guard let sourceBoot: UInt32 = reader.integer(), let destinationBoot: UInt32 = reader.integer(),
            let sequence: UInt64 = reader.integer()
        else { return nil }
        var frames: [Frame] = []
        while !reader.isAtEnd {
            guard let kind: UInt8 = reader.integer(), let length: UInt16 = reader.integer(), let body = reader.bytes(Int(length))
            else { return nil }
            if let kind = Frame.Kind(rawValue: kind) { frames.append(Frame(kind: kind, body: body)) }
            if frames.count > frameLimit { return nil }
        }
        return PacketContent(sourceBoot: sourceBoot, destinationBoot: destinationBoot, sequence: sequence, frames: frames)
    }
}

/// Reads big-endian fields from bytes of unknown origin, without ever going past their end.
struct ByteReader {
    private let content: [UInt8]
    private var position = 0

    init(_ content: [UInt8]) { self.content = content }

    var isAtEnd: Bool { position >= content.count }

    mutating func integer<Value: FixedWidthInteger>() -> Value? {
        guard let bytes = bytes(Value.bitWidth / 8) else { return nil }
        return bytes.reduce(0) { $0 << 8 | Value($1) }
    }

    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard count >= 0, content.count - position >= count else { return nil }
        defer { position += count }
        return Array(content[position..<position + count])
    }
}
