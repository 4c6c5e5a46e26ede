import CTimex
import Foundation
import Gossip

/// Wall time for what people see and files are named by. Ordering, timers and trust never come from it.
///
/// The system's, where something sets that; else the one on which this node's peers agree, if enough of them know theirs.
struct WallClock: Sendable {
    /// How good it is.
    struct Quality: Sendable, Equatable {
        enum Source: String, Sendable {
            case ntp, peer, none
        }
        var source: Source
        /// It is off by no more; `nil` when nobody knows.
        var uncertaintySeconds: Double?
        /// What it is ahead of the system's clock; `nil` when nobody knows how wrong that is.
        var offsetSeconds: Double?
    }

    /// What peers agree on; nil where they do not, or there are none.
    let peerTime: @Sendable () -> PeerTime?
    /// The system's clock, and the kernel's bound on its error; nil when nothing disciplines it.
    let system: @Sendable () -> WallReading

    init(peerTime: @escaping @Sendable () -> PeerTime? = { nil }, system: @escaping @Sendable () -> WallReading = { WallClock.kernel }) {
        (self.peerTime, self.system) = (peerTime, system)
    }

    /// With the peers that gossip knows.
    init(_ gossip: GossipService) { self.init { gossip.view.peerTime } }

    func now() -> Date { date(of: .now) }

    /// The wall time of a moment on the boot clock, by what is known now.
    func date(of moment: ContinuousClock.Instant) -> Date {
        let (reading, now) = (system(), ContinuousClock.now)
        let sinceEpoch = reading.error == nil ? peerTime()?.sinceEpoch(at: moment) : nil
        return Date(timeIntervalSince1970: (sinceEpoch ?? reading.sinceEpoch + (moment - now)) / .seconds(1))
    }

    var quality: Quality {
        let (reading, now) = (system(), ContinuousClock.now)
        if let error = reading.error { return Quality(source: .ntp, uncertaintySeconds: error / .seconds(1), offsetSeconds: 0) }
        guard let time = peerTime() else { return Quality(source: .none, uncertaintySeconds: nil, offsetSeconds: nil) }
        return Quality(
            source: .peer, uncertaintySeconds: time.error / .seconds(1), offsetSeconds: (time.sinceEpoch(at: now) - reading.sinceEpoch) / .seconds(1))
    }

    /// Asks the kernel (adjtimex(2)): a daemon that disciplines the clock keeps it out of the state "error".
    static var kernel: WallReading {
        var state = timex()
        let isSet = adjtimex(&state) != TIME_ERROR
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallReading(
            sinceEpoch: .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec), error: isSet ? .microseconds(Int64(state.maxerror)) : nil)
    }
}
