import CSodium
package import Crypto
import Foundation

/// Who this node is: an Ed25519 key to sign with, an X25519 key to agree on packet keys, a P-256 key for TLS; bound to its board.
///
/// Secrets live in locked memory and never show in a description.
public struct NodeIdentity: Sendable, CustomStringConvertible {
    /// How the identity came to be.
    public enum Origin: Sendable, Equatable {
        case loaded
        case created
        /// The file that was there could not be used.
        case replaced(reason: String)
    }

    /// What others may know of a node: what the root signs to admit it.
    public struct Public: Sendable, Hashable {
        public let id: NodeID
        public let signPublicKey: [UInt8]
        public let dhPublicKey: [UInt8]
        public let tlsKeyHash: [UInt8]
        /// The board, for people.
        public let hardware: String
    }

    public let id: NodeID
    /// How often this identity was loaded; part of every version and event id.
    public let boot: UInt32
    public let origin: Origin
    /// X25519, 32 bytes.
    public let dhPublicKey: [UInt8]
    /// The self-signed certificate that this node shows to its peers.
    public let tlsCertificateDER: [UInt8]
    /// SHA-256 of that certificate's SubjectPublicKeyInfo.
    public let tlsKeyHash: [UInt8]
    /// The board's model, for people.
    public let hardware: String
    let directory: String
    let signingKey: SigningKey
    let dhSecret: SecretBytes
    let tlsKey: SecretBytes

    /// Ed25519, 32 bytes.
    public var signPublicKey: [UInt8] { signingKey.publicKey }
    public var `public`: Public {
        Public(id: id, signPublicKey: signPublicKey, dhPublicKey: dhPublicKey, tlsKeyHash: tlsKeyHash, hardware: hardware)
    }
    public var description: String { "node \(id) boot \(boot)" }

    /// Whether this node itself signed `bytes`.
    public func verifies(_ signature: [UInt8], of bytes: [UInt8], domain: SignatureDomain, mesh: MeshID) -> Bool {
        SigningKey.verify(signature, of: bytes, domain: domain, mesh: mesh, publicKey: signPublicKey)
    }

    /// 64 bytes of Ed25519 over domain, mesh and `bytes`.
    public func sign(_ bytes: [UInt8], domain: SignatureDomain, mesh: MeshID) -> [UInt8] {
        signingKey.sign(bytes, domain: domain, mesh: mesh)
    }

    /// Loads the identity of a state directory, or makes one there: at the first start, when the file is damaged, and when it
    /// belongs to another board (a copied SD card must not clone a node). Before it returns, the next boot number is on the disk.
    ///
    /// - Parameter beforeCreating: removes what belongs to another identity. It comes first, so that no power cut leaves a new identity beside
    ///   an old one's membership. Default: nothing.
    /// - Throws: when the directory cannot be read or written.
    public static func loadOrCreate(
        in directory: String, board: BoardSerial, beforeCreating: () throws -> Void = {}
    ) throws -> NodeIdentity {
        let path = Self.path(in: directory)
        let operation = "read the identity"
        var origin = Origin.created
        if let file = try DurableFile.read(path, limit: 1 << 16, operation: operation) {
            if let content = Checksummed.open(file), let stored = WireIdentityFile(untrusted: content) {
                if Array(stored.board) != board.hash {
                    origin = .replaced(reason: "it belongs to another board")
                } else if stored.boot < UInt32.max, let identity = NodeIdentity(stored, boot: stored.boot + 1, directory: directory, board: board) {
                    try identity.store(boot: identity.boot, board: board)
                    return identity
                } else {
                    origin = .replaced(reason: "its keys do not read")
                }
            } else {
                origin = .replaced(reason: "its file is damaged")
            }
        }
        try beforeCreating()
        return try create(in: directory, board: board, origin: origin)
    }

    /// Goes on with a later boot number, after peers told that they have seen this one already (a disk that was rolled back).
    func raised(to boot: UInt32) throws(IdentityError) -> NodeIdentity {
        let path = Self.path(in: directory)
        let operation = "raise the boot number"
        guard let file = try DurableFile.read(path, limit: 1 << 16, operation: operation), let content = Checksummed.open(file),
            var stored = WireIdentityFile(untrusted: content)
        else { throw TrustError(operation: operation, reason: "\(path) is damaged", cure: "Start the node again.") }
        stored.boot = boot
        try DurableFile.write(Checksummed.seal(stored.wireBytes), to: path, operation: operation)
        return NodeIdentity(self, boot: boot)
    }

    private static func path(in directory: String) -> String { "\(directory)/identity" }

    private static func create(in directory: String, board: BoardSerial, origin: Origin) throws(IdentityError) -> NodeIdentity {
        let tls = P256.Signing.PrivateKey()
        let certificate: [UInt8]
        do {
            certificate = try NodeCertificate.selfSigned(by: tls)
        } catch {
            throw TrustError(operation: "make a certificate", reason: "\(error)", cure: "This is a fault of the program; please report it.")
        }
        var stored = WireIdentityFile()
        stored.board = Data(board.hash)
        stored.signSeed = Data(SigningKey().seed)
        stored.dhSecret = Data(secureRandomBytes(Int(crypto_scalarmult_SCALARBYTES)))
        stored.tlsKey = tls.rawRepresentation
        stored.tlsCertificate = Data(certificate)
        guard let identity = NodeIdentity(stored, boot: 1, origin: origin, directory: directory, board: board) else {
            preconditionFailure("a new identity does not read back")
        }
        try identity.store(boot: 1, board: board)
        return identity
    }

    /// From given keys, for simulations whose runs are to repeat: member ids order many things.
    package init?(signSeed: [UInt8], dhSecret: [UInt8], tlsKey: P256.Signing.PrivateKey, board: BoardSerial) {
        var stored = WireIdentityFile()
        stored.signSeed = Data(signSeed)
        stored.dhSecret = Data(dhSecret)
        stored.tlsKey = tlsKey.rawRepresentation
        guard let certificate = try? NodeCertificate.selfSigned(by: tlsKey) else { return nil }
        stored.tlsCertificate = Data(certificate)
        self.init(stored, boot: 1, origin: .created, directory: "", board: board)
    }

    private init?(_ stored: WireIdentityFile, boot: UInt32, origin: Origin = .loaded, directory: String, board: BoardSerial) {
        Sodium.ready
        guard let signingKey = SigningKey(seed: Array(stored.signSeed)), stored.dhSecret.count == Int(crypto_scalarmult_SCALARBYTES),
            let tls = try? P256.Signing.PrivateKey(rawRepresentation: stored.tlsKey),
            let id = NodeID(bytes: blake2b(signingKey.publicKey, length: 16))
        else { return nil }
        dhSecret = SecretBytes(stored.dhSecret)
        var dhPublic = [UInt8](repeating: 0, count: Int(crypto_scalarmult_BYTES))
        guard dhSecret.withBytes({ crypto_scalarmult_base(&dhPublic, $0) }) == 0 else { return nil }
        self.id = id
        self.boot = boot
        self.origin = origin
        self.directory = directory
        self.signingKey = signingKey
        dhPublicKey = dhPublic
        tlsKey = SecretBytes(stored.tlsKey)
        tlsCertificateDER = Array(stored.tlsCertificate)
        tlsKeyHash = Array(SHA256.hash(data: tls.publicKey.derRepresentation))
        hardware = board.model
    }

    private init(_ other: NodeIdentity, boot: UInt32) {
        id = other.id
        self.boot = boot
        origin = other.origin
        directory = other.directory
        signingKey = other.signingKey
        dhPublicKey = other.dhPublicKey
        dhSecret = other.dhSecret
        tlsKey = other.tlsKey
        tlsCertificateDER = other.tlsCertificateDER
        tlsKeyHash = other.tlsKeyHash
        hardware = other.hardware
    }

    private func store(boot: UInt32, board: BoardSerial) throws(IdentityError) {
        var stored = WireIdentityFile()
        stored.board = Data(board.hash)
        stored.signSeed = Data(signingKey.seed)
        stored.dhSecret = Data(dhSecret.copy)
        stored.tlsKey = Data(tlsKey.copy)
        stored.tlsCertificate = Data(tlsCertificateDER)
        stored.boot = boot
        try DurableFile.write(Checksummed.seal(stored.wireBytes), to: Self.path(in: directory), operation: "write the identity")
    }
}
