import Crypto
import Foundation
public import NIOCore
public import NIOSSL

/// TLS between nodes: both sides show one self-signed certificate, and the roster decides. No name, authority or clock does.
public enum PeerTLS {
    /// Decides whether a client that shows these certificates may connect.
    public typealias Verification = @Sendable ([NIOSSLCertificate], EventLoopPromise<NIOSSLVerificationResult>) -> Void

    /// The server's side, TLS 1.3. Use both: without the callback anybody could connect.
    ///
    /// - Parameter roster: the newest roster at the moment of each handshake.
    public static func server(
        identity: NodeIdentity, roster: @escaping @Sendable () -> Roster
    ) throws -> (TLSConfiguration, Verification) {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(try NIOSSLCertificate(bytes: identity.tlsCertificateDER, format: .der))],
            privateKey: .privateKey(try key(of: identity)))
        configuration.minimumTLSVersion = .tlsv13
        // Asks for the client's certificate and refuses who has none; the callback replaces all other checks.
        configuration.certificateVerification = .noHostnameVerification
        configuration.trustRoots = .certificates([])
        return (
            configuration,
            { certificates, promise in
                let member = certificates.first.flatMap { nodeID(of: $0, roster: roster()) }
                promise.succeed(member == nil || member == identity.id ? .failed : .certificateVerified)
            }
        )
    }

    /// The client's side, TLS 1.3: trusts exactly that one certificate and shows its own.
    ///
    /// - Parameter certificateDER: the peer's, from ``Member/certificateDER``, which was checked against the roster.
    public static func client(identity: NodeIdentity, to certificateDER: [UInt8]) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.trustRoots = .certificates([try NIOSSLCertificate(bytes: certificateDER, format: .der)])
        configuration.certificateVerification = .noHostnameVerification
        configuration.certificateChain = [.certificate(try NIOSSLCertificate(bytes: identity.tlsCertificateDER, format: .der))]
        configuration.privateKey = .privateKey(try key(of: identity))
        return configuration
    }

    /// Which member shows that certificate; `nil` for strangers and for who was revoked.
    public static func nodeID(of certificate: NIOSSLCertificate, roster: Roster) -> NodeID? {
        NodeCertificate.keyHash(of: certificate).flatMap { roster.node(forTLSKeyHash: $0) }
    }

    private static func key(of identity: NodeIdentity) throws -> NIOSSLPrivateKey {
        let key = try P256.Signing.PrivateKey(rawRepresentation: identity.tlsKey.copy)
        return try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der)
    }
}
