import CSodium
import Synchronization

/// Calls of libsodium that need no key of ours. Every use of the library begins with ``ready``.
enum Sodium {
    /// `sodium_init` is safe to call from several threads and more than once; a negative result means that the machine has no
    /// source of randomness, without which no node may run.
    static let ready: Void = {
        precondition(sodium_init() >= 0, "libsodium cannot start: no source of randomness")
    }()

    /// Ed25519. `false` for keys and signatures of a wrong size.
    static func verify(_ signature: [UInt8], _ message: [UInt8], publicKey: [UInt8]) -> Bool {
        ready
        guard signature.count == Int(crypto_sign_BYTES), publicKey.count == Int(crypto_sign_PUBLICKEYBYTES) else { return false }
        return crypto_sign_verify_detached(signature, message, UInt64(message.count), publicKey) == 0
    }

    /// In a time that tells nothing but the lengths.
    static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool { a.count == b.count && sodium_memcmp(a, b, a.count) == 0 }
}

/// Cryptographically secure random bytes.
public func secureRandomBytes(_ n: Int) -> [UInt8] {
    Sodium.ready
    guard n > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: n) { buffer, count in
        if let base = buffer.baseAddress { randombytes_buf(base, n) }
        count = n
    }
}

/// BLAKE2b (RFC 7693) of 16 to 64 bytes.
///
/// - Parameter key: at most 64 bytes; empty means none.
public func blake2b(_ bytes: [UInt8], length: Int, key: [UInt8] = []) -> [UInt8] {
    Sodium.ready
    precondition((16...64).contains(length) && key.count <= 64, "BLAKE2b makes 16 to 64 bytes with a key of at most 64")
    return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
        guard let base = buffer.baseAddress else { return }
        let result = crypto_generichash(
            base, length, bytes, UInt64(bytes.count), key.isEmpty ? nil : key, key.count)
        precondition(result == 0, "crypto_generichash refused valid sizes")
        count = length
    }
}
