import CSRTP

/// Encrypts what goes to one peer, and opens what comes from it (RFC 3711, RFC 7714): with AES-GCM, which everybody prefers, by
/// ``SRTPGCMCipher`` and ``SRTCPGCMCipher``, else by libsrtp2.
///
/// Every SSRC of one direction shares the session's key; each has its own sequence numbers, so none may be used twice for different
/// content: a packet that is sent again is sent as it was, or as RTX with a number of its own.
final class SRTPSession: SRTPContext {
    enum Failure: Error, Equatable {
        /// Not from the peer, altered, or cut short.
        case notGenuine
        /// Had before, or too old to know.
        case replayed
        case refused(Int32)
    }

    /// Packets that may come late and are still told from replayed ones.
    private static let window: UInt = 1024
    /// Shorter ones are no packets; libsrtp reads a header before it looks at the length.
    private static let (rtpHeader, rtcpHeader) = (12, 8)

    /// A tag; libsrtp writes no more without a master key identifier.
    let rtpOverhead: Int
    /// A tag, and the index with its flag.
    let rtcpOverhead: Int
    /// Nil without AES-GCM.
    private let cipher: SRTPGCMCipher?
    private let controlCipher: SRTCPGCMCipher?
    private let outbound: srtp_t
    private let inbound: srtp_t
    /// Senders of reports that libsrtp2 remembers; it would go through any number of them for each packet.
    private var senders: Set<UInt32> = []
    /// Senders of one peer that are told apart; a browser has one or two.
    static let senderLimit = 64

    /// - Throws: ``MediaError`` when there is no memory, or the keys are none of that profile.
    init(_ profile: SRTPProfile, _ keys: SRTPKeys) throws(MediaError) {
        guard Self.isReady else { throw MediaError(operation: "encrypt live pictures", text: "libsrtp2 does not start", cure: "Install libsrtp2-1 again.") }
        rtpOverhead = profile == .aes128CMSHA1Tag80 ? 10 : 16
        rtcpOverhead = rtpOverhead + 4
        cipher = profile == .aes128CMSHA1Tag80 ? nil : try SRTPGCMCipher(masterKeyAndSalt: keys.local)
        controlCipher = profile == .aes128CMSHA1Tag80 ? nil : try SRTCPGCMCipher(local: keys.local, remote: keys.remote)
        outbound = try Self.session(profile, keys.local, ssrc_any_outbound)
        do throws(MediaError) {
            inbound = try Self.session(profile, keys.remote, ssrc_any_inbound)
        } catch {
            srtp_dealloc(outbound)
            throw error
        }
    }

    deinit {
        srtp_dealloc(outbound)
        srtp_dealloc(inbound)
    }

    func protectRTP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws -> Int {
        precondition(buffer.count >= length + rtpOverhead, "no room for the tag")
        guard let cipher else { return try Self.run(buffer, length, least: Self.rtpHeader) { srtp_protect(outbound, $0, $1) } }
        guard let count = try cipher.protect(buffer, length: length) else { throw Failure.notGenuine }
        return count
    }

    func protectRTCP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws -> Int {
        precondition(buffer.count >= length + rtcpOverhead, "no room for the tag")
        guard let controlCipher else { return try Self.run(buffer, length, least: Self.rtcpHeader) { srtp_protect_rtcp(outbound, $0, $1) } }
        guard let count = try controlCipher.protect(buffer, length: length) else { throw Failure.notGenuine }
        return count
    }

    func unprotectRTCP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws -> Int {
        guard let controlCipher else { return try unprotectByLibrary(buffer, length: length) }
        guard let count = try controlCipher.unprotect(buffer, length: length) else { throw Failure.notGenuine }
        return count
    }

    private func unprotectByLibrary(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws(Failure) -> Int {
        guard length >= Self.rtcpHeader, length <= buffer.count else { throw .notGenuine }
        let sender = UInt32(bigEndian: buffer.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        guard senders.contains(sender) || senders.count < Self.senderLimit else { throw .notGenuine }
        let count = try Self.run(buffer, length, least: Self.rtcpHeader) { srtp_unprotect_rtcp(inbound, $0, $1) }
        senders.insert(sender)
        return count
    }

    /// Decrypts an RTP packet in place: for the receiving side, which tests have.
    func unprotectRTP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws -> Int {
        try Self.run(buffer, length, least: Self.rtpHeader) { srtp_unprotect(inbound, $0, $1) }
    }

    private static func run(
        _ buffer: UnsafeMutableRawBufferPointer, _ length: Int, least: Int,
        _ work: (UnsafeMutableRawPointer?, UnsafeMutablePointer<Int32>) -> srtp_err_status_t
    ) throws(Failure) -> Int {
        guard (least...1 << 16).contains(length), length <= buffer.count else { throw .notGenuine }
        var count = Int32(length)
        try check(work(buffer.baseAddress, &count))
        return Int(count)
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
        // libsrtp has the numbers of DTLS's use_srtp extension, too.
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
        // A viewer that knows no retransmission format gets a lost packet once more as it was, bit for bit.
        policy.allow_repeat_tx = 1
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
