import Crypto
import Foundation
import X509

/// Certificates of authorities: the mesh's own and those of its nodes. All are limited to ``HomeNames`` and to servers.
enum AuthorityCertificate {
    /// Fixed, because neither begins when a clock says so: 2026-01-01 to 2049-12-31. A mesh outlives no such span with the same root.
    static let begin = Date(timeIntervalSince1970: 1_767_225_600)
    static let end = Date(timeIntervalSince1970: 2_524_607_999)
    /// A longer one was not made here.
    static let limit = 4096

    /// A key, and the name that certificates give it.
    struct Holder: Sendable {
        let key: P256.Signing.PublicKey
        let name: DistinguishedName

        /// - Parameter title: for people. A piece of the key's hash goes with it: two authorities must not have one name, or browsers that
        ///   know both take one for the other.
        init(_ title: String, key: P256.Signing.PublicKey) throws {
            self.key = key
            name = try DistinguishedName {
                OrganizationName("MeshCam")
                OrganizationalUnitName(SHA256.hash(data: key.derRepresentation).prefix(8).hexDigits)
                CommonName(String(title.prefix(64)))
            }
        }
    }

    /// DER.
    ///
    /// - Parameter pathLength: how many authorities may stand below it.
    static func make(for holder: Holder, pathLength: Int, by issuer: Holder, key: P256.Signing.PrivateKey) throws -> [UInt8] {
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: pathLength))
            Critical(KeyUsage(keyCertSign: true))
            try ExtendedKeyUsage([.serverAuth])
            Critical(HomeNames.constraints)
            SubjectKeyIdentifier(hash: .init(holder.key))
            AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: .init(issuer.key)).keyIdentifier)
        }
        // The serial number is random: Firefox refuses two different certificates of one issuer that share one, and an authority that is
        // made twice at the same time, on two nodes, is that.
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(holder.key), notValidBefore: begin, notValidAfter: end,
            issuer: issuer.name, subject: holder.name, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
            issuerPrivateKey: .init(key))
        return try certificate.serializeAsPEM().derBytes
    }

    /// Reads what may come from anybody: `nil` unless it is a P-256 authority that is limited as ours are.
    static func read(_ der: [UInt8]) -> (certificate: Certificate, key: P256.Signing.PublicKey)? {
        guard der.count <= limit, let certificate = try? Certificate(derEncoded: der), let key = P256.Signing.PublicKey(certificate.publicKey),
            let limits = try? Certificate.Extension(HomeNames.constraints, critical: true), certificate.extensions.contains(limits)
        else { return nil }
        return (certificate, key)
    }
}

/// A P-256 key that follows from another secret, so that nothing further needs to be kept, sealed or lost.
enum DerivedKey {
    /// BLAKE2b-256 of context and a counter, keyed by the secret: the first that is a valid scalar (FIPS 186-5 §A.2.2, by rejection).
    /// All but one in 2^32 of the first ones are.
    ///
    /// - Parameter secret: at most 64 bytes.
    static func p256(from secret: [UInt8], context: String) -> P256.Signing.PrivateKey {
        for counter in UInt8.min...UInt8.max {
            let scalar = blake2b(Array(context.utf8) + [counter], length: 32, key: secret)
            if let key = try? P256.Signing.PrivateKey(rawRepresentation: scalar) { return key }
        }
        preconditionFailure("256 hashes and no valid scalar")
    }
}
