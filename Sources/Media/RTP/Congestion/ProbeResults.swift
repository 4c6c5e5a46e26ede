/// What a burst at a higher rate showed: how fast its packets arrived.
struct ProbeResults: Sendable {
    private struct Burst {
        var bytes = 0
        var count = 0
        var firstBytes = 0
        var lastBytes = 0
        var firstSent: MonotonicTime
        var lastSent: MonotonicTime
        var firstArrived: Double
        var lastArrived: Double
    }

    /// Packets that must have arrived before a burst counts.
    static let packetsNeeded = 6
    private static let burstLimit = 4

    private var bursts: [Int: Burst] = [:]

    init() {}

    /// Takes a packet of a probe that arrived. Answers the rate that the burst shows so far, if it shows one.
    mutating func add(_ probe: Int, _ packet: SentPacketLog.Packet, arrived: Double) -> Double? {
        if bursts.count >= Self.burstLimit, bursts[probe] == nil { bursts = bursts.filter { $0.key + 1 >= probe } }
        var burst =
            bursts[probe] ?? Burst(firstSent: packet.sent, lastSent: packet.sent, firstArrived: arrived, lastArrived: arrived)
        if burst.count == 0 || packet.sent < burst.firstSent { (burst.firstSent, burst.firstBytes) = (packet.sent, packet.bytes) }
        if packet.sent >= burst.lastSent { (burst.lastSent, burst.lastBytes) = (packet.sent, packet.bytes) }
        burst.firstArrived = min(burst.firstArrived, arrived)
        burst.lastArrived = max(burst.lastArrived, arrived)
        burst.bytes += packet.bytes
        burst.count += 1
        bursts[probe] = burst
        guard burst.count >= Self.packetsNeeded else { return nil }
        let sending = burst.lastSent.seconds(since: burst.firstSent)
        let arriving = burst.lastArrived - burst.firstArrived
        guard sending > 0.001, arriving > 0.001, sending < 1, arriving < 1 else { return nil }
        let sent = Double(burst.bytes - burst.lastBytes) * 8 / sending
        let received = Double(burst.bytes - burst.firstBytes) * 8 / arriving
        // Faster than sent by much: packets were held up and released; that shows nothing.
        guard received < 2 * sent else { return nil }
        // Slower: the link is full, and what came is what it carries.
        return received < 0.9 * sent ? 0.95 * received : min(sent, received)
    }
}
