import CSodium

/// Passwords as Argon2id (RFC 9106) in libsodium's own text form: `$argon2id$v=19$m=65536,t=3,p=1$…`.
///
/// Both calls take 64 MiB and up to half a second of a Raspberry Pi: run them on a thread of their own, one at a time, never on
/// the cooperative pool.
public enum PasswordHash {
    /// 64 MiB: what a small Pi can spare.
    static let memoryBytes = 64 << 20
    /// Passes over the memory.
    static let passes: UInt64 = 3

    /// - Throws: ``TrustError`` when the memory is not there.
    public static func make(_ password: String) throws(TrustError) -> String {
        Sodium.ready
        let bytes = password.utf8.map { CChar(bitPattern: $0) }
        var text = [CChar](repeating: 0, count: Int(crypto_pwhash_STRBYTES))
        guard crypto_pwhash_str(&text, bytes, UInt64(bytes.count), passes, memoryBytes) == 0 else {
            throw TrustError(
                operation: "hash a password", reason: "64 MiB of memory are not free", cure: "Stop other programs on this machine and try again.")
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// `false` for a wrong password and for a text that is no hash of a size this accepts.
    public static func verify(_ password: String, against hash: String) -> Bool {
        Sodium.ready
        let limit = Int(crypto_pwhash_STRBYTES)
        guard hash.utf8.count < limit, hash.hasPrefix("$argon2id$") else { return false }
        // The text may come from another node: it must not be able to ask for gigabytes or minutes.
        let parameters = hash.split(separator: "$").dropFirst(2).first?.split(separator: ",") ?? []
        let costs = Dictionary(parameters.compactMap { pair -> (String, Int)? in
            let parts = pair.split(separator: "=")
            guard parts.count == 2, let value = Int(parts[1]) else { return nil }
            return (String(parts[0]), value)
        }, uniquingKeysWith: { first, _ in first })
        guard let memory = costs["m"], memory <= 4 * memoryBytes / 1024, let passes = costs["t"], passes <= 16 else { return false }
        let bytes = password.utf8.map { CChar(bitPattern: $0) }
        var text = hash.utf8.map { CChar(bitPattern: $0) }
        text += [CChar](repeating: 0, count: limit - text.count)
        return crypto_pwhash_str_verify(text, bytes, UInt64(bytes.count)) == 0
    }
}
