import CDatagrams
import Glibc

/// Ends another thread's wait (``DatagramPort/wait(for:atMost:)``): an eventfd(2).
final class WakeUp: Sendable {
    /// Readable after ``signal()``.
    let descriptor: Int32

    /// - Throws: ``MediaError`` when no descriptor is left.
    init() throws(MediaError) {
        descriptor = meshcam_wakeup()
        guard descriptor >= 0 else {
            throw MediaError(
                operation: "wait for live pictures", code: errno, text: String(cString: strerror(errno)),
                cure: "Raise the limit of open files (ulimit -n).")
        }
    }

    deinit { close(descriptor) }

    /// From any thread; many before a ``reset()`` are one.
    func signal() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    /// Takes the signal back.
    func reset() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }
}
