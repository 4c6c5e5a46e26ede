import Synchronization

/// Hands other nodes' triggers to this node's own readers, and counts what they lose because they are too slow.
///
/// A trigger is acknowledged before it waits here. To acknowledge only what finds room would help nobody: readers that are
/// ``limit`` triggers behind are stuck, so every other node would send its triggers nine times and keep them in its record, and they would
/// end up here all the same. And what is lost is the oldest, of which little is left to record; of an incident the newest one reaches
/// furthest.
final class TriggerFeed: Sendable {
    /// Triggers that wait for one reader.
    static let limit = 256
    /// Time between two reports of losses.
    static let reportInterval = Duration.seconds(60)

    private struct Losses: Sendable {
        var unreported = 0
        var reportedAt: ContinuousClock.Instant?
    }

    private let feed = ChangeFeed<GroupTrigger>(limit: limit, lossNotice: nil)
    private let losses = Mutex(Losses())

    func stream() -> AsyncStream<GroupTrigger> { feed.stream() }

    /// - Returns: how many triggers were lost to it.
    func yield(_ trigger: GroupTrigger) -> Int {
        let lost = feed.yield(trigger)
        if lost > 0 { losses.withLock { $0.unreported += lost } }
        return lost
    }

    /// How many were lost since the last report; `nil` when there is nothing to say, or it is not time to.
    func report(now: ContinuousClock.Instant) -> Int? {
        losses.withLock { losses in
            guard losses.unreported > 0, losses.reportedAt.map({ now - $0 >= Self.reportInterval }) ?? true else { return nil }
            defer { losses = Losses(unreported: 0, reportedAt: now) }
            return losses.unreported
        }
    }
}
