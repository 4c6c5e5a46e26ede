/// Encrypts the RTP packets to one peer with AES-GCM (RFC 7714), by OpenSSL.
///
/// It is the one thing that is done for every packet of every viewer. libsrtp2 makes a new cipher context for each packet where it was built on
/// NSS, as in Debian: 2 µs, four times the work itself.
final class SRTPGCMCipher {
    private static let headerBytes = 12

    private let cipher: AESGCM
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
        precondition(salt.count == AESGCM.ivBytes, "no session salt")
        self.salt = salt
        cipher = try AESGCM(key: key, isSealing: true)
    }

    /// From the master key followed by its salt.
    convenience init(masterKeyAndSalt: [UInt8]) throws(MediaError) {
        let (key, salt) = (Array(masterKeyAndSalt.dropLast(AESGCM.ivBytes)), Array(masterKeyAndSalt.suffix(AESGCM.ivBytes)))
        try self.init(
            key: try SRTPKeyDerivation.key(.rtpEncryption, masterKey: key, masterSalt: salt, count: key.count),
            salt: try SRTPKeyDerivation.key(.rtpSalt, masterKey: key, masterSalt: salt, count: AESGCM.ivBytes))
    }

    /// Encrypts in place the packet of `length` bytes at the begin of `buffer`, which has room for the tag. The header stays readable and is
    /// authenticated (RFC 7714 §8).
    ///
    /// - Returns: the new length; nil for what is no packet.
    /// - Throws: ``MediaError`` when OpenSSL refuses.
    func protect(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws(MediaError) -> Int? {
        precondition(buffer.count >= length + AESGCM.tagBytes, "no room for the tag")
        guard let header = Self.headerLength(UnsafeRawBufferPointer(rebasing: buffer[..<length])), let base = buffer.baseAddress else { return nil }
        let bytes = base.assumingMemoryBound(to: UInt8.self)
        let sequence = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
        let ssrc = (8..<12).reduce(0 as UInt32) { $0 << 8 | UInt32(bytes[$1]) }
        let rollovers = take(sequence, of: ssrc)
        // RFC 7714 §8.1: two zeros, SSRC, rollovers, sequence number.
        try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: AESGCM.ivBytes) { iv throws(MediaError) in
            iv[0] = salt[0]
            iv[1] = salt[1]
            for place in 0..<4 {
                iv[2 + place] = bytes[8 + place] ^ salt[2 + place]
                iv[6 + place] = UInt8(truncatingIfNeeded: rollovers >> (24 - 8 * UInt32(place))) ^ salt[6 + place]
            }
            iv[10] = bytes[2] ^ salt[10]
            iv[11] = bytes[3] ^ salt[11]
            try cipher.seal(
                UnsafeMutableRawBufferPointer(rebasing: buffer[header..<length]), iv: UnsafeBufferPointer(iv),
                head: UnsafeRawBufferPointer(rebasing: buffer[..<header]))
        }
        return length + AESGCM.tagBytes
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
