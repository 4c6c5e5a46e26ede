/// What the kernel had no room for: it goes out in order as soon as there is room. A key frame for many viewers is more than a socket's buffer
/// holds, and losing half of it would make each of them ask for it again.
struct SendBacklog {
    /// Bytes that may wait.
    static let limit = 8 << 20
    /// And how long: after that the network is slower than all streams together, and what is old only holds up what is new. Viewers report
    /// what is left out as lost, and their streams become smaller.
    static let patience = Duration.milliseconds(300)

    private var bytes: [UInt8] = []
    private var waiting: [(batch: DatagramPort.Batch, since: MonotonicTime)] = []
    /// Datagrams that found no room here, or waited too long.
    private(set) var lost = 0

    var isEmpty: Bool { waiting.isEmpty }

    /// Puts batches of a buffer behind what waits.
    mutating func append(_ new: [DatagramPort.Batch], of buffer: [UInt8], now: MonotonicTime) {
        for batch in new {
            guard bytes.count + batch.bytes.count <= Self.limit else {
                lost += Self.datagrams(in: batch)
                continue
            }
            let begin = bytes.count
            bytes += buffer[batch.bytes]
            waiting.append((.init(path: batch.path, bytes: begin..<bytes.count, segment: batch.segment), now))
        }
    }

    /// Sends what waits and is not too old, as far as there is room: `send` answers the rest, perhaps in smaller pieces.
    mutating func drain(now: MonotonicTime, _ send: (UnsafeRawBufferPointer, [DatagramPort.Batch]) -> [DatagramPort.Batch]) {
        let old = waiting.prefix { now - $0.since > Self.patience }
        lost += old.reduce(0) { $0 + Self.datagrams(in: $1.batch) }
        let sent = waiting[old.endIndex...]
        var place = sent.startIndex
        waiting = bytes.withUnsafeBytes { send($0, sent.map(\.batch)) }.map { piece in
            while sent[place].batch.bytes.upperBound <= piece.bytes.lowerBound { place += 1 }
            return (piece, sent[place].since)
        }
        compact()
    }

    /// Lets go of the bytes that are gone; not each time, for it moves all that wait.
    private mutating func compact() {
        guard let gone = waiting.first?.batch.bytes.lowerBound else { return bytes.removeAll() }
        guard gone > bytes.count / 2 else { return }
        bytes.removeFirst(gone)
        for place in waiting.indices {
            let range = waiting[place].batch.bytes
            waiting[place].batch.bytes = (range.lowerBound - gone)..<(range.upperBound - gone)
        }
    }

    private static func datagrams(in batch: DatagramPort.Batch) -> Int { (batch.bytes.count + batch.segment - 1) / batch.segment }
}
