import Foundation

/// A suspect's time to refute: long for a single accuser, shorter with each independent one (Lifeguard, Dadgar et al. 2018, §IV-B).
struct Suspicion: Sendable {
    private(set) var started: ContinuousClock.Instant
    /// Who accused first.
    let accuser: NodeID
    private var accusers: Set<NodeID>
    private let minimum: Duration
    private let maximum: Duration
    /// Accusers beyond the first that bring the time down to its minimum.
    private let needed: Int
    private let askInterval: Duration
    private let lastAsk: Duration
    private var askedAt: ContinuousClock.Instant

    /// SWIM §4.2; K and the two ends of the time: Lifeguard §IV-B.
    init(by accuser: NodeID, members: Int, settings: GossipSettings, now: ContinuousClock.Instant) {
        started = now
        askedAt = now
        askInterval = settings.suspectAskInterval
        lastAsk = settings.suspectLastAsk
        self.accuser = accuser
        accusers = [accuser]
        minimum = Self.minimum(members: members, settings: settings)
        // Nobody can confirm in a mesh of two: then there is no reason to wait for it.
        needed = max(0, min(settings.suspicionConfirmations, members - 2))
        maximum = minimum * settings.suspicionMaximumFactor
    }

    /// Lifeguard §IV-B: grows with log10 N. The numbers are ours (mesh.md §3).
    static func minimum(members: Int, settings: GossipSettings) -> Duration {
        max(settings.suspicionMinimum, settings.suspicionPerDecade * log10(Double(max(1, members))))
    }

    /// Lifeguard §IV-B: max − (max − min) · log(confirmations + 1) / log(needed + 1).
    static func timeout(confirmations: Int, needed: Int, minimum: Duration, maximum: Duration) -> Duration {
        guard needed > 0 else { return minimum }
        let fraction = min(1, log(Double(max(0, confirmations)) + 1) / log(Double(needed) + 1))
        return max(minimum, maximum - (maximum - minimum) * fraction)
    }

    /// When it turns into a death: counted from the start, so each confirmation moves it forward (Lifeguard §IV-B).
    var deadline: ContinuousClock.Instant {
        started + Self.timeout(confirmations: accusers.count - 1, needed: needed, minimum: minimum, maximum: maximum)
    }

    /// Lifeguard §IV-B, the first K only. Whether that accusation shortens the time; such a one is worth passing on, all others are not.
    func wouldConfirm(by accuser: NodeID) -> Bool { !accusers.contains(accuser) && accusers.count - 1 < needed }

    /// Lifeguard §IV-B: one independent accuser more.
    mutating func confirm(by accuser: NodeID) {
        if wouldConfirm(by: accuser) { accusers.insert(accuser) }
    }

    /// *Ours*. When the suspect is to be asked again; `nil` after the last time.
    ///
    /// A node that was cut off for a while suspects members of whose later incarnations it has not heard. Nobody else can confirm or spread
    /// such a suspicion, nor would the suspect hear of it by chance before its time is over: it has to be asked itself, again and again.
    ///
    /// Once enough others miss it too, it is asked only as its time ends. It may have refuted, and all who know have said so as often as
    /// they do: to members picked at random, so in a mesh of a hundred one refutation in a thousand passes somebody by (12 sendings by each
    /// at 5 % loss: e^−11.4 for each member), and one packet that is missed holds those of all who stood still together. Asked so late,
    /// only who missed it asks; and where a member is really gone, each asks once, which is less than it sent of the accusations.
    var askAt: ContinuousClock.Instant? {
        guard accusers.count - 1 >= needed else { return askedAt + askInterval }
        // Whatever it was asked so shortly before, it may still answer.
        let last = max(deadline - lastAsk, askedAt + lastAsk)
        return last < deadline ? last : nil
    }

    mutating func ask(now: ContinuousClock.Instant) { askedAt = now }

    /// *Ours*. The suspect was heard: the time counts from now.
    mutating func restart(now: ContinuousClock.Instant) { started = max(started, now) }

    /// *Ours*, in the spirit of Lifeguard §IV-A. Time during which this node itself stood still does not count against others.
    mutating func excuse(_ pause: Duration) { started += pause }
}
