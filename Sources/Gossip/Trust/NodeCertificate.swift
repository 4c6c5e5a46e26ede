import Crypto
import Foundation
import NIOSSL
import X509

/// The certificates that nodes make themselves.
enum NodeCertificate {
    /// A node's certificate for its peers: valid from 1970 to 9999, because no clock decides about trust. Only its key matters.
    static func selfSigned(by key: P256.Signing.PrivateKey) throws -> [UInt8] {
        let name = try DistinguishedName { CommonName("MeshCam node") }
        return try make(
            key: key, subject: name, notBefore: Date(timeIntervalSince1970: 0), notAfter: Date(timeIntervalSince1970: 253_402_300_799),
            extensions: Certificate.Extensions {
                // The certificate is its own trust root: without this BoringSSL would not take it as one.
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
            })
    }

    /// SHA-256 of the SubjectPublicKeyInfo of a P-256 certificate; `nil` for all else.
    ///
    /// The bytes may come from anybody. They are read by swift-certificates, which answers bad ones with an error:
    /// `NIOSSLCertificate.extractPublicKey` ends the process when BoringSSL does not like the key.
    static func keyHash(ofDER der: [UInt8]) -> [UInt8]? {
        guard der.count <= 16 << 10, let certificate = try? Certificate(derEncoded: der),
            let key = P256.Signing.PublicKey(certificate.publicKey)
        else { return nil }
        return Array(SHA256.hash(data: key.derRepresentation))
    }

    static func keyHash(of certificate: NIOSSLCertificate) -> [UInt8]? {
        (try? certificate.toDERBytes()).flatMap { keyHash(ofDER: $0) }
    }

    static func make(
        key: P256.Signing.PrivateKey, subject: DistinguishedName, notBefore: Date, notAfter: Date, extensions: Certificate.Extensions
    ) throws -> [UInt8] {
        let signer = Certificate.PrivateKey(key)
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: signer.publicKey, notValidBefore: notBefore,
            notValidAfter: notAfter, issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
            issuerPrivateKey: signer)
        return try certificate.serializeAsPEM().derBytes
    }
}
