import Foundation

/// What a card carries so that its node joins by itself: a ticket with its secret, by what the mesh is known, and where members are.
///
/// Whoever reads it can bring a node into the mesh: it is as secret as a key, and never logged.
public struct JoinBundle: Sendable, CustomStringConvertible {
    /// The file's name in a state directory or on a card.
    public static let fileName = "join.bundle"
    /// Begins its text form, which fits a QR code.
    public static let textPrefix = "meshcam-join:1:"
    /// A longer one is refused.
    static let sizeLimit = 1400
    /// More addresses are left out.
    public static let seedLimit = 8
    private static let version: UInt32 = 1

    public let ticket: Ticket
    let ticketRecord: SignedRecord
    let key: TicketKey
    public let genesis: Genesis
    /// Ed25519: the root's key when the bundle was made.
    let rootPublicKey: [UInt8]
    /// Members' dashboards: tried besides what mDNS finds.
    public let seeds: [PeerAddress]

    public var meshID: MeshID { genesis.meshID }
    public var description: String { "<join bundle of ticket \(ticket.id.prefix(8))>" }

    /// - Parameter record: the key's ticket, signed by `root`.
    public init?(record: SignedRecord, key: TicketKey, root: RootKey, genesis: Genesis, seeds: [PeerAddress]) {
        self.init(
            record: record, key: key, rootPublicKey: root.publicKey, genesis: genesis,
            seeds: Array(seeds.filter(Self.isUsable).prefix(Self.seedLimit)))
    }

    /// `nil` unless all of it belongs together.
    private init?(record: SignedRecord, key: TicketKey, rootPublicKey: [UInt8], genesis: Genesis, seeds: [PeerAddress]) {
        guard record.kind == .ticket, let ticket = Ticket(body: record.body), ticket.publicKey == key.publicKey,
            SigningKey.verify(record.signature, of: record.body, domain: .ticket, mesh: genesis.meshID, publicKey: rootPublicKey)
        else { return nil }
        self.ticket = ticket
        ticketRecord = record
        self.key = key
        self.genesis = genesis
        self.rootPublicKey = rootPublicKey
        self.seeds = seeds
    }

    /// Reads a file's content: the bytes, or the text, whatever editors put around it.
    ///
    /// - Throws: ``JoinError/damaged``, ``JoinError/version``.
    public init(reading file: [UInt8]) throws(JoinError) {
        let text = String(decoding: file.prefix(4096), as: UTF8.self).filter { !$0.isWhitespace && $0 != "\u{feff}" }
        if text.hasPrefix("meshcam-join:") {
            guard text.hasPrefix(Self.textPrefix) else { throw .version }
            guard let bytes = Data(base64URL: text.dropFirst(Self.textPrefix.count)) else { throw .damaged }
            try self.init(bytes: Array(bytes))
        } else {
            try self.init(bytes: file)
        }
    }

    private init(bytes: [UInt8]) throws(JoinError) {
        guard bytes.count <= Self.sizeLimit, let content = Checksummed.open(bytes), let wire = WireJoinBundleFile(untrusted: content) else {
            throw .damaged
        }
        guard wire.version == Self.version else { throw .version }
        guard let record = SignedRecord(wire.ticket), let key = TicketKey(seed: Array(wire.ticketSeed)),
            let genesis = Genesis(bytes: Array(wire.genesis)), wire.rootKey.count == 32
        else { throw .damaged }
        let seeds = wire.seeds.prefix(Self.seedLimit).compactMap { PeerAddress(parsing: $0, defaultPort: 8443) }.filter(Self.isUsable)
        guard let bundle = JoinBundle(record: record, key: key, rootPublicKey: Array(wire.rootKey), genesis: genesis, seeds: seeds) else {
            throw .damaged
        }
        self = bundle
    }

    /// The file's content. Secret.
    public var bytes: [UInt8] {
        var wire = WireJoinBundleFile()
        wire.version = Self.version
        wire.ticket = ticketRecord.wire
        wire.ticketSeed = Data(key.key.seed)
        wire.genesis = Data(genesis.bytes)
        wire.rootKey = Data(rootPublicKey)
        wire.seeds = seeds.map(\.description)
        return Checksummed.seal(wire.wireBytes)
    }

    /// The same as one line of text. Secret.
    public var text: String { Self.textPrefix + Data(bytes).base64URLText }

    /// A host that is part of a URL later: an address without a zone, or a host name.
    private static func isUsable(_ seed: PeerAddress) -> Bool {
        if seed.host.contains(":") { return IPAddress(seed.host) != nil && !seed.host.contains("%") }
        return seed.host.utf8.count <= 253
            && seed.host.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x2d || byte == 0x2e
            }
    }
}

extension Data {
    /// RFC 4648 §5, without padding.
    fileprivate var base64URLText: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// `nil` for anything else.
    fileprivate init?(base64URL text: some StringProtocol) {
        let plain = String(text).replacing("-", with: "+").replacing("_", with: "/")
        self.init(base64Encoded: plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4))
    }
}
