import Synchronization

/// The last seconds of a camera in memory, so that a clip can begin before its trigger.
///
/// Invariant: the first unit is a video key frame. Bounds: whole groups of pictures are dropped from the front as long as what stays still
/// covers `duration`, or as long as the ring holds more than `maximumBytes`; a single group larger than that empties the ring.
public final class PreRollRing: Sendable {
    fileprivate struct State {
        var units: [AccessUnit] = []
        /// Index of the first unit still held; the array is compacted when the dead part outgrows the living one.
        var head = 0
        /// Indices of video key frames at or after `head`, ascending.
        var keyFrames: [Int] = []
        var bytes = 0
    }

    /// How much time the ring covers at least, once it was filled.
    public let duration: Duration
    /// How many bytes the ring holds at most.
    public let maximumBytes: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - duration: Default of the camera: 10 s.
    ///   - maximumBytes: Default of the camera: 32 MiB, 10 s at 26 Mbit/s.
    public init(duration: Duration, maximumBytes: Int) {
        self.duration = duration
        self.maximumBytes = maximumBytes
    }

    /// Adds the newest unit. Units before the first key frame are not kept: nobody could decode them.
    func append(_ unit: AccessUnit) {
        state.withLock { state in
            if state.keyFrames.isEmpty && !unit.isVideoKeyFrame { return }
            if unit.isVideoKeyFrame { state.keyFrames.append(state.units.count) }
            state.units.append(unit)
            state.bytes += unit.bytes.count
            state.trim(now: unit.captured, duration: duration, maximumBytes: maximumBytes)
        }
    }

    /// Forgets everything, as a source that starts anew must.
    func clear() {
        state.withLock { $0 = State() }
    }

    /// The units from the last key frame at or before `instant` on, oldest first; from the first key frame held where none is that old.
    public func units(from instant: ContinuousClock.Instant) -> [AccessUnit] {
        state.withLock { state in
            guard let first = state.keyFrames.first else { return [] }
            let start = state.keyFrames.last { state.units[$0].captured <= instant } ?? first
            return Array(state.units[start...])
        }
    }

    /// The units that followed number `sequence`, oldest first. The first may have a larger number than the next one if the ring forgot some.
    public func units(after sequence: UInt64) -> [AccessUnit] {
        state.withLock { state in
            let newer = state.units[state.head...].reversed().prefix { $0.sequence > sequence }
            return newer.reversed()
        }
    }

    /// Bytes held now.
    public var byteCount: Int { state.withLock { $0.bytes } }

    /// Time from the first to the last unit held.
    public var span: Duration {
        state.withLock { state in
            guard state.head < state.units.count, let last = state.units.last else { return .zero }
            return last.captured - state.units[state.head].captured
        }
    }

    /// The capture time of the oldest picture held.
    public var oldest: ContinuousClock.Instant? {
        state.withLock { state in state.head < state.units.count ? state.units[state.head].captured : nil }
    }
}

extension PreRollRing.State {
    fileprivate mutating func trim(now: ContinuousClock.Instant, duration: Duration, maximumBytes: Int) {
        while keyFrames.count > 1, bytes > maximumBytes || now - units[keyFrames[1]].captured >= duration {
            dropUnits(upTo: keyFrames[1])
            keyFrames.removeFirst()
        }
        if bytes > maximumBytes { self = PreRollRing.State() }
        if head > 256, head > units.count / 2 {
            units.removeFirst(head)
            keyFrames = keyFrames.map { $0 - head }
            head = 0
        }
    }

    private mutating func dropUnits(upTo end: Int) {
        for index in head..<end {
            bytes -= units[index].bytes.count
            // Free the bytes now, not when the array is compacted.
            units[index].bytes = Self.empty
        }
        head = end
    }

    private static let empty = SharedBytes([])
}
