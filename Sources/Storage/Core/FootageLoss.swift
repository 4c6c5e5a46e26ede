public import struct Foundation.Date

/// A stretch of a recording that nobody has.
public struct FootageLoss: Sendable, Equatable {
    public enum Reason: String, Sendable {
        /// Memory was full, because no storage and no peer took what it held.
        case memoryFull = "memory-full"
        /// The peer that was to bring it to the storage has let go of it.
        case peerLetGo = "peer-let-go"
        /// The local disk held it, and cannot be read.
        case diskFailed = "disk-failed"
        /// Somebody deleted it on the storage while it was written, or put another storage there, and memory had let go of its beginning.
        case deleted
    }

    public let clip: ClipID
    /// By the camera's clock.
    public let start: Date
    public internal(set) var end: Date
    public let reason: Reason

    public init(clip: ClipID, start: Date, end: Date, reason: Reason) {
        (self.clip, self.start, self.end, self.reason) = (clip, start, end, reason)
    }
}

/// The newest losses of a node's run, oldest first.
struct LossLog {
    private(set) var losses: [FootageLoss] = []

    private static let limit = 100

    /// What goes on where the same clip's last loss ended makes that one longer.
    ///
    /// - Returns: whether it is another one.
    mutating func add(_ loss: FootageLoss) -> Bool {
        if let place = losses.lastIndex(where: { $0.clip == loss.clip && $0.reason == loss.reason && $0.end >= loss.start }) {
            losses[place].end = max(losses[place].end, loss.end)
            return false
        }
        losses = Array((losses + [loss]).suffix(Self.limit))
        return true
    }
}
