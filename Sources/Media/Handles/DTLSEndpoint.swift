import COpenSSL

/// One end of a DTLS 1.2 association (RFC 6347), whose only purpose is to agree on SRTP keys (RFC 5764), by OpenSSL.
///
/// It opens no socket. OpenSSL keeps its own clock for retransmissions; ``nextTimeout(now:)`` tells when to call ``handleTimeout(now:)``.
final class DTLSEndpoint: DTLSTransport {
    /// What fits every path, as WebRTC's implementations use.
    static let mtu = 1200
    /// Datagrams that wait to be taken; a flight is shorter.
    private static let outgoingLimit = 32

    private(set) var progress = DTLSProgress.handshaking
    private let ssl: OpaquePointer
    private var hasStarted = false
    private var incoming: ArraySlice<UInt8> = []
    private var outgoing: [[UInt8]] = []

    /// - Throws: ``MediaError`` when there is no memory.
    init(_ context: DTLSContext) throws(MediaError) {
        let operation = "begin an encrypted connection"
        guard let ssl = SSL_new(context.context) else { throw OpenSSL.error(operation) }
        self.ssl = ssl
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
    }

    deinit { SSL_free(ssl) }

    func start(as role: DTLSRole, now: MonotonicTime) {
        guard !hasStarted else { return }
        hasStarted = true
        if role == .client { SSL_set_connect_state(ssl) } else { SSL_set_accept_state(ssl) }
        advance()
    }

    func handle(_ datagram: ArraySlice<UInt8>, now: MonotonicTime) {
        guard hasStarted, !isOver else { return }
        incoming = datagram
        advance()
        incoming = []
    }

    func nextDatagram() -> [UInt8]? { outgoing.isEmpty ? nil : outgoing.removeFirst() }

    func nextTimeout(now: MonotonicTime) -> MonotonicTime? {
        var left = timeval()
        guard hasStarted, progress == .handshaking, meshcam_dtls_timeout(ssl, &left) == 1 else { return nil }
        return now + .seconds(left.tv_sec) + .microseconds(left.tv_usec)
    }

    /// Sends the last flight again (RFC 6347 §4.2.4). Too many times end the association.
    func handleTimeout(now: MonotonicTime) {
        guard hasStarted, progress == .handshaking else { return }
        if meshcam_dtls_handle_timeout(ssl) < 0 { progress = .failed("nobody answered") }
    }

    func peerFingerprint(algorithm: String) -> [UInt8]? {
        SSL_get0_peer_certificate(ssl).flatMap { DTLSCertificate.hash(of: $0, algorithm: algorithm) }
    }

    func close() {
        guard hasStarted, !isOver else { return }
        if case .established = progress { SSL_shutdown(ssl) }
        progress = .closed
    }

    // MARK: -

    private var isOver: Bool {
        switch progress {
        case .handshaking, .established: false
        case .closed, .failed: true
        }
    }

    private func advance() {
        ERR_clear_error()
        if progress == .handshaking {
            let result = SSL_do_handshake(ssl)
            if result == 1 { finish() } else { judge(result) }
        }
        guard case .established = progress else { return }
        // Nobody sends application data here; alerts are read on the way, and flights that came again are answered.
        var scratch = [UInt8](repeating: 0, count: 2048)
        let result = SSL_read(ssl, &scratch, Int32(scratch.count))
        if result <= 0 { judge(result) }
    }

    private func judge(_ result: Int32) {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: break
        case SSL_ERROR_ZERO_RETURN:
            SSL_shutdown(ssl)
            progress = .closed
        default: progress = .failed(OpenSSL.text())
        }
        ERR_clear_error()
    }

    private func finish() {
        guard let selected = SSL_get_selected_srtp_profile(ssl), let profile = SRTPProfile(rawValue: UInt16(truncatingIfNeeded: selected.pointee.id)) else {
            return refuse("the other side knows none of our SRTP profiles")
        }
        var material = [UInt8](repeating: 0, count: profile.materialBytes)
        // RFC 5764 §4.2.
        let label = "EXTRACTOR-dtls_srtp"
        guard SSL_export_keying_material(ssl, &material, material.count, label, label.utf8.count, nil, 0, 0) == 1 else {
            return refuse(OpenSSL.text())
        }
        progress = .established(profile: profile, material: material)
    }

    private func refuse(_ why: String) {
        SSL_shutdown(ssl)
        progress = .failed(why)
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
