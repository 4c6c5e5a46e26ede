import COpenSSL

/// One end of a DTLS 1.2 association (RFC 6347), whose only purpose is to agree on SRTP keys (RFC 5764).
///
/// It opens no socket: datagrams come in by ``receive(_:)`` and go out by ``takeDatagrams()``. OpenSSL keeps its own clock for
/// retransmissions; ``timeout`` tells when to call ``handleTimeout()``. Used from one thread at a time.
final class DTLSEndpoint {
    enum Role: Sendable {
        /// Speaks first (`a=setup:active`).
        case client
        /// Waits (`a=setup:passive`).
        case server
    }

    enum State: Sendable, Equatable {
        case handshaking
        /// Keys are there, and the peer's certificate is the one that was told.
        case connected
        /// The peer said goodbye.
        case closed
        case failed(String)
    }

    /// What fits every path: 1,200 bytes of DTLS, as WebRTC's implementations use.
    static let mtu = 1200
    /// Datagrams that wait to be taken; a flight is shorter.
    private static let outgoingLimit = 32

    private(set) var state = State.handshaking
    private let ssl: OpaquePointer
    private let fingerprints: [DTLSFingerprint]
    private var incoming: ArraySlice<UInt8> = []
    private var outgoing: [[UInt8]] = []

    /// - Parameters:
    ///   - fingerprints: of the peer's certificate, as its session description tells; one must fit (RFC 8122 §5).
    /// - Throws: ``MediaError`` when there is no memory.
    init(_ context: DTLSContext, role: Role, fingerprints: [DTLSFingerprint]) throws(MediaError) {
        let operation = "begin an encrypted connection"
        guard let ssl = SSL_new(context.context) else { throw OpenSSL.error(operation) }
        self.ssl = ssl
        self.fingerprints = fingerprints
        guard let bio = BIO_new(Self.method) else {
            SSL_free(ssl)
            throw OpenSSL.error(operation)
        }
        // Not retained: the BIO goes with `ssl`, which goes with this object.
        BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        BIO_set_init(bio, 1)
        SSL_set_bio(ssl, bio, bio)
        meshcam_ssl_set_mtu(ssl, Self.mtu)
        // RFC 6347 §4.2.4.1 begins with a second; on a lossy Wi-Fi that is what a viewer waits. Where ICE has found a path, 50 ms is a long time.
        DTLS_set_timer_cb(ssl) { _, last in last == 0 ? 50_000 : min(last * 2, 3_000_000) }
        if role == .client { SSL_set_connect_state(ssl) } else { SSL_set_accept_state(ssl) }
    }

    deinit { SSL_free(ssl) }

    /// The client's first flight. Of a server, nothing happens yet.
    func start() { advance() }

    /// A datagram whose first byte says DTLS (RFC 7983 §7: 20 to 63). Whatever it holds, this never fails: what is not right is dropped,
    /// or ends the association in ``State/failed(_:)``.
    func receive(_ datagram: ArraySlice<UInt8>) {
        switch state {
        case .closed, .failed: return
        case .handshaking, .connected: break
        }
        incoming = datagram
        advance()
        incoming = []
    }

    /// What is to be sent, oldest first.
    func takeDatagrams() -> [[UInt8]] {
        defer { outgoing = [] }
        return outgoing
    }

    /// How long until ``handleTimeout()`` is due; nil while nothing waits for an answer.
    var timeout: Duration? {
        var left = timeval()
        guard state == .handshaking, meshcam_dtls_timeout(ssl, &left) == 1 else { return nil }
        return .seconds(left.tv_sec) + .microseconds(left.tv_usec)
    }

    /// Sends the last flight again (RFC 6347 §4.2.4). Too many times end the association.
    func handleTimeout() {
        guard state == .handshaking else { return }
        if meshcam_dtls_handle_timeout(ssl) < 0 { fail("nobody answered") }
    }

    /// Says goodbye.
    func close() {
        guard state == .connected else { return }
        SSL_shutdown(ssl)
        state = .closed
    }

    /// What was agreed on; nil before ``State/connected``, and when the peer knows no profile of ours.
    func keys() -> SRTPKeys? {
        guard state == .connected, let profile = SSL_get_selected_srtp_profile(ssl).flatMap({ SRTPProfile(rawValue: UInt16(truncatingIfNeeded: $0.pointee.id)) })
        else { return nil }
        let (key, salt) = (profile.keyBytes, profile.saltBytes)
        var material = [UInt8](repeating: 0, count: 2 * (key + salt))
        let label = "EXTRACTOR-dtls_srtp"
        guard SSL_export_keying_material(ssl, &material, material.count, label, label.utf8.count, nil, 0, 0) == 1 else { return nil }
        // RFC 5764 §4.2: client key, server key, client salt, server salt.
        let client = Array(material[0..<key] + material[2 * key..<2 * key + salt])
        let server = Array(material[key..<2 * key] + material[(2 * key + salt)...])
        let isServer = SSL_is_server(ssl) == 1
        return SRTPKeys(profile: profile, send: isServer ? server : client, receive: isServer ? client : server)
    }

    // MARK: -

    private func advance() {
        ERR_clear_error()
        if state == .handshaking {
            let result = SSL_do_handshake(ssl)
            if result == 1 { finish() } else { judge(result) }
        }
        guard state == .connected else { return }
        // Nobody sends application data here; alerts are read on the way.
        var scratch = [UInt8](repeating: 0, count: 2048)
        let result = SSL_read(ssl, &scratch, Int32(scratch.count))
        if result <= 0 { judge(result) }
    }

    private func judge(_ result: Int32) {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: break
        case SSL_ERROR_ZERO_RETURN:
            SSL_shutdown(ssl)
            state = .closed
        default: fail(OpenSSL.text())
        }
        ERR_clear_error()
    }

    private func fail(_ why: String) { state = .failed(why) }

    private func finish() {
        guard let certificate = SSL_get0_peer_certificate(ssl) else { return refuse("the peer showed no certificate") }
        let fits = fingerprints.contains { DTLSFingerprint(of: certificate, $0.algorithm) == $0 }
        guard fits else { return refuse("the peer's certificate is not the one that its session description names") }
        guard SSL_get_selected_srtp_profile(ssl) != nil else { return refuse("the peer knows none of our SRTP profiles") }
        state = .connected
    }

    private func refuse(_ why: String) {
        SSL_shutdown(ssl)
        fail(why)
    }

    // MARK: The BIO

    /// One write is one datagram, one read is one datagram. Made once for the process, never freed.
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        // Written here once, before anybody reads it.
        let method = BIO_meth_new(BIO_get_new_index() | meshcam_BIO_TYPE, "datagrams in memory")
        BIO_meth_set_write(method) { bio, bytes, count in
            guard let bio, let bytes, count > 0, let endpoint = DTLSEndpoint.of(bio) else { return -1 }
            return endpoint.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
        }
        BIO_meth_set_read(method) { bio, bytes, count in
            guard let bio, let bytes, count > 0, let endpoint = DTLSEndpoint.of(bio) else { return -1 }
            meshcam_bio_clear_retry(bio)
            let taken = endpoint.read(UnsafeMutableRawBufferPointer(start: bytes, count: Int(count)))
            if taken == 0 {
                meshcam_bio_want_read(bio)
                return -1
            }
            return taken
        }
        BIO_meth_set_ctrl(method) { _, command, _, _ in
            switch command {
            case meshcam_BIO_CTRL_FLUSH: 1
            case meshcam_BIO_CTRL_DGRAM_QUERY_MTU: DTLSEndpoint.mtu
            default: 0
            }
        }
        return method
    }()

    private static func of(_ bio: OpaquePointer) -> DTLSEndpoint? {
        BIO_get_data(bio).map { Unmanaged<DTLSEndpoint>.fromOpaque($0).takeUnretainedValue() }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        if outgoing.count < Self.outgoingLimit { outgoing.append(Array(bytes)) }
        return Int32(bytes.count)
    }

    /// What does not fit is lost, as of a socket.
    private func read(_ buffer: UnsafeMutableRawBufferPointer) -> Int32 {
        defer { incoming = [] }
        let count = min(incoming.count, buffer.count)
        buffer.copyBytes(from: incoming.prefix(count))
        return Int32(count)
    }
}
