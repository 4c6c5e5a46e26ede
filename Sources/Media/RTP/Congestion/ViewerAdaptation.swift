/// What a viewer gets, from the most to the least.
enum ViewerRung: Int, Sendable, Hashable, Comparable, CaseIterable {
    /// Key frames of the smallest stream: a picture every two seconds, on any link.
    case keyFrames
    case small
    case main

    static func < (left: ViewerRung, right: ViewerRung) -> Bool { left.rawValue < right.rawValue }

    var stream: LiveStream { self == .main ? .main : .small }
}

/// Decides from the estimate of a viewer's link what the viewer gets. Does no I/O and reads no clock.
///
/// Down soon when the link cannot carry what is sent; up only after the link has been good enough for a while, with room to spare. Each fall
/// that follows a rise soon doubles that while, so that a link between two rungs is not climbed again and again.
struct ViewerAdaptation: Sendable {
    /// Bit/s of the streams, measured; nil for a stream that is unknown or does not exist.
    struct Rates: Sendable, Hashable {
        var main: Double?
        var small: Double?
        /// Of the key frames alone.
        var keyFrames: Double?

        init(main: Double? = nil, small: Double? = nil, keyFrames: Double? = nil) {
            self.main = main
            self.small = small
            self.keyFrames = keyFrames
        }
    }

    /// A rung is entered from below with this much room.
    static let headroom = 1.25
    /// And left when the estimate stays below what it needs by one of these factors for so long. One false alarm of the estimator costs 15 %
    /// and heals in two seconds; it must not cost the stream. Two in a row, or a real fall, go deeper.
    static let shallow = (factor: 0.9, endurance: Duration.seconds(3))
    static let deep = (factor: 0.7, endurance: Duration.milliseconds(200))
    /// A fall goes past a rung only if the estimate is below this share of what the rung needs: right after a link has shrunk it is too low.
    static let skip = 0.5
    /// How long a link must be good before a rise; doubles up to the second after each failed rise.
    static let patience = Duration.seconds(3)...Duration.seconds(60)
    /// A fall this soon after a rise means that the rise was wrong.
    static let trial = Duration.seconds(15)

    /// The most that the viewer wants: a small tile in a grid never asks for more.
    private(set) var ceiling: ViewerRung
    private(set) var rung: ViewerRung
    private var wait = patience.lowerBound
    private var goodSince: MonotonicTime?
    private var shallowSince: MonotonicTime?
    private var deepSince: MonotonicTime?
    private var lastRise: MonotonicTime?

    init(ceiling: ViewerRung = .main) {
        self.ceiling = ceiling
        rung = ceiling
    }

    /// The viewer wants less, or more. More is given without the usual wait if the estimate allows it and no rise has failed lately: somebody
    /// looks.
    mutating func set(ceiling new: ViewerRung, now: MonotonicTime) {
        if new > ceiling, wait == Self.patience.lowerBound { goodSince = now - wait }
        ceiling = new
    }

    /// Bit/s that the next rung needs; nil on the highest, or if its rate is unknown. A stream that nobody watches does not run, and is
    /// guessed from the one that does.
    func wanted(_ rates: Rates) -> Double? {
        guard let next = Self.above(rung), next <= ceiling, let rate = Self.rate(of: next, rates) else { return nil }
        return rate * Self.headroom
    }

    /// Takes the estimate. Answers the new rung if it changes.
    mutating func update(estimate: Double, rates: Rates, now: MonotonicTime) -> ViewerRung? {
        if rung > ceiling { return change(to: ceiling) }
        if let rate = Self.rate(of: rung, rates), let lower = Self.below(rung) {
            shallowSince = estimate < rate * Self.shallow.factor ? shallowSince ?? now : nil
            deepSince = estimate < rate * Self.deep.factor ? deepSince ?? now : nil
            if let shallowSince {
                goodSince = nil
                let isOver = now - shallowSince >= Self.shallow.endurance || deepSince.map { now - $0 >= Self.deep.endurance } ?? false
                return isOver ? fall(from: lower, estimate: estimate, rates: rates, now: now) : nil
            }
        }
        if let lastRise, now - lastRise >= Self.trial {
            // It held.
            self.lastRise = nil
            wait = max(wait / 2, Self.patience.lowerBound)
        }
        guard let wanted = wanted(rates), estimate >= wanted, let next = Self.above(rung) else {
            goodSince = nil
            return nil
        }
        let since = goodSince ?? now
        goodSince = since
        guard now - since >= wait else { return nil }
        lastRise = now
        return change(to: next)
    }

    private mutating func fall(from highest: ViewerRung, estimate: Double, rates: Rates, now: MonotonicTime) -> ViewerRung {
        if let lastRise, now - lastRise < Self.trial { wait = min(wait * 2, Self.patience.upperBound) }
        lastRise = nil
        var lower = highest
        while let rate = Self.rate(of: lower, rates), estimate < rate * Self.skip, let next = Self.below(lower) { lower = next }
        return change(to: lower)
    }

    private mutating func change(to new: ViewerRung) -> ViewerRung {
        rung = new
        goodSince = nil
        shallowSince = nil
        deepSince = nil
        return new
    }

    private static func rate(of rung: ViewerRung, _ rates: Rates) -> Double? {
        switch rung {
        case .main: rates.main ?? rates.small.map { $0 * 6 }
        case .small: rates.small ?? rates.main.map { $0 / 6 }
        case .keyFrames: rates.keyFrames
        }
    }

    private static func above(_ rung: ViewerRung) -> ViewerRung? { ViewerRung(rawValue: rung.rawValue + 1) }
    private static func below(_ rung: ViewerRung) -> ViewerRung? { ViewerRung(rawValue: rung.rawValue - 1) }
}
