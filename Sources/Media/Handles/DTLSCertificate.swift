import COpenSSL

/// A self-signed certificate and its key, new with each start: WebRTC trusts fingerprints told by the signalling, and no name (RFC 8827 §6.5).
///
/// OpenSSL counts references to both; whoever uses it holds this object.
final class DTLSCertificate: @unchecked Sendable {
    // Safe to share: nothing changes them after init, and OpenSSL's own reference counts are atomic.
    private let key: OpaquePointer
    private let certificate: OpaquePointer
    /// SHA-256 of the DER form, for descriptions.
    let fingerprint: CertificateFingerprint

    /// P-256, as RFC 8827 §6.5 wants; good from a day ago, for clocks that are behind, and for a year.
    ///
    /// - Throws: ``MediaError`` when there is no memory.
    init() throws(MediaError) {
        let operation = "make a certificate for live pictures"
        guard let key = meshcam_p256_key(), let certificate = X509_new() else { throw OpenSSL.error(operation) }
        self.key = key
        self.certificate = certificate
        let day = 86_400
        let isMade =
            X509_set_version(certificate, 2) == 1
            && ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), Int64.random(in: 1...Int64.max)) == 1
            && X509_gmtime_adj(X509_getm_notBefore(certificate), -day) != nil && X509_gmtime_adj(X509_getm_notAfter(certificate), 365 * day) != nil
            && X509_set_pubkey(certificate, key) == 1
            && "MeshCam".withCString { name in
                name.withMemoryRebound(to: UInt8.self, capacity: 8) {
                    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", 0x1000 /* MBSTRING_UTF8 */, $0, -1, -1, 0) == 1
                }
            }
            && X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 && X509_sign(certificate, key, EVP_sha256()) > 0
        guard isMade, let hash = Self.hash(of: certificate, algorithm: "sha-256") else {
            // `deinit` frees only what a whole object owns.
            X509_free(certificate)
            EVP_PKEY_free(key)
            throw OpenSSL.error(operation)
        }
        fingerprint = CertificateFingerprint(algorithm: "sha-256", bytes: hash)
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    /// Whether `context` has both now.
    func use(in context: OpaquePointer) -> Bool {
        SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1
    }

    /// Of a certificate's DER form, by the names of RFC 8122 §5 that are good enough; `nil` for others.
    static func hash(of certificate: OpaquePointer, algorithm: String) -> [UInt8]? {
        let kind: OpaquePointer? =
            switch algorithm {
            case "sha-256": EVP_sha256()
            case "sha-384": EVP_sha384()
            case "sha-512": EVP_sha512()
            default: nil
            }
        var hash = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard let kind, X509_digest(certificate, kind, &hash, &length) == 1 else { return nil }
        return Array(hash.prefix(Int(length)))
    }
}

/// What all users of OpenSSL share.
enum OpenSSL {
    /// The library's own words for what failed last on this thread, which forgets it.
    static func text() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return "no reason was given" }
        var buffer = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(code, &buffer, buffer.count)
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func error(_ operation: String) -> MediaError {
        MediaError(operation: operation, text: text(), cure: "Free some memory and try again.")
    }
}
