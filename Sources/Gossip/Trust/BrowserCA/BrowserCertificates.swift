import Crypto
import Foundation
import X509

/// The mesh's certificates for browsers, as the shared configuration carries them (``SharedConfigKey/browserCA``): that of its authority,
/// which people trust once, and one for each node's own authority. A value; nothing in it is secret.
public struct BrowserCertificates: Sendable, Equatable {
    /// More nodes than this are not certified: the value must stay within what the shared configuration takes.
    static let nodeLimit = 300

    /// The authority's certificate, DER.
    public let authority: [UInt8]
    private let key: P256.Signing.PublicKey
    private var nodes: [NodeID: [UInt8]]

    /// Reads the shared value. An admin's key signed it, no more: `nil` for an authority that is not limited to a house as ours are, so
    /// that no node offers another one to anybody.
    public init?(bytes: [UInt8]) {
        guard bytes.count <= SharedConfig.valueLimit, let config = BrowserCAConfig(untrusted: bytes) else { return nil }
        self.init(authority: Array(config.certificate))
        for node in config.nodes.prefix(Self.nodeLimit) {
            guard let id = NodeID(bytes: node.id), node.certificate.count <= AuthorityCertificate.limit else { continue }
            nodes[id] = Array(node.certificate)
        }
    }

    private init?(authority der: [UInt8]) {
        guard let (certificate, key) = AuthorityCertificate.read(der), key.isValid(certificate, issuer: certificate) else { return nil }
        authority = der
        self.key = key
        nodes = [:]
    }

    /// The shared value.
    public var bytes: [UInt8] {
        var config = BrowserCAConfig()
        config.certificate = Data(authority)
        config.nodes = nodes.sorted { $0.key < $1.key }.map { id, certificate in
            var node = BrowserCAConfig.Node()
            node.id = Data(id.bytes)
            node.certificate = Data(certificate)
            return node
        }
        return config.wireBytes
    }

    /// The certificate of a node's own authority, DER; `nil` while it has none for that key.
    ///
    /// - Parameter publicKey: as ``NodeAuthority/publicKey``.
    public func certificate(of node: NodeID, publicKey: [UInt8]) -> [UInt8]? {
        guard let der = nodes[node], let (certificate, nodeKey) = AuthorityCertificate.read(der), let (issuer, _) = AuthorityCertificate.read(authority),
            Array(nodeKey.compressedRepresentation) == publicKey, key.isValid(certificate, issuer: issuer)
        else { return nil }
        return der
    }

    /// What the shared value should be: the authority's own certificate, and one for each member whose key is known. Who is no member
    /// any more is left out. `nil` where nothing is to change.
    ///
    /// - Parameters:
    ///   - current: the shared value; empty where there is none.
    ///   - members: everybody in the roster.
    ///   - keys: what their records tell (``NodeAuthority/publicKey``).
    public static func completed(
        _ current: [UInt8], by authority: BrowserAuthority, members: [NodeID], keys: [NodeID: [UInt8]]
    ) throws(TrustError) -> BrowserCertificates? {
        var old = BrowserCertificates(bytes: current)
        if old?.key.rawRepresentation != authority.publicKey.rawRepresentation { old = nil }
        let own = if let old { old.authority } else { try authority.certificate() }
        guard var new = BrowserCertificates(authority: own) else { return nil }
        for member in members.prefix(nodeLimit) {
            guard let told = keys[member], let key = try? P256.Signing.PublicKey(compressedRepresentation: told) else {
                // Not heard yet: what was certified stays.
                new.nodes[member] = old?.nodes[member]
                continue
            }
            if let kept = old?.certificate(of: member, publicKey: told) {
                new.nodes[member] = kept
            } else {
                new.nodes[member] = try authority.certify(member, key)
            }
        }
        return new.bytes == current ? nil : new
    }

    public static func == (a: Self, b: Self) -> Bool { a.authority == b.authority && a.nodes == b.nodes }
}

extension TrustStore {
    /// Founds the mesh's authority for browsers with its mesh, and certifies the nodes that belong to it from the start.
    ///
    /// - Throws: when the admin key is not certified by the root.
    public mutating func certifyForBrowsers(_ nodes: [NodeIdentity], root: RootKey, admin: AdminKey) throws(TrustError) {
        let authority = BrowserAuthority(root: root, mesh: genesis.name)
        let keys = Dictionary(nodes.map { ($0.id, $0.browserAuthority.publicKey) }, uniquingKeysWith: { first, _ in first })
        let current = values[SharedConfigKey.browserCA] ?? []
        if let new = try BrowserCertificates.completed(current, by: authority, members: roster.members.map(\.id), keys: keys) {
            try setConfig(SharedConfigKey.browserCA, new.bytes, by: admin)
        }
    }
}

extension P256.Signing.PublicKey {
    fileprivate func isValid(_ certificate: Certificate, issuer: Certificate) -> Bool {
        certificate.issuer == issuer.subject && Certificate.PublicKey(self).isValidSignature(certificate.signature, for: certificate)
    }
}
