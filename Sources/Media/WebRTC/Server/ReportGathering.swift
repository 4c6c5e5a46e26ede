/// Until when datagrams of viewers are left to gather.
///
/// Some 20 times a second each viewer reports what came, and nearly always that is all of it. To wake for that costs the thread more than to
/// read it. So reports wait: for the next picture, which wakes the thread anyway, as long as nobody needs an answer. Pictures and deadlines
/// never wait.
struct ReportGathering {
    /// While all packets arrive and nobody is just coming: longer than one picture at 30 a second. So late at most is the first request for a
    /// lost packet after a calm.
    static let whileCalm = Duration.milliseconds(40)
    /// Otherwise, of many viewers: their reports come so close together that several are read at once.
    static let whileRestless = Duration.milliseconds(4)
    /// Of so many viewers too few gather in that time to be worth a second waking.
    static let few = 12
    /// No calm for so long after a viewer came, moved, or asked for what it missed.
    static let unrest = Duration.seconds(2)

    private var until: MonotonicTime
    private var calmFrom: MonotonicTime

    init(now: MonotonicTime) { (until, calmFrom) = (now, now) }

    /// When datagrams have to be looked at, though nothing else is to be done; nil: as soon as they come.
    func end(now: MonotonicTime) -> MonotonicTime? { now < until ? until : nil }

    /// Somebody comes, or misses something.
    mutating func disturb(now: MonotonicTime) {
        calmFrom = now + Self.unrest
        until = now
    }

    /// Datagrams were looked at.
    ///
    /// - Parameter isOnlyReports: all that had come was read, and nothing of it but authentic reports: neither strangers nor who waits for an
    ///   answer may get the port to look away. Also if nothing had come and it was a picture that woke the thread: the next one does, too.
    mutating func looked(isOnlyReports: Bool, viewers: Int, now: MonotonicTime) {
        if !isOnlyReports || viewers == 0 {
            until = now
        } else if now >= calmFrom {
            until = now + Self.whileCalm
        } else if viewers > Self.few {
            until = now + Self.whileRestless
        } else {
            until = now
        }
    }
}
