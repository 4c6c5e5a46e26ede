/// What a datagram is, by its first byte: several protocols share one port (RFC 7983 §7), and RTP and RTCP share one by their types (RFC 5761 §4).
enum DatagramKind: Sendable, Hashable {
    case stun
    case dtls
    case rtp
    case rtcp

    /// nil for anything else: ZRTP, TURN channels, noise.
    init?(_ datagram: ArraySlice<UInt8>) {
        guard let first = datagram.first, datagram.count >= 2 else { return nil }
        switch first {
        case 0...3: self = .stun
        case 20...63: self = .dtls
        case 128...191:
            // Packet types 192 to 223: payload types 64 to 95 are not used for RTP where both share a port.
            self = (192...223).contains(datagram[datagram.startIndex + 1]) ? .rtcp : .rtp
        default: return nil
        }
    }
}
