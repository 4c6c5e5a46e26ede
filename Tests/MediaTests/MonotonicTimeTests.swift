import Testing

@testable import Media

@Suite struct MonotonicTimeTests {
    private let start = MonotonicTime(nanoseconds: 1_000)

    @Test(arguments: [.zero, .nanoseconds(1), .nanoseconds(-1), .milliseconds(33), .seconds(9), .seconds(10), .seconds(-10), .seconds(86_400)] as [Duration])
    func whatIsAddedIsTheDifference(duration: Duration) {
        #expect((start + duration) - start == duration)
        #expect((start - duration) - start == .zero - duration)
        #expect((start + duration).seconds(since: start) == duration / .seconds(1))
        #expect((start < start + duration) == (duration > .zero))
    }

    /// Durations that people and peers choose are no reason to trap.
    @Test func endlessDurationsAreLong() {
        let (late, early) = (start + .seconds(Int64.max), start - .seconds(Int64.max))
        #expect(late - start > .seconds(86_400 * 365) && start - early > .seconds(86_400 * 365))
        #expect(MonotonicTime.never < early)
    }

    @Test func itIsTheContinuousClock() {
        let instant = ContinuousClock.now
        #expect(MonotonicTime(instant + .milliseconds(250)) - MonotonicTime(instant) == .milliseconds(250))
        let before = MonotonicTime(.now)
        #expect(before <= MonotonicTime.now)
    }

    @Test(arguments: [0, 1, -1, 250_000, 3_600_000_000_000, -3_600_000_000_000, 1_000_000_000_000_001] as [Int64])
    func secondsOfADuration(nanoseconds: Int64) {
        let exact = Double(nanoseconds) / 1e9
        #expect(abs(Duration.nanoseconds(nanoseconds).inSeconds - exact) <= max(1e-15, abs(exact) * 1e-15))
    }
}
