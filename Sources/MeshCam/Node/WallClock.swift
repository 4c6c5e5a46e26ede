import CTimex
import Foundation

/// Wall time for what people see and files are named by. Ordering, timers and trust never come from it.
struct WallClock: Sendable {
    /// How good the system's wall time is.
    struct Quality: Sendable, Equatable {
        enum Source: String, Sendable {
            case ntp, none
        }
        var source: Source
        /// The kernel's bound on its error; `nil` when nothing disciplines the clock.
        var uncertaintySeconds: Double?
    }

    func now() -> Date { Date() }

    /// The wall time of a moment on the boot clock, by what the wall clock says now.
    func date(of instant: ContinuousClock.Instant) -> Date {
        Date().addingTimeInterval(-((ContinuousClock.now - instant) / .seconds(1)))
    }

    /// Asks the kernel (adjtimex(2)): a daemon that disciplines the clock keeps it out of the state "error".
    var quality: Quality {
        var state = timex()
        guard adjtimex(&state) != TIME_ERROR else { return Quality(source: .none, uncertaintySeconds: nil) }
        return Quality(source: .ntp, uncertaintySeconds: Double(state.maxerror) / 1e6)
    }
}
