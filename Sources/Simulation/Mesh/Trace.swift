/// What happened, as one number and the last part in words. Two runs with the same number went the same way.
package struct Trace: Sendable {
    package enum Kind: String, Sendable {
        case timer, packet, request, answer, unanswered, written, discovered, fault, start, crash, pause, said, changed, delivered, told
    }

    private struct Entry: Sendable {
        let time: VirtualTime
        let kind: Kind
        let node: Int
        let other: Int
        let size: Int
        let text: String?
    }

    /// The newest of a kind, up to a limit.
    private struct Ring: Sendable {
        let limit: Int
        var entries: [Entry] = []
        var oldest = 0

        mutating func add(_ entry: Entry) {
            if entries.count < limit {
                entries.append(entry)
            } else {
                entries[oldest] = entry
                oldest = (oldest + 1) % limit
            }
        }

        var ordered: [Entry] { Array(entries[oldest...] + entries[..<oldest]) }
    }

    private var summary = FastHash()
    /// The mere passing of timers, packets and requests.
    private var traffic = Ring(limit: 40)
    private var news = Ring(limit: 400)
    package private(set) var count = 0

    package var hash: UInt64 { summary.value }

    /// - Parameter text: only for what is rare: making it costs more than all the rest.
    mutating func note(
        _ kind: Kind, at time: VirtualTime, node: Int, other: Int = -1, bytes: [UInt8] = [], text: String? = nil
    ) {
        count += 1
        summary.add(UInt64(bitPattern: time.nanoseconds))
        let between = UInt64(UInt32(truncatingIfNeeded: node)) << 24 ^ UInt64(UInt32(truncatingIfNeeded: other))
        summary.add(between)
        summary.add(Array(kind.rawValue.utf8))
        if !bytes.isEmpty { summary.add(bytes) }
        if let text { summary.add(Array(text.utf8)) }
        let entry = Entry(time: time, kind: kind, node: node, other: other, size: bytes.count, text: text)
        switch kind {
        case .timer, .packet, .request, .answer, .written: traffic.add(entry)
        case .unanswered, .discovered, .fault, .start, .crash, .pause, .said, .changed, .delivered, .told: news.add(entry)
        }
    }

    /// The last news, oldest first, and between them the last of the traffic.
    package func last(_ count: Int) -> [String] {
        let chosen = (news.ordered.suffix(count) + traffic.ordered).sorted { $0.time < $1.time }
        return chosen.map { entry in
            let other = entry.other >= 0 ? " from \(entry.other)" : ""
            let size = entry.size > 0 ? " \(entry.size) B" : ""
            return "\(entry.time) node \(entry.node): \(entry.kind.rawValue)\(other)\(size)\(entry.text.map { " \($0)" } ?? "")"
        }
    }
}
