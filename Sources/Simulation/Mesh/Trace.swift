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

    private static let limit = 400

    private var summary = FastHash()
    private var entries: [Entry] = []
    private var oldest = 0
    package private(set) var count = 0

    package var hash: UInt64 { summary.value }

    /// - Parameter text: only for what is rare: making it costs more than all the rest.
    mutating func note(
        _ kind: Kind, at time: VirtualTime, node: Int, other: Int = -1, bytes: [UInt8] = [], text: String? = nil
    ) {
        count += 1
        summary.add(UInt64(bitPattern: time.nanoseconds))
        summary.add(UInt64(kind.rawValue.utf8.count) << 48 ^ UInt64(UInt32(truncatingIfNeeded: node)) << 24 ^ UInt64(UInt32(truncatingIfNeeded: other)))
        if !bytes.isEmpty { summary.add(bytes) }
        if let text { summary.add(Array(text.utf8)) }
        let entry = Entry(time: time, kind: kind, node: node, other: other, size: bytes.count, text: text)
        if entries.count < Self.limit {
            entries.append(entry)
        } else {
            entries[oldest] = entry
            oldest = (oldest + 1) % Self.limit
        }
    }

    /// The last events, oldest first; without the mere passing of timers and packets if `onlyNews`.
    package func last(_ count: Int, onlyNews: Bool = false) -> [String] {
        let ordered = entries[oldest...] + entries[..<oldest]
        let chosen = ordered.filter { entry in
            guard onlyNews else { return true }
            switch entry.kind {
            case .timer, .packet, .request, .answer, .written: return false
            default: return true
            }
        }
        return chosen.suffix(count).map { entry in
            let other = entry.other >= 0 ? " from \(entry.other)" : ""
            let size = entry.size > 0 ? " \(entry.size) B" : ""
            return "\(entry.time) node \(entry.node): \(entry.kind.rawValue)\(other)\(size)\(entry.text.map { " \($0)" } ?? "")"
        }
    }
}
