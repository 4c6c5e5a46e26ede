import Foundation

/// A right that the root signed: whoever holds the ticket's secret may bring so many new nodes into the mesh, without setup code and
/// without the root (mesh.md §2).
public struct Ticket: Sendable, Hashable {
    /// How many nodes one ticket may bring at the most.
    public static let usesLimit = 100

    /// Ed25519.
    public let publicKey: [UInt8]
    /// How many nodes it may bring. Members count before they take somebody in; two that do so at the same moment may let in one more.
    public let uses: Int
    /// For people.
    public let name: String
    /// Of two records for one key the higher serial counts.
    public let serial: UInt64

    /// For people and programs: the beginning of the key, 32 hexadecimal digits.
    public var id: String { publicKey.prefix(16).hexDigits }

    /// `nil` for bytes that are no ticket.
    init?(body bytes: [UInt8]) {
        guard let body = WireTicketBody(untrusted: bytes), body.key.count == 32, (1...Self.usesLimit).contains(Int(body.uses)) else { return nil }
        publicKey = Array(body.key)
        uses = Int(body.uses)
        name = body.name.cut(toUTF8: 63)
        serial = body.serial
    }

    /// Which of two records for one key counts, wherever they meet.
    func goesBefore(_ other: Ticket) -> Bool { (serial, uses, name) > (other.serial, other.uses, other.name) }
}

/// A ticket's secret, as it lies on the card. Never part of a description.
public struct TicketKey: Sendable, CustomStringConvertible {
    let key: SigningKey

    /// A new one.
    public init() { key = SigningKey() }

    /// `nil` unless there are 32 bytes.
    init?(seed: [UInt8]) {
        guard let key = SigningKey(seed: seed) else { return nil }
        self.key = key
    }

    /// Ed25519.
    public var publicKey: [UInt8] { key.publicKey }
    public var description: String { "<ticket key>" }
}

extension RootKey {
    /// Lets whoever holds that key bring `uses` nodes into the mesh.
    ///
    /// - Parameter uses: 1 to ``Ticket/usesLimit``.
    public func ticket(_ key: TicketKey, uses: Int, name: String, serial: UInt64) -> SignedRecord {
        var body = WireTicketBody()
        body.key = Data(key.publicKey)
        body.uses = UInt32(clamping: min(max(uses, 1), Ticket.usesLimit))
        body.name = name.cut(toUTF8: 63)
        body.serial = serial
        return sign(body.wireBytes, .ticket)
    }

    /// Ends a ticket for ever.
    ///
    /// - Parameter keeping: serials of the admissions made with it that stay valid (``KeptAdmissions``). All others are void,
    ///   also those that nobody has heard of yet.
    public func revoke(ticket publicKey: [UInt8], serial: UInt64, keeping: [UInt64]) -> SignedRecord {
        var body = WireRevokeTicketBody()
        body.ticket = Data(publicKey)
        body.serial = serial
        body.keptSerials = Array(keeping.prefix(Self.keptLimit))
        return sign(body.wireBytes, .revokeTicket)
    }

    /// What fits a record. Whoever is confirmed by the root needs no place here.
    public static let keptLimit = 80

    /// Signs anew what a member vouched for: the membership stands by itself from then on, whatever becomes of ticket and member.
    public func confirm(_ admission: Admission, serial: UInt64) -> SignedRecord {
        let node = NodeIdentity.Public(
            id: admission.id, signPublicKey: admission.signPublicKey, dhPublicKey: admission.dhPublicKey, tlsKeyHash: admission.tlsKeyHash,
            hardware: admission.hardware)
        return admit(node, name: admission.name, serial: serial)
    }
}
