/// Packets that wait for their time: retransmissions first, then pictures in order. Bounded; refers to shared payloads.
struct ViewerQueue: Sendable {
    /// Retransmissions that wait at most; of more, the oldest go.
    static let resendLimit = 256

    private var units: [(unit: PacketizedAccessUnit, next: Int)] = []
    private var resends: [SendHistory.Entry] = []
    /// Payload bytes of pictures that wait.
    private(set) var bytes = 0

    init() {}

    var isEmpty: Bool { units.isEmpty && resends.isEmpty }

    mutating func append(_ unit: PacketizedAccessUnit) {
        units.append((unit, 0))
        bytes += unit.byteCount
    }

    mutating func append(resend entry: SendHistory.Entry) {
        if resends.count == Self.resendLimit { resends.removeFirst() }
        resends.append(entry)
    }

    mutating func nextResend() -> SendHistory.Entry? { resends.isEmpty ? nil : resends.removeFirst() }

    /// The next packet of the oldest picture.
    mutating func nextPacket() -> (unit: PacketizedAccessUnit, index: Int)? {
        guard let first = units.first else { return nil }
        bytes -= first.unit.byteCount(of: first.next)
        if first.next + 1 < first.unit.count {
            units[0].next += 1
        } else {
            units.removeFirst()
        }
        return (first.unit, first.next)
    }

    /// Drops everything. Answers how many packets that were.
    mutating func removeAll() -> Int {
        defer { resends.removeAll(keepingCapacity: true) }
        return resends.count + dropPictures()
    }

    /// Drops all pictures that wait. Answers how many packets that were.
    mutating func dropPictures() -> Int {
        let count = units.reduce(0) { $0 + $1.unit.count - $1.next }
        units.removeAll(keepingCapacity: true)
        bytes = 0
        return count
    }
}
