import Testing

@testable import Media

@Suite struct ReportGatheringTests {
    private let start = MonotonicTime.now

    @Test func reportsWaitWhileNobodyMissesAnything() {
        var gathering = ReportGathering(now: start)
        #expect(gathering.end(now: start) == nil)
        gathering.looked(isOnlyReports: true, viewers: 1, now: start)
        #expect(gathering.end(now: start) == start + ReportGathering.whileCalm)
        #expect(gathering.end(now: start + ReportGathering.whileCalm) == nil)
    }

    /// A check, a handshake, a stranger's nonsense; and where nobody watches, nothing wakes the thread.
    @Test func whatIsNoReportIsHeededAtOnce() {
        for (isOnlyReports, viewers) in [(false, 100), (true, 0)] {
            var gathering = ReportGathering(now: start)
            gathering.looked(isOnlyReports: true, viewers: 100, now: start)
            gathering.looked(isOnlyReports: isOnlyReports, viewers: viewers, now: start)
            #expect(gathering.end(now: start) == nil)
        }
    }

    @Test func whoMissesSomethingIsHeardAsItAsks() {
        var gathering = ReportGathering(now: start)
        gathering.looked(isOnlyReports: true, viewers: 1, now: start)
        gathering.disturb(now: start)
        #expect(gathering.end(now: start) == nil, "at once")
        let late = start + ReportGathering.unrest - .nanoseconds(1)
        gathering.looked(isOnlyReports: true, viewers: ReportGathering.few, now: late)
        #expect(gathering.end(now: late) == nil, "still")
        gathering.looked(isOnlyReports: true, viewers: ReportGathering.few + 1, now: late)
        #expect(gathering.end(now: late) == late + ReportGathering.whileRestless, "many are read together")
        gathering.looked(isOnlyReports: true, viewers: 1, now: start + ReportGathering.unrest)
        #expect(gathering.end(now: start + ReportGathering.unrest) != nil, "calm again")
    }
}
