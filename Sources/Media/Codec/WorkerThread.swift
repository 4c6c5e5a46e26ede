import Foundation

/// A thread that runs for as long as a task does, and the lock under which it waits for something to do.
final class WorkerThread: @unchecked Sendable {
    // Invariant behind @unchecked: both `var`s are touched only while `condition` is locked.
    private var wasCancelled = false
    private var runs = false

    /// Guards what the thread shares with others; signalled when there is something to do.
    let condition = NSCondition()
    private let name: String

    /// - Parameter name: for debuggers; at most 15 characters are shown.
    init(name: String) { self.name = name }

    /// Whether the thread is to go on. Only while `condition` is locked.
    var isRunning: Bool { runs }

    /// Does `work` on the thread until it returns, as it must soon after ``isRunning`` has become false: when the task is cancelled.
    func run(_ work: @escaping @Sendable () -> Void) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                set(running: true)
                let thread = Thread {
                    work()
                    continuation.resume()
                }
                thread.name = name
                thread.start()
            }
        } onCancel: {
            set(running: false)
        }
    }

    private func set(running: Bool) {
        condition.lock()
        defer { condition.unlock() }
        // A cancellation may come before the start: then the thread sees it at once.
        if !running { wasCancelled = true }
        runs = running && !wasCancelled
        condition.broadcast()
    }
}
