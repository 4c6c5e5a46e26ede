import Foundation

/// One signed statement of the mesh's root, of the key that outranks it, or of a member about a newcomer with a ticket. A ``Roster`` is a
/// set of them.
public struct SignedRecord: Sendable, Hashable {
    /// What is stated.
    public enum Kind: UInt32, Sendable {
        case admit = 1
        case revoke = 2
        case adminKey = 3
        /// Another key is the root from now on (``RootRotation``).
        case rootRotate = 4
        case ticket = 5
        /// Signed by a member, not by the root.
        case admitByTicket = 6
        case revokeTicket = 7
        case revokeAdminKey = 8

        var domain: SignatureDomain {
            switch self {
            case .admit: .admit
            case .revoke: .revoke
            case .adminKey: .adminKey
            case .rootRotate: .rootRotate
            case .ticket: .ticket
            case .admitByTicket: .admitByTicket
            case .revokeTicket: .revokeTicket
            case .revokeAdminKey: .revokeAdminKey
            }
        }

        /// Whether a rotation hands it on to the next root. Tickets end with the root that made them; whom they brought is carried as if the
        /// root had admitted it. Of admins' keys those are carried that are not revoked.
        var isCarried: Bool { [.admit, .revoke, .adminKey].contains(self) }

        /// Whether it ends what counted: there is room for it in the fullest roster.
        var isEnd: Bool { [.revoke, .revokeAdminKey].contains(self) }
    }

    public let kind: Kind
    /// The signed bytes, as they were made.
    public let body: [UInt8]
    /// Ed25519.
    public let signature: [UInt8]

    init(kind: Kind, body: [UInt8], signature: [UInt8]) {
        self.kind = kind
        self.body = body
        self.signature = signature
    }

    /// `nil` for a kind this version does not know.
    init?(_ wire: WireRosterRecord) {
        guard let kind = Kind(rawValue: wire.kind) else { return nil }
        self.init(kind: kind, body: Array(wire.body), signature: Array(wire.signature))
    }

    var wire: WireRosterRecord {
        var wire = WireRosterRecord()
        wire.kind = kind.rawValue
        wire.body = Data(body)
        wire.signature = Data(signature)
        return wire
    }

    /// Sorts and names a record within a roster. The signature is left out: Ed25519 admits several for the same bytes, and they
    /// must not count as several records.
    var digest: [UInt8] { blake2b([UInt8(truncatingIfNeeded: kind.rawValue)] + body, length: 32) }

    func isSigned(by publicKey: [UInt8], mesh: MeshID) -> Bool {
        SigningKey.verify(signature, of: body, domain: kind.domain, mesh: mesh, publicKey: publicKey)
    }
}

/// A node's membership, as the root signed it.
public struct Admission: Sendable, Hashable {
    public let id: NodeID
    /// Ed25519.
    public let signPublicKey: [UInt8]
    /// X25519.
    public let dhPublicKey: [UInt8]
    /// SHA-256 of the key in the node's TLS certificate (its SubjectPublicKeyInfo).
    public let tlsKeyHash: [UInt8]
    /// The board, for people.
    public let hardware: String
    /// The name that was given at admission; the node's own record may say a newer one.
    public let name: String
    public let serial: UInt64
    /// What it was read from.
    let body: [UInt8]

    package init?(body bytes: [UInt8]) {
        guard let body = WireAdmitBody(untrusted: bytes), body.signKey.count == 32, body.dhKey.count == 32, body.tlsKeyHash.count == 32,
            let id = NodeID(bytes: blake2b(Array(body.signKey), length: 16))
        else { return nil }
        self.id = id
        signPublicKey = Array(body.signKey)
        dhPublicKey = Array(body.dhKey)
        tlsKeyHash = Array(body.tlsKeyHash)
        hardware = body.hardware
        name = body.name
        serial = body.serial
        self.body = bytes
    }

    /// Whether this node signed `bytes`.
    public func verifies(_ signature: [UInt8], of bytes: [UInt8], domain: SignatureDomain, mesh: MeshID) -> Bool {
        SigningKey.verify(signature, of: bytes, domain: domain, mesh: mesh, publicKey: signPublicKey)
    }
}
