/// Encrypts the RTCP packets to one peer with AES-GCM and opens those from it (RFC 7714 §9).
///
/// As ``SRTPGCMCipher``, instead of libsrtp2: each viewer reports twenty times a second.
final class SRTCPGCMCipher {
    /// A tag, and the word of ``indexBytes``.
    static let overhead = AESGCM.tagBytes + indexBytes
    /// At the end of a packet: a flag, and its number (RFC 3711 §3.4).
    private static let indexBytes = 4
    private static let headerBytes = 8
    private static let encrypted: UInt32 = 1 << 31
    private let outbound: (cipher: AESGCM, salt: [UInt8])
    private let inbound: (cipher: AESGCM, salt: [UInt8])
    /// Of all our streams: no number is used twice.
    private var nextIndex: UInt32
    /// What came, by sender.
    private var windows: [UInt32: ReplayWindow] = [:]

    /// - Parameters:
    ///   - local: the master key followed by its salt, that we encrypt with.
    ///   - remote: that the peer encrypts with.
    /// - Throws: ``MediaError`` when there is no memory.
    convenience init(local: [UInt8], remote: [UInt8]) throws(MediaError) {
        try self.init(outbound: Self.sessionKey(local), inbound: Self.sessionKey(remote))
    }

    /// From session keys, and salts of 12 bytes.
    ///
    /// - Parameter firstIndex: libsrtp2 begins with 1, too.
    init(outbound: (key: [UInt8], salt: [UInt8]), inbound: (key: [UInt8], salt: [UInt8]), firstIndex: UInt32 = 1) throws(MediaError) {
        precondition(outbound.salt.count == AESGCM.ivBytes && inbound.salt.count == AESGCM.ivBytes, "no session salt")
        self.outbound = (try AESGCM(key: outbound.key, isSealing: true), outbound.salt)
        self.inbound = (try AESGCM(key: inbound.key, isSealing: false), inbound.salt)
        nextIndex = firstIndex
    }

    private static func sessionKey(_ master: [UInt8]) throws(MediaError) -> (key: [UInt8], salt: [UInt8]) {
        let (key, salt) = (Array(master.dropLast(AESGCM.ivBytes)), Array(master.suffix(AESGCM.ivBytes)))
        return (
            try SRTPKeyDerivation.key(.rtcpEncryption, masterKey: key, masterSalt: salt, count: key.count),
            try SRTPKeyDerivation.key(.rtcpSalt, masterKey: key, masterSalt: salt, count: AESGCM.ivBytes)
        )
    }

    /// Encrypts in place the compound packet of `length` bytes at the begin of `buffer`, which has room for ``overhead``.
    ///
    /// - Returns: the new length; nil for what is no packet.
    /// - Throws: ``MediaError`` when OpenSSL refuses, or all numbers are used up: at ten a second after seven years.
    func protect(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws(MediaError) -> Int? {
        precondition(buffer.count >= length + Self.overhead, "no room for the tag")
        guard length >= Self.headerBytes else { return nil }
        guard nextIndex < Self.encrypted else {
            throw MediaError(operation: "report to a viewer", text: "this session has used up its numbers", cure: "The viewer connects again by itself.")
        }
        let index = nextIndex
        nextIndex += 1
        let word = UnsafeMutableRawBufferPointer(rebasing: buffer[(length + AESGCM.tagBytes)..<(length + Self.overhead)])
        word.storeBytes(of: (Self.encrypted | index).bigEndian, as: UInt32.self)
        let (head, text) = (buffer[..<Self.headerBytes], buffer[Self.headerBytes..<length])
        try Self.withIV(of: UnsafeRawBufferPointer(rebasing: head), index, outbound.salt) { iv throws(MediaError) in
            try outbound.cipher.seal(
                UnsafeMutableRawBufferPointer(rebasing: text), iv: iv, head: UnsafeRawBufferPointer(rebasing: head), tail: UnsafeRawBufferPointer(word))
        }
        return length + Self.overhead
    }

    /// Decrypts in place the packet of `length` bytes at the begin of `buffer`.
    ///
    /// - Returns: the new length; nil for what is not genuine.
    /// - Throws: ``SRTPSession/Failure/replayed`` for what came before, or is too old to know; ``MediaError`` when OpenSSL refuses.
    func unprotect(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws -> Int? {
        guard length >= Self.headerBytes + Self.overhead, length <= buffer.count else { return nil }
        let end = length - Self.overhead
        let word = UnsafeRawBufferPointer(rebasing: buffer[(length - Self.indexBytes)..<length])
        let flagged = UInt32(bigEndian: word.loadUnaligned(as: UInt32.self))
        // What is not encrypted is nobody's who agreed on this profile.
        guard flagged & Self.encrypted != 0 else { return nil }
        let index = flagged & ~Self.encrypted
        let head = UnsafeRawBufferPointer(rebasing: buffer[..<Self.headerBytes])
        let sender = UInt32(bigEndian: head.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        var window = windows[sender] ?? ReplayWindow()
        guard window.take(UInt64(index)) else { throw SRTPSession.Failure.replayed }
        let opened = try Self.withIV(of: head, index, inbound.salt) { iv throws(MediaError) in
            try inbound.cipher.open(UnsafeMutableRawBufferPointer(rebasing: buffer[Self.headerBytes..<end]), iv: iv, head: head, tail: word)
        }
        guard opened == .genuine else { return nil }
        // Only who has the key may be remembered, and not without bound; forgetting one would let its packets come again.
        guard windows[sender] != nil || windows.count < SRTPSession.senderLimit else { return nil }
        windows[sender] = window
        return end
    }

    /// RFC 7714 §9.1: two zeros, SSRC, two zeros, number.
    private static func withIV<Result>(
        of head: UnsafeRawBufferPointer, _ index: UInt32, _ salt: [UInt8], _ work: (UnsafeBufferPointer<UInt8>) throws(MediaError) -> Result
    ) throws(MediaError) -> Result {
        var iv = salt
        for place in 0..<4 {
            iv[2 + place] ^= head[4 + place]
            iv[8 + place] ^= UInt8(truncatingIfNeeded: index >> (24 - 8 * UInt32(place)))
        }
        return try iv.withUnsafeBufferPointer { iv throws(MediaError) in try work(iv) }
    }
}
