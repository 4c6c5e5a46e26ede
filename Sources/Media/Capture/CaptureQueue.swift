import Foundation

/// Between the capture thread and the encode thread. The capture thread never waits: too many pictures and the oldest goes, counted.
///
/// Bounds: `maximumPictures` decoded pictures (3 MB each at 1080p), 2 s of passed-through pictures, 2 s of sound.
final class CaptureQueue: @unchecked Sendable {
    // Invariant behind @unchecked: every stored property below is read and written only while `condition` is locked.
    private let condition = NSCondition()
    private var items: [CaptureItem] = []
    private var pictures = 0
    private var encoded = 0
    private var sounds = 0
    private var closed = false
    private var dropped = 0
    /// Passed-through pictures depend on each other: after a loss they are dropped up to the next key frame.
    private var awaitsKeyFrame = false

    private let maximumPictures: Int
    private static let maximumEncoded = 120
    private static let maximumSounds = 100

    init(maximumPictures: Int = 6) {
        self.maximumPictures = maximumPictures
    }

    func push(_ item: CaptureItem) {
        condition.lock()
        defer { condition.unlock() }
        guard !closed else { return }
        switch item {
        case .picture:
            if pictures >= maximumPictures { dropOldest { if case .picture = $0 { true } else { false } } }
            pictures += 1
        case .sound:
            if sounds >= Self.maximumSounds { dropOldest { if case .sound = $0 { true } else { false } } }
            sounds += 1
        case .encoded(let picture):
            if awaitsKeyFrame || encoded >= Self.maximumEncoded {
                awaitsKeyFrame = !(picture.isKeyFrame && encoded < Self.maximumEncoded)
                if awaitsKeyFrame {
                    dropped += 1
                    return
                }
            }
            encoded += 1
        }
        items.append(item)
        condition.signal()
    }

    private func dropOldest(where matches: (CaptureItem) -> Bool) {
        guard let index = items.firstIndex(where: matches) else { return }
        forget(items.remove(at: index))
        dropped += 1
    }

    private func forget(_ item: CaptureItem) {
        switch item {
        case .picture: pictures -= 1
        case .encoded: encoded -= 1
        case .sound: sounds -= 1
        }
    }

    /// The next item; nil after `timeout` seconds without one, or once closed.
    func pop(timeout: TimeInterval) -> CaptureItem? {
        condition.lock()
        defer { condition.unlock() }
        let limit = Date(timeIntervalSinceNow: timeout)
        while items.isEmpty, !closed {
            guard condition.wait(until: limit) else { break }
        }
        guard !closed, !items.isEmpty else { return nil }
        let item = items.removeFirst()
        forget(item)
        return item
    }

    /// Wakes the reader for good; what is queued is dropped.
    func close() {
        condition.lock()
        defer { condition.unlock() }
        closed = true
        items = []
        condition.broadcast()
    }

    /// Items dropped so far.
    var droppedCount: Int {
        condition.lock()
        defer { condition.unlock() }
        return dropped
    }
}
