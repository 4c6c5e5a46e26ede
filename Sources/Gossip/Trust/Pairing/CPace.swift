import Crypto
import CSodium

/// One side of CPace (draft-irtf-cfrg-cpace-21), suite CPACE-RISTR255-SHA512: two who know the same short password agree on a strong key,
/// and whoever listens or guesses learns nothing but whether one guess was right.
///
/// The names in brackets are the draft's. Its published vectors are in CPaceTests.
struct CPace: Sendable {
    /// What goes to the other side: `Ya` or `Yb`, 32 bytes.
    let share: [UInt8]
    private let scalar: SecretBytes

    /// - Parameters:
    ///   - password: `PRS`.
    ///   - channel: `CI`, what both know of each other and the channel; a difference leads to different keys.
    ///   - session: `sid`, fresh and the same for both.
    init(password: [UInt8], channel: [UInt8], session: [UInt8]) {
        Sodium.ready
        var scalar = [UInt8](repeating: 0, count: Int(crypto_core_ristretto255_SCALARBYTES))
        crypto_core_ristretto255_scalar_random(&scalar)
        defer { sodium_memzero(&scalar, scalar.count) }
        self.init(generator: Self.generator(password: password, channel: channel, session: session), scalar: scalar)
    }

    /// - Parameter scalar: `ya` or `yb`; random, except in tests.
    init(generator: [UInt8], scalar: [UInt8]) {
        var share = [UInt8](repeating: 0, count: Int(crypto_core_ristretto255_BYTES))
        let result = crypto_scalarmult_ristretto255(&share, scalar, generator)
        precondition(result == 0, "a random scalar times a generator is never the identity")
        self.share = share
        self.scalar = SecretBytes(scalar)
    }

    /// The point that both sides know, `K`. `nil` where the draft says abort: no point, or one that leads to the identity.
    func secret(with other: [UInt8]) -> SecretBytes? {
        guard other.count == Int(crypto_core_ristretto255_BYTES) else { return nil }
        var secret = [UInt8](repeating: 0, count: Int(crypto_core_ristretto255_BYTES))
        defer { sodium_memzero(&secret, secret.count) }
        guard scalar.withBytes({ crypto_scalarmult_ristretto255(&secret, $0, other) }) == 0 else { return nil }
        return SecretBytes(secret)
    }

    /// The generator `g` (§7.2, `calculate_generator`).
    static func generator(password: [UInt8], channel: [UInt8], session: [UInt8]) -> [UInt8] {
        Sodium.ready
        let hash = hashToGenerator(password: password, channel: channel, session: session)
        var generator = [UInt8](repeating: 0, count: Int(crypto_core_ristretto255_BYTES))
        let result = crypto_core_ristretto255_from_hash(&generator, hash)
        precondition(result == 0, "every 64 bytes lead to a point")
        return generator
    }

    /// SHA-512 of the generator string: domain, password, zeros up to the hash's first block, channel, session.
    static func hashToGenerator(password: [UInt8], channel: [UInt8], session: [UInt8]) -> [UInt8] {
        let domain = Array("CPaceRistretto255".utf8)
        let head = lengthValue(domain) + lengthValue(password)
        let padding = [UInt8](repeating: 0, count: max(0, sha512Block - 1 - head.count))
        return sha512(head + lengthValue(padding) + lengthValue(channel) + lengthValue(session))
    }

    private static let sha512Block = 128

    /// What one side contributed: its share `Y` and its associated data `AD`.
    struct Contribution: Sendable {
        let share: [UInt8]
        let data: [UInt8]
        var bytes: [UInt8] { lengthValue(share) + lengthValue(data) }
    }

    /// The session key `ISK`, 64 bytes; initiator-responder setting.
    static func sessionKey(session: [UInt8], secret: SecretBytes, initiator: Contribution, responder: Contribution) -> SecretBytes {
        var input = lengthValue(Array("CPaceRistretto255_ISK".utf8)) + lengthValue(session) + lengthValue(secret.copy)
        input += initiator.bytes + responder.bytes
        defer { sodium_memzero(&input, input.count) }
        return SecretBytes(sha512(input))
    }

    /// Key confirmation (§9.4): what only who knows the session key can make of a contribution, `Ta` or `Tb`; 64 bytes.
    static func tag(of contribution: Contribution, session: [UInt8], sessionKey: SecretBytes) -> [UInt8] {
        Array(HMAC<SHA512>.authenticationCode(for: contribution.bytes, using: confirmationKey(session, sessionKey)))
    }

    /// Whether a tag is right, in a time that tells nothing.
    static func isTag(_ tag: [UInt8], of contribution: Contribution, session: [UInt8], sessionKey: SecretBytes) -> Bool {
        HMAC<SHA512>.isValidAuthenticationCode(tag, authenticating: contribution.bytes, using: confirmationKey(session, sessionKey))
    }

    /// `mac_key`.
    static func confirmationKey(_ session: [UInt8], _ sessionKey: SecretBytes) -> SymmetricKey {
        SymmetricKey(data: sha512(Array("CPaceMac".utf8) + session + sessionKey.copy))
    }

    private static func sha512(_ bytes: [UInt8]) -> [UInt8] { Array(SHA512.hash(data: bytes)) }
}

/// `lv_cat` of one string (§A.1.1): its length as LEB128, then itself.
func lengthValue(_ bytes: [UInt8]) -> [UInt8] {
    var prefix: [UInt8] = []
    var rest = bytes.count
    repeat {
        let low = UInt8(rest & 0x7f)
        rest >>= 7
        prefix.append(rest > 0 ? low | 0x80 : low)
    } while rest > 0
    return prefix + bytes
}
