/// How media is encrypted: the protection profiles of RFC 5764 §4.1.2 and RFC 7714 §14.2 that browsers have.
enum SRTPProfile: UInt16, Sendable, CaseIterable {
    /// Several times cheaper than AES-CM with HMAC-SHA1 on processors that know AES.
    case aeadAES128GCM = 7
    case aeadAES256GCM = 8
    case aes128CMHMACSHA1_80 = 1

    var keyBytes: Int { self == .aeadAES256GCM ? 32 : 16 }
    var saltBytes: Int { self == .aes128CMHMACSHA1_80 ? 14 : 12 }
    /// What protecting an RTP packet adds.
    var tagBytes: Int { self == .aes128CMHMACSHA1_80 ? 10 : 16 }

    var opensslName: String {
        switch self {
        case .aeadAES128GCM: "SRTP_AEAD_AES_128_GCM"
        case .aeadAES256GCM: "SRTP_AEAD_AES_256_GCM"
        case .aes128CMHMACSHA1_80: "SRTP_AES128_CM_SHA1_80"
        }
    }
}

/// Master keys, each followed by its salt. Never logged.
struct SRTPKeys: Sendable, CustomStringConvertible {
    let profile: SRTPProfile
    let send: [UInt8]
    let receive: [UInt8]

    var description: String { "<SRTP keys, \(profile)>" }
}
