import Dispatch

/// Writes the state directory on a thread of its own, in order: a slow card must never hold up an answer to a probe.
final class StateWriter: Sendable {
    private let queue = DispatchQueue(label: "gossip-state")

    func write(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }

    /// Returns when all that was asked for is on the disk.
    func drain() async {
        await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
    }
}
