/// How soon the newest fragments were safe outside the camera: the time from a fragment's last picture until a target had made it durable, or a
/// peer had taken it, whoever was first. What a thief or a lightning takes along is no more than that.
public struct RecentDepartures: Sendable {
    /// Of the newest ones, at most ``limit``.
    public struct Summary: Sendable, Equatable {
        public let fragments: Int
        /// The median, and what 99 of a hundred keep.
        public let p50, p99: Duration
    }

    static let limit = 1024
    private var ages: [Duration] = []
    private var next = 0

    mutating func add(_ new: [Duration]) {
        for age in new {
            if ages.count < Self.limit { ages.append(age) } else { ages[next] = age }
            next = (next + 1) % Self.limit
        }
    }

    /// Nil: none yet.
    var summary: Summary? {
        guard !ages.isEmpty else { return nil }
        let sorted = ages.sorted()
        return Summary(fragments: sorted.count, p50: sorted[sorted.count / 2], p99: sorted[min(sorted.count - 1, sorted.count * 99 / 100)])
    }
}
