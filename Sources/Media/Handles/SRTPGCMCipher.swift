import COpenSSL

/// Encrypts the RTP packets to one peer with AES-GCM (RFC 7714), by OpenSSL.
///
/// It is the one thing that is done for every packet of every viewer. libsrtp2, which does everything else here, makes a new cipher context for
/// each packet where it was built on NSS, as in Debian: 2 µs, four times the work itself.
final class SRTPGCMCipher {
    static let tagBytes = 16
    private static let ivBytes = 12
    private static let headerBytes = 12

    private let context: OpaquePointer
    private let salt: [UInt8]
    /// Each stream's count of wraps of its sequence numbers (RFC 3711 §3.3.1); a session has two streams.
    private var streams: [(ssrc: UInt32, position: Position)] = []

    private struct Position {
        var rollovers: UInt32 = 0
        var highest: UInt16

        /// Rollovers at the time of a packet near the highest one.
        func rollovers(of sequence: UInt16) -> UInt32 {
            let isBefore = Int16(bitPattern: sequence &- highest) < 0
            if isBefore { return sequence > highest ? rollovers &- 1 : rollovers }
            return sequence < highest ? rollovers &+ 1 : rollovers
        }
    }

    /// - Parameters:
    ///   - key: the session's, of 16 or 32 bytes.
    ///   - salt: the session's, of 12 bytes.
    /// - Throws: ``MediaError`` when there is no memory.
    init(key: [UInt8], salt: [UInt8]) throws(MediaError) {
        precondition([16, 32].contains(key.count) && salt.count == Self.ivBytes, "no session key")
        self.salt = salt
        guard let context = EVP_CIPHER_CTX_new() else { throw OpenSSL.error("encrypt live pictures") }
        self.context = context
        guard EVP_EncryptInit_ex(context, key.count == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(), nil, key, nil) == 1 else {
            EVP_CIPHER_CTX_free(context)
            throw OpenSSL.error("encrypt live pictures")
        }
    }

    /// From the master key followed by its salt.
    convenience init(masterKeyAndSalt: [UInt8]) throws(MediaError) {
        let (key, salt) = (Array(masterKeyAndSalt.dropLast(Self.ivBytes)), Array(masterKeyAndSalt.suffix(Self.ivBytes)))
        try self.init(
            key: try SRTPKeyDerivation.key(.rtpEncryption, masterKey: key, masterSalt: salt, count: key.count),
            salt: try SRTPKeyDerivation.key(.rtpSalt, masterKey: key, masterSalt: salt, count: Self.ivBytes))
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// Encrypts in place the packet of `length` bytes at the begin of `buffer`, which has room for the tag. The header stays readable and is
    /// authenticated (RFC 7714 §8, §9).
    ///
    /// - Returns: the new length; nil for what is no packet.
    /// - Throws: ``MediaError`` when OpenSSL refuses.
    func protect(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws(MediaError) -> Int? {
        precondition(buffer.count >= length + Self.tagBytes, "no room for the tag")
        guard let header = Self.headerLength(UnsafeRawBufferPointer(rebasing: buffer[..<length])), let base = buffer.baseAddress else { return nil }
        let bytes = base.assumingMemoryBound(to: UInt8.self)
        let sequence = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
        let ssrc = (8..<12).reduce(0 as UInt32) { $0 << 8 | UInt32(bytes[$1]) }
        let rollovers = take(sequence, of: ssrc)
        // RFC 7714 §8.1: two zeros, SSRC, rollovers, sequence number.
        let isEncrypted = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.ivBytes) { iv in
            iv[0] = salt[0]
            iv[1] = salt[1]
            for place in 0..<4 {
                iv[2 + place] = bytes[8 + place] ^ salt[2 + place]
                iv[6 + place] = UInt8(truncatingIfNeeded: rollovers >> (24 - 8 * UInt32(place))) ^ salt[6 + place]
            }
            iv[10] = bytes[2] ^ salt[10]
            iv[11] = bytes[3] ^ salt[11]
            var written: Int32 = 0
            return EVP_EncryptInit_ex(context, nil, nil, nil, iv.baseAddress) == 1
                && EVP_EncryptUpdate(context, nil, &written, bytes, Int32(header)) == 1
                && EVP_EncryptUpdate(context, bytes + header, &written, bytes + header, Int32(length - header)) == 1
                && EVP_EncryptFinal_ex(context, bytes + length, &written) == 1
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagBytes), base + length) == 1
        }
        guard isEncrypted else { throw OpenSSL.error("encrypt live pictures") }
        return length + Self.tagBytes
    }

    /// Rollovers of this packet of this stream, which is the highest from now on if it is beyond.
    private func take(_ sequence: UInt16, of ssrc: UInt32) -> UInt32 {
        guard let place = streams.firstIndex(where: { $0.ssrc == ssrc }) else {
            streams.append((ssrc, Position(highest: sequence)))
            return 0
        }
        let position = streams[place].position
        let rollovers = position.rollovers(of: sequence)
        if Int16(bitPattern: sequence &- position.highest) > 0 { streams[place].position = Position(rollovers: rollovers, highest: sequence) }
        return rollovers
    }

    /// Fixed header, contributing sources, extension (RFC 3550 §5.1, §5.3.1); nil if it is longer than the packet.
    private static func headerLength(_ packet: UnsafeRawBufferPointer) -> Int? {
        guard packet.count >= headerBytes else { return nil }
        var length = headerBytes + 4 * Int(packet[0] & 0x0f)
        if packet[0] & 0x10 != 0 {
            guard packet.count >= length + 4 else { return nil }
            length += 4 + 4 * (Int(packet[length + 2]) << 8 | Int(packet[length + 3]))
        }
        return packet.count >= length ? length : nil
    }
}
