import Glibc
import Synchronization

/// Tells blocking threads to end: they wait in `poll` on it beside whatever else they wait for.
final class StopSignal: Sendable {
    private let stopped = Atomic(false)
    private let readEnd: Int32
    private let writeEnd: Int32

    /// Two descriptors of a pipe. Without them (none left in the process) waits still end, within 50 ms.
    init() {
        var ends: [Int32] = [-1, -1]
        if pipe(&ends) != 0 { ends = [-1, -1] }
        for end in ends where end >= 0 {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        if readEnd >= 0 { Glibc.close(readEnd) }
        if writeEnd >= 0 { Glibc.close(writeEnd) }
    }

    var isStopped: Bool { stopped.load(ordering: .acquiring) }

    /// Ends every present and future wait.
    func stop() {
        guard !stopped.exchange(true, ordering: .acquiringAndReleasing), writeEnd >= 0 else { return }
        // Never read again: the pipe stays readable for all who wait.
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    /// Sleeps until `instant` on the boot clock; answers false if stopped meanwhile.
    func wait(until instant: ContinuousClock.Instant) -> Bool {
        while !isStopped {
            let rest = instant - ContinuousClock.now
            if rest <= .zero { return true }
            if rest > .milliseconds(2) {
                _ = wait(forInputOn: -1, timeout: rest - .milliseconds(1))
            } else {
                // poll counts in milliseconds; the last stretch is slept in microseconds.
                usleep(UInt32(clamping: rest.components.attoseconds / 1_000_000_000_000 + 1))
            }
        }
        return false
    }

    /// Waits until `descriptor` can be read. Answers true then, false after `timeout` or when stopped.
    func wait(forInputOn descriptor: Int32, timeout: Duration) -> Bool {
        let bounded = readEnd >= 0 ? timeout : min(timeout, .milliseconds(50))
        let milliseconds = Int32(clamping: Int64((max(bounded, .zero).inSeconds * 1000).rounded(.up)))
        var entries = [
            pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&entries, 2, milliseconds) > 0, !isStopped else { return false }
        return descriptor >= 0 && entries[1].revents != 0
    }
}
