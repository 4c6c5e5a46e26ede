/// A moment of this process's monotonic clock, in whole nanoseconds.
///
/// What is decided for every packet of every viewer compares moments all the time. `ContinuousClock.Instant` has a layout that the compiler may
/// not know, so each comparison of one, and each copy of a value that holds one, is a call through tables; this is one number.
struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Since the process's first look at this clock.
    let nanoseconds: Int64

    /// Where both clocks meet.
    private static let start = ContinuousClock.now

    /// Before all others, for what has not happened.
    static let never = MonotonicTime(nanoseconds: .min / 2)

    static var now: MonotonicTime { MonotonicTime(ContinuousClock.now) }

    init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    init(_ instant: ContinuousClock.Instant) { nanoseconds = (instant - Self.start).wholeNanoseconds }

    static func < (earlier: Self, later: Self) -> Bool { earlier.nanoseconds < later.nanoseconds }

    static func + (moment: Self, duration: Duration) -> Self { Self(nanoseconds: moment.nanoseconds + duration.wholeNanoseconds) }
    static func - (moment: Self, duration: Duration) -> Self { Self(nanoseconds: moment.nanoseconds - duration.wholeNanoseconds) }
    static func - (later: Self, earlier: Self) -> Duration { .nanoseconds(later.nanoseconds - earlier.nanoseconds) }
    static func += (moment: inout Self, duration: Duration) { moment = moment + duration }

    /// Seconds from another moment to this one; negative: that one is later.
    func seconds(since earlier: Self) -> Double { Double(nanoseconds - earlier.nanoseconds) * 1e-9 }
}

extension Duration {
    /// In nanoseconds.
    private static let century: Int128 = 100 * 365 * 86_400 * 1_000_000_000

    /// Without the rest of less than one, and at most a hundred years either way: nothing here waits longer, and sums stay in bounds.
    fileprivate var wholeNanoseconds: Int64 {
        // Nine seconds and less need no division of 128 bits.
        if let attoseconds = Int64(exactly: attoseconds) { return attoseconds / 1_000_000_000 }
        return Int64(max(-Self.century, min(Self.century, attoseconds / 1_000_000_000)))
    }
}
