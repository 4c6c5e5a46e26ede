import CSRTP

/// Encrypts what goes to one peer, and opens what comes from it (RFC 3711, RFC 7714). Used from one thread at a time.
///
/// Every SSRC of one direction shares the session's key; each has its own sequence numbers, so none may be used twice for different
/// content: a packet that is sent again is sent as it was, or as RTX with a number of its own.
struct SRTPSession: ~Copyable {
    enum Failure: Error, Equatable {
        /// Not from the peer, altered, or cut short.
        case notGenuine
        /// Had before, or too old to know.
        case replayed
        case refused(Int32)
    }

    /// Room that a buffer needs behind an RTP packet; libsrtp writes no more (`SRTP_MAX_TRAILER_LEN`).
    static let trailerBytes = 16 + 128
    /// The same behind an RTCP packet, which has an index besides.
    static let controlTrailerBytes = trailerBytes + 4
    /// Packets that may come late and are still told from replayed ones.
    private static let window: UInt = 1024

    private let outbound: srtp_t
    private let inbound: srtp_t

    /// - Throws: ``MediaError`` when there is no memory, or the keys are none of that profile.
    init(_ keys: SRTPKeys) throws(MediaError) {
        guard Self.isReady else { throw MediaError(operation: "encrypt live pictures", text: "libsrtp2 does not start", cure: "Install libsrtp2-1 again.") }
        let outbound = try Self.session(keys.profile, keys.send, ssrc_any_outbound)
        do throws(MediaError) {
            inbound = try Self.session(keys.profile, keys.receive, ssrc_any_inbound)
        } catch {
            srtp_dealloc(outbound)
            throw error
        }
        self.outbound = outbound
    }

    deinit {
        srtp_dealloc(outbound)
        srtp_dealloc(inbound)
    }

    /// Encrypts a whole RTP packet where it lies.
    ///
    /// - Parameters:
    ///   - buffer: the packet, and ``trailerBytes`` more.
    ///   - count: of the packet.
    /// - Returns: how long it is now.
    mutating func protect(_ buffer: UnsafeMutableRawBufferPointer, count: Int) throws(Failure) -> Int {
        precondition(buffer.count >= count + Self.trailerBytes, "no room for the tag")
        var length = Int32(count)
        try Self.check(srtp_protect(outbound, buffer.baseAddress, &length))
        return Int(length)
    }

    /// Encrypts a compound RTCP packet.
    mutating func protect(control packet: [UInt8]) throws(Failure) -> [UInt8] {
        try Self.inPlace(packet, least: 8, room: Self.controlTrailerBytes) { srtp_protect_rtcp(outbound, $0, $1) }
    }

    /// Encrypts a whole RTP packet.
    mutating func protect(_ packet: [UInt8]) throws(Failure) -> [UInt8] {
        try Self.inPlace(packet, least: 12, room: Self.trailerBytes) { srtp_protect(outbound, $0, $1) }
    }

    /// Opens an SRTCP packet.
    mutating func unprotect(control packet: [UInt8]) throws(Failure) -> [UInt8] {
        try Self.inPlace(packet, least: 8, room: 0) { srtp_unprotect_rtcp(inbound, $0, $1) }
    }

    /// Opens an SRTP packet.
    mutating func unprotect(_ packet: [UInt8]) throws(Failure) -> [UInt8] {
        try Self.inPlace(packet, least: 12, room: 0) { srtp_unprotect(inbound, $0, $1) }
    }

    private static func inPlace(
        _ packet: [UInt8], least: Int, room: Int, _ work: (UnsafeMutableRawPointer?, UnsafeMutablePointer<Int32>) -> srtp_err_status_t
    ) throws(Failure) -> [UInt8] {
        // libsrtp reads the header before it looks at the length.
        guard packet.count >= least, packet.count <= 1 << 16 else { throw .notGenuine }
        var buffer = packet + [UInt8](repeating: 0, count: room)
        var length = Int32(packet.count)
        let status = buffer.withUnsafeMutableBytes { work($0.baseAddress, &length) }
        try check(status)
        return Array(buffer.prefix(Int(length)))
    }

    private static func check(_ status: srtp_err_status_t) throws(Failure) {
        switch status {
        case srtp_err_status_ok: break
        case srtp_err_status_replay_fail, srtp_err_status_replay_old: throw .replayed
        case srtp_err_status_auth_fail, srtp_err_status_parse_err, srtp_err_status_bad_param: throw .notGenuine
        default: throw .refused(Int32(bitPattern: status.rawValue))
        }
    }

    /// libsrtp wants to be started once for the process.
    private static let isReady = srtp_init() == srtp_err_status_ok

    private static func session(_ profile: SRTPProfile, _ key: [UInt8], _ direction: srtp_ssrc_type_t) throws(MediaError) -> srtp_t {
        var policy = srtp_policy_t()
        let known = srtp_profile_t(rawValue: UInt32(profile.rawValue))
        var session: srtp_t?
        var key = key
        guard key.count == profile.keyBytes + profile.saltBytes,
            srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, known) == srtp_err_status_ok,
            srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, known) == srtp_err_status_ok
        else {
            throw MediaError(operation: "encrypt live pictures", text: "the keys do not fit the cipher", cure: "This is a fault of the program; please report it.")
        }
        policy.ssrc.type = direction
        policy.window_size = window
        let status = key.withUnsafeMutableBufferPointer { bytes in
            policy.key = bytes.baseAddress
            return srtp_create(&session, &policy)
        }
        guard status == srtp_err_status_ok, let session else {
            throw MediaError(operation: "encrypt live pictures", code: Int32(status.rawValue), text: "libsrtp2 refuses", cure: "Free some memory and try again.")
        }
        return session
    }
}
