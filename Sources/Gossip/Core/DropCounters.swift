/// Counts refused packets, and says once in a while how many there were: an attacker must not be able to fill the log.
package struct DropCounters: Sendable {
    /// Time between two reports.
    static let interval = Duration.seconds(60)

    package private(set) var total: [PeerLink.Refusal: Int] = [:]
    private var reported: [PeerLink.Refusal: Int] = [:]
    private var nextReport: ContinuousClock.Instant?

    mutating func count(_ refusal: PeerLink.Refusal, _ packets: Int = 1) {
        // Nothing is no news: a report would have nothing to say.
        guard packets > 0 else { return }
        total[refusal, default: 0] += packets
    }

    /// "12 foreign, 1 replayed" since the last report; `nil` when it is not time or there is nothing to say.
    mutating func report(now: ContinuousClock.Instant) -> String? {
        if let nextReport, now < nextReport { return nil }
        guard total != reported else { return nil }
        nextReport = now + Self.interval
        let news = PeerLink.Refusal.allCases.compactMap { refusal -> String? in
            let count = (total[refusal] ?? 0) - (reported[refusal] ?? 0)
            return count > 0 ? "\(count) \(refusal.rawValue)" : nil
        }
        reported = total
        return news.joined(separator: ", ")
    }
}
