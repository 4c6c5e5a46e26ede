import Crypto
public import Foundation
public import NIOSSL
import X509

/// A certificate that browsers see, with its key and what stands between it and an authority.
public struct BrowserCertificate: Sendable {
    /// Apple refuses more than 825 days of one made by a private authority, and 398 of others.
    private static let lifetime: TimeInterval = 397 * day
    private static let day: TimeInterval = 24 * 3600

    /// Itself first.
    public let chain: [NIOSSLCertificate]
    public let key: NIOSSLPrivateKey
    public let facts: CertificateFacts
    /// Itself, DER.
    public let der: [UInt8]

    /// The names and addresses that it was made for.
    public struct Places: Sendable, Equatable {
        public var names: [String]
        public var addresses: [String]

        public init(names: [String], addresses: [String]) {
            self.names = names
            self.addresses = addresses
        }

        /// Those that the mesh's own certificates may name.
        public var atHome: Places {
            Places(names: names.filter(HomeNames.permits(name:)), addresses: addresses.filter(HomeNames.permits(address:)))
        }
    }

    /// Self-signed, with a new key: valid from a day ago for 397 days in all. Proves nothing, unless who connects knows it already.
    ///
    /// - Parameter places: a zone (`%eth0`) is left out, an address that is none is skipped.
    public static func selfSigned(_ places: Places, now: Date) throws -> BrowserCertificate {
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName {
            CommonName(places.names.first ?? "MeshCam")
            OrganizationName("MeshCam, this camera's own")
        }
        // No KeyUsage: with one that lacks keyCertSign, BoringSSL and OpenSSL do not take the certificate as its own issuer, and a client
        // could not pin it as its only trust root.
        let der = try make(places, key: key, name: name, issuer: name, signer: key, now: now, Certificate.Extensions())
        return try BrowserCertificate(chain: [der], key: key)
    }

    /// Made by a node's own authority, with a new key: valid from a day ago for 397 days in all, for what ``Places/atHome`` leaves.
    ///
    /// - Parameter certificate: that authority's own, made by the mesh's (``BrowserCertificates/certificate(of:publicKey:)``).
    public static func issued(_ places: Places, by authority: NodeAuthority, _ certificate: [UInt8], now: Date) throws -> BrowserCertificate {
        try signed(places.atHome, by: authority, certificate, now: now)
    }

    /// The same for any places at all, as a node could sign that somebody controls: browsers refuse what is not at home.
    static func signed(_ places: Places, by authority: NodeAuthority, _ certificate: [UInt8], now: Date) throws -> BrowserCertificate {
        let key = P256.Signing.PrivateKey()
        let issuer = try AuthorityCertificate.Holder.node(authority.id, key: authority.key.publicKey)
        let name = try DistinguishedName {
            OrganizationName("MeshCam")
            CommonName(places.names.first ?? "MeshCam")
        }
        let extensions = try Certificate.Extensions {
            Critical(KeyUsage(digitalSignature: true))
            AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: .init(issuer.key)).keyIdentifier)
        }
        let der = try make(places, key: key, name: name, issuer: issuer.name, signer: authority.key, now: now, extensions)
        return try BrowserCertificate(chain: [der, certificate], key: key)
    }

    private static func make(
        _ places: Places, key: P256.Signing.PrivateKey, name: DistinguishedName, issuer: DistinguishedName, signer: P256.Signing.PrivateKey,
        now: Date, _ more: Certificate.Extensions
    ) throws -> [UInt8] {
        var alternatives = places.names.map { GeneralName.dnsName($0) }
        for address in places.addresses {
            guard let bytes = IPAddress(address)?.bytes else { continue }
            alternatives.append(.ipAddress(.init(contentBytes: bytes[...])))
        }
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            try ExtendedKeyUsage([.serverAuth])
            SubjectAlternativeNames(alternatives)
            more
        }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey), notValidBefore: now - day,
            notValidAfter: now - day + lifetime, issuer: issuer, subject: name, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
            issuerPrivateKey: .init(signer))
        return try certificate.serializeAsPEM().derBytes
    }

    private init(chain: [[UInt8]], key: P256.Signing.PrivateKey) throws {
        try self.init(
            chain: chain.map { try NIOSSLCertificate(bytes: $0, format: .der) },
            key: NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der))
    }

    private init(chain: [NIOSSLCertificate], key: NIOSSLPrivateKey) throws {
        guard let leaf = chain.first, let facts = CertificateFacts(der: try leaf.toDERBytes()) else { throw NIOSSLError.failedToLoadCertificate }
        self.chain = chain
        self.key = key
        self.facts = facts
        der = try leaf.toDERBytes()
    }

    /// Somebody's own, from PEM.
    ///
    /// - Throws: what is wrong, in words that complete "cannot be used:".
    public init(certificatePEM: [UInt8], keyPEM: [UInt8]) throws(BadCertificate) {
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(certificatePEM), !chain.isEmpty else { throw .noCertificate }
        guard let key = try? NIOSSLPrivateKey(bytes: keyPEM, format: .pem) else { throw .noKey }
        guard let made = try? BrowserCertificate(chain: chain, key: key) else { throw .noCertificate }
        self = made
        // BoringSSL refuses a key that is not this certificate's.
        guard (try? NIOSSLContext(configuration: server)) != nil else { throw .anotherKey }
    }

    /// For a server that shows it always.
    public var server: TLSConfiguration {
        .makeServerConfiguration(certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    }
}

/// Why a certificate and its key cannot be used.
public enum BadCertificate: Error, Sendable {
    case noCertificate, noKey, anotherKey
}
