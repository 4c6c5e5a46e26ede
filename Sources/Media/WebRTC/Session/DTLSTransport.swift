/// A DTLS association (RFC 6347) without sockets or clock: datagrams in, datagrams out. OpenSSL stands behind it.
///
/// Order of calls: `start`, then any number of the others. After every call, `nextDatagram` is asked until it answers nil, then
/// `progress` is looked at. All calls come from one thread at a time.
protocol DTLSTransport: AnyObject {
    /// Begins the handshake; a client has its first message then.
    func start(as role: DTLSRole, now: MonotonicTime)
    /// Takes a datagram of the other side. What is no DTLS, or not authentic, is dropped.
    func handle(_ datagram: ArraySlice<UInt8>, now: MonotonicTime)
    /// The next datagram to send, one for each call, none longer than 1200 bytes.
    func nextDatagram() -> [UInt8]?
    /// When `handleTimeout` is due, to repeat a lost flight (RFC 6347 §4.2.4); nil if nothing is awaited.
    func nextTimeout(now: MonotonicTime) -> MonotonicTime?
    func handleTimeout(now: MonotonicTime)
    /// How far the association is.
    var progress: DTLSProgress { get }
    /// The hash of the other side's certificate; nil before there is one, and for an unknown algorithm (`sha-256`, `sha-384`, `sha-512`).
    func peerFingerprint(algorithm: String) -> [UInt8]?
    /// Says goodbye: an alert waits in `nextDatagram`.
    func close()
}

enum DTLSProgress: Sendable, Hashable {
    case handshaking
    /// The keys are agreed; `material` is what the exporter "EXTRACTOR-dtls_srtp" gave (RFC 5764 §4.2).
    case established(profile: SRTPProfile, material: [UInt8])
    /// The other side said goodbye.
    case closed
    /// With the library's own text.
    case failed(String)
}
