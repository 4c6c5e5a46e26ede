/// Encryption of RTP and RTCP, both ways (RFC 3711). ``SRTPSession`` stands behind it. All calls come from one thread at a time.
protocol SRTPContext: AnyObject {
    /// Bytes that protection adds to an RTP packet, at most.
    var rtpOverhead: Int { get }
    /// To an RTCP packet: its index as well (RFC 3711 §3.4).
    var rtcpOverhead: Int { get }

    /// Encrypts in place the packet of `length` bytes at the begin of `buffer`, which has room for the overhead. Answers its new length.
    /// A packet with a sequence number that was used before is encrypted again only if it is the same packet.
    func protectRTP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws -> Int
    func protectRTCP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws -> Int
    /// Decrypts in place what the other side sent. Throws for what is not authentic or came before.
    func unprotectRTCP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws -> Int
}

/// How packets are protected, by the numbers of DTLS's use_srtp extension.
enum SRTPProfile: UInt16, Sendable, Hashable, CaseIterable {
    /// SRTP_AES128_CM_HMAC_SHA1_80 (RFC 5764 §4.1.2): everybody has it.
    case aes128CMSHA1Tag80 = 0x0001
    /// SRTP_AEAD_AES_128_GCM (RFC 7714 §14.2): a fifth of the other's cost [measured: media.md].
    case aeadAES128GCM = 0x0007
    case aeadAES256GCM = 0x0008

    /// The names that OpenSSL gives them, the preferred first.
    static let openSSLNames = "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80"

    var keyBytes: Int { self == .aeadAES256GCM ? 32 : 16 }
    /// RFC 3711 §8.2, RFC 7714 §12.
    var saltBytes: Int { self == .aes128CMSHA1Tag80 ? 14 : 12 }
    /// What the DTLS exporter must give.
    var materialBytes: Int { 2 * (keyBytes + saltBytes) }
}

/// Master keys and salts of both directions, each key followed by its salt as libsrtp2 takes them.
struct SRTPKeys: Sendable, Hashable {
    /// What we encrypt with.
    var local: [UInt8]
    /// What the other side encrypts with.
    var remote: [UInt8]

    /// Takes the exporter's material apart: the client's key, the server's key, the client's salt, the server's salt (RFC 5764 §4.2).
    /// nil if its length is not the profile's.
    init?(material: [UInt8], profile: SRTPProfile, role: DTLSRole) {
        guard material.count == profile.materialBytes else { return nil }
        let key = profile.keyBytes
        let salt = profile.saltBytes
        let client = material[..<key] + material[(2 * key)..<(2 * key + salt)]
        let server = material[key..<(2 * key)] + material[(2 * key + salt)...]
        local = Array(role == .client ? client : server)
        remote = Array(role == .client ? server : client)
    }
}
