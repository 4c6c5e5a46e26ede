import Crypto
import Foundation

/// The mesh's authority for browsers, in the hands of whoever unlocked the root (mesh.md §9): certifies the nodes' own authorities.
///
/// Its key is derived from the root's secret instead of kept beside it: so it is sealed wherever that is, opened by whoever opens that,
/// and a root that is replaced brings a new one. P-256, because browsers take no Ed25519.
public struct BrowserAuthority: Sendable, CustomStringConvertible {
    private let key: P256.Signing.PrivateKey
    private let title: String

    static let context = "meshcam-browser-ca-1"

    /// - Parameter mesh: the mesh's name, for people.
    public init(root: RootKey, mesh: String) {
        key = DerivedKey.p256(from: root.key.seed, context: Self.context)
        title = "MeshCam " + mesh
    }

    public var description: String { "<browser authority>" }

    var publicKey: P256.Signing.PublicKey { key.publicKey }

    /// Its own certificate, signed by itself. The same each time but for serial number and signature, so that the first one is kept.
    func certificate() throws(TrustError) -> [UInt8] {
        do {
            let own = try holder
            return try AuthorityCertificate.make(for: own, pathLength: 1, by: own, key: key)
        } catch {
            throw Self.fault(error)
        }
    }

    /// A certificate for a node's own authority.
    func certify(_ node: NodeID, _ nodeKey: P256.Signing.PublicKey) throws(TrustError) -> [UInt8] {
        do {
            return try AuthorityCertificate.make(for: .node(node, key: nodeKey), pathLength: 0, by: holder, key: key)
        } catch {
            throw Self.fault(error)
        }
    }

    private var holder: AuthorityCertificate.Holder {
        get throws { try AuthorityCertificate.Holder(title, key: key.publicKey) }
    }

    private static func fault(_ error: any Error) -> TrustError {
        TrustError(operation: "make a certificate", reason: "\(error)", cure: "This is a fault of the program; please report it.")
    }
}

extension AuthorityCertificate.Holder {
    static func node(_ id: NodeID, key: P256.Signing.PublicKey) throws -> Self { try Self("MeshCam node \(id.short)", key: key) }
}

/// A node's own authority: makes the certificate that browsers see there. Derived from the node's identity, and bound to its board as
/// that is.
public struct NodeAuthority: Sendable, CustomStringConvertible {
    let id: NodeID
    let key: P256.Signing.PrivateKey

    /// What the node's record tells: compressed (SEC 1 §2.3.3), 33 bytes.
    public var publicKey: [UInt8] { Array(key.publicKey.compressedRepresentation) }
    public var description: String { "<authority of \(id.short)>" }
}

extension NodeIdentity {
    public var browserAuthority: NodeAuthority {
        NodeAuthority(id: id, key: DerivedKey.p256(from: signingKey.seed, context: "meshcam-node-browser-ca-1"))
    }
}
