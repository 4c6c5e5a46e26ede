import COpenSSL

/// What all DTLS associations of a node share: its certificate, DTLS 1.2, the ciphers and SRTP profiles that it accepts.
final class DTLSContext: @unchecked Sendable {
    // Safe to share: set up in init, and only read by `SSL_new` afterwards, which OpenSSL allows from several threads.
    let context: OpaquePointer
    let certificate: DTLSCertificate

    /// Forward secret and authenticated, fastest first (RFC 8827 §6.5 wants the first two).
    private static let ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"

    /// - Parameter profiles: of SRTP, by OpenSSL's names, the preferred first. Default: all that we know, AES-GCM before AES-CM.
    /// - Throws: ``MediaError`` when there is no memory.
    init(certificate: DTLSCertificate, profiles: String = SRTPProfile.openSSLNames) throws(MediaError) {
        guard let context = SSL_CTX_new(DTLS_method()) else { throw OpenSSL.error("set up encryption") }
        self.context = context
        self.certificate = certificate
        meshcam_ctx_dtls12(context)
        // Any certificate is taken here: the fingerprint decides (DTLSEndpoint).
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT) { _, _ in 1 }
        // This one answers 0 when it worked.
        guard SSL_CTX_set_cipher_list(context, Self.ciphers) == 1, SSL_CTX_set_tlsext_use_srtp(context, profiles) == 0, certificate.use(in: context)
        else {
            SSL_CTX_free(context)
            throw OpenSSL.error("set up encryption")
        }
    }

    deinit { SSL_CTX_free(context) }
}
