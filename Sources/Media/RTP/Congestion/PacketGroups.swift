/// Groups packets that were sent in a burst and says how the way from one group to the next changed in length
/// (draft-ietf-rmcat-gcc-02 §5.2, §5.3).
struct PacketGroups: Sendable {
    /// How far two groups are apart.
    struct Variation: Sendable, Hashable {
        /// Between the last packets of both, at the sender.
        var departure: Double
        /// The same at the receiver, in seconds.
        var arrival: Double
        /// When the later group was complete, in seconds of the receiver's clock.
        var arrived: Double
    }

    private struct Group {
        var firstDeparture: Double
        var lastDeparture: Double
        var firstArrival: Double
        var lastArrival: Double
    }

    /// Packets sent within this time are one group (§5.2).
    private static let burst = 0.005
    /// A group that was held up somewhere and arrives at once is one group up to this length.
    private static let longestBurst = 0.100
    /// A jump of the other side's clock against ours that no network makes: begin anew.
    private static let clockJump = 3.0

    private var current: Group?
    private var previous: Group?

    init() {}

    /// Takes the next packet that arrived, in order of sending; times in seconds, each by its own clock. Answers when a group is complete.
    mutating func add(departure: Double, arrival: Double) -> Variation? {
        guard var group = current else {
            current = Group(firstDeparture: departure, lastDeparture: departure, firstArrival: arrival, lastArrival: arrival)
            return nil
        }
        // Overtaken packets would count backwards.
        guard departure >= group.firstDeparture else { return nil }
        if belongs(departure: departure, arrival: arrival, to: group) {
            group.lastDeparture = max(group.lastDeparture, departure)
            group.lastArrival = max(group.lastArrival, arrival)
            current = group
            return nil
        }
        let variation = previous.flatMap { Self.variation(from: $0, to: group) }
        if previous != nil, variation == nil {
            self = PacketGroups()
        } else {
            previous = group
        }
        current = Group(firstDeparture: departure, lastDeparture: departure, firstArrival: arrival, lastArrival: arrival)
        return variation
    }

    private func belongs(departure: Double, arrival: Double, to group: Group) -> Bool {
        if departure - group.firstDeparture <= Self.burst { return true }
        // Arrived together though sent apart: the network held them, and their spacing says nothing (§5.2).
        let arrivalStep = arrival - group.lastArrival
        return arrivalStep - (departure - group.lastDeparture) < 0 && arrivalStep <= Self.burst && arrival - group.firstArrival < Self.longestBurst
    }

    private static func variation(from earlier: Group, to later: Group) -> Variation? {
        let departure = later.lastDeparture - earlier.lastDeparture
        let arrival = later.lastArrival - earlier.lastArrival
        guard arrival >= 0, abs(arrival - departure) < clockJump else { return nil }
        return Variation(departure: departure, arrival: arrival, arrived: later.lastArrival)
    }
}
