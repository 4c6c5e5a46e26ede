@testable import Media

/// Adds a key to the first bytes behind the header and a checksum at the end, and is as strict as a real cipher about what may be encrypted.
/// The rest stays as it is: hours of virtual video pass through.
final class FakeSRTP: SRTPContext {
    enum Failure: Error {
        case notAuthentic
        case replayed
        /// Two different packets under one number: the end of any stream cipher's secrecy.
        case numberUsedTwice(UInt16)
    }

    let rtpOverhead = 16
    let rtcpOverhead = 20
    private let keys: SRTPKeys
    private var sent: [UInt64: [UInt8]] = [:]
    private var received: Set<UInt64> = []

    init(_ keys: SRTPKeys) {
        self.keys = keys
    }

    private static func checksum(_ bytes: UnsafeRawBufferPointer, _ key: [UInt8]) -> [UInt8] {
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes.prefix(48) { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        sum ^= UInt64(bytes.count)
        for byte in key { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        var tag: [UInt8] = []
        tag.append(bigEndian: sum)
        tag.append(bigEndian: ~sum)
        return tag
    }

    private func protect(_ buffer: UnsafeMutableRawBufferPointer, length: Int, header: Int, extra: Int) -> Int {
        for index in header..<min(length, header + 16) { buffer[index] ^= keys.local[index % keys.local.count] | 1 }
        let tag = Self.checksum(UnsafeRawBufferPointer(rebasing: buffer[..<length]), keys.local) + [UInt8](repeating: 0, count: extra)
        for (index, byte) in tag.enumerated() { buffer[length + index] = byte }
        return length + tag.count
    }

    private func unprotect(_ buffer: UnsafeMutableRawBufferPointer, length: Int, header: Int, extra: Int) throws -> Int {
        let plain = length - 16 - extra
        guard plain >= header else { throw Failure.notAuthentic }
        let tag = Self.checksum(UnsafeRawBufferPointer(rebasing: buffer[..<plain]), keys.remote)
        guard tag.elementsEqual(buffer[plain..<plain + 16]) else { throw Failure.notAuthentic }
        for index in header..<min(plain, header + 16) { buffer[index] ^= keys.remote[index % keys.remote.count] | 1 }
        return plain
    }

    func protectRTP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws -> Int {
        let packet = Array(buffer[..<length])
        guard let header = RTPPacket(packet[...])?.header else { throw Failure.notAuthentic }
        let number = UInt64(header.ssrc) << 16 | UInt64(header.sequenceNumber)
        if let before = sent[number], before != packet { throw Failure.numberUsedTwice(header.sequenceNumber) }
        sent[number] = packet
        return protect(buffer, length: length, header: 12, extra: 0)
    }

    func unprotectRTP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws -> Int {
        let plain = try unprotect(buffer, length: length, header: 12, extra: 0)
        guard let header = RTPPacket(Array(buffer[..<plain])[...])?.header else { throw Failure.notAuthentic }
        guard received.insert(UInt64(header.ssrc) << 16 | UInt64(header.sequenceNumber)).inserted else { throw Failure.replayed }
        return plain
    }

    func protectRTCP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws -> Int {
        protect(buffer, length: length, header: 8, extra: 4)
    }

    func unprotectRTCP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) throws -> Int {
        try unprotect(buffer, length: length, header: 8, extra: 4)
    }
}
