import Foundation
import Synchronization

/// Makes JPEG stills on a thread of its own: for whoever asks once (snapshot) and for whoever looks on (MJPEG). Each size of each picture is
/// encoded once for all, and nothing is encoded while nobody looks.
///
/// Bounds: 64 waiting snapshots, 64 streams, 4 open encoders (the least recently used one goes), one cached still per size of the newest picture.
final class StillStudio: @unchecked Sendable {
    // Invariant behind @unchecked: every stored `var` below is touched only while `condition` is locked, except `encoders`, `cache` and
    // `cachedPicture`, which belong to the studio's thread alone.
    private let worker = WorkerThread(name: "stills")
    private var condition: NSCondition { worker.condition }
    private var latest: Picture?
    private var hasNews = false
    private var orders: [Order] = []
    private var streams: [UInt64: Viewer] = [:]
    private var nextID: UInt64 = 0

    private var encoders: [JPEGEncoder] = []
    private var cache: [StillSize: JPEGPicture] = [:]
    private var cachedPicture: Picture?

    /// How many stills were encoded: the proof that viewers share them.
    let encodedCount = Atomic(0)

    private struct Order {
        let width: Int?
        let continuation: CheckedContinuation<Result<JPEGPicture, MediaError>, Never>
    }

    private struct Viewer {
        let width: Int?
        let interval: Duration
        let continuation: AsyncStream<JPEGPicture>.Continuation
        var next: ContinuousClock.Instant?
    }

    private static let maximumOrders = 64
    private static let maximumViewers = 64
    private static let maximumEncoders = 4

    /// Gives the newest picture; called by the encode thread, never waits for a still.
    func offer(_ picture: Picture) {
        condition.lock()
        defer { condition.unlock() }
        latest = picture
        guard !streams.isEmpty else { return }
        hasNews = true
        condition.signal()
    }

    /// Forgets the last picture: the source has gone.
    func clear() {
        condition.lock()
        defer { condition.unlock() }
        latest = nil
        hasNews = false
    }

    /// A still of the newest picture.
    func still(width: Int?) async throws(MediaError) -> JPEGPicture {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<JPEGPicture, MediaError>, Never>) in
            if let refusal = enqueue(Order(width: width, continuation: continuation)) {
                continuation.resume(returning: .failure(refusal))
            }
        }
        return try result.get()
    }

    private func enqueue(_ order: Order) -> MediaError? {
        condition.lock()
        defer { condition.unlock() }
        guard worker.isRunning, latest != nil else {
            return MediaError(
                operation: "take a snapshot", text: "there is no picture yet", cure: "Wait until the camera runs; its status says why it does not.")
        }
        guard orders.count < Self.maximumOrders else {
            return MediaError(operation: "take a snapshot", text: "too many are waiting", cure: "Ask again in a second.")
        }
        orders.append(order)
        condition.signal()
        return nil
    }

    /// Stills as they come, at most `framesPerSecond` of them; newest only.
    func stream(width: Int?, framesPerSecond: Double) -> AsyncStream<JPEGPicture> {
        let rate = min(max(framesPerSecond.isFinite ? framesPerSecond : 1, 0.1), 60)
        let (stream, continuation) = AsyncStream.makeStream(of: JPEGPicture.self, bufferingPolicy: .bufferingNewest(1))
        condition.lock()
        defer { condition.unlock() }
        guard streams.count < Self.maximumViewers else {
            continuation.finish()
            return stream
        }
        nextID += 1
        let id = nextID
        continuation.onTermination = { [weak self] _ in self?.remove(id) }
        streams[id] = Viewer(width: width, interval: .seconds(1 / rate), continuation: continuation)
        // The picture there is comes at once: never a blank.
        if latest != nil {
            hasNews = true
            condition.signal()
        }
        return stream
    }

    private func remove(_ id: UInt64) {
        condition.lock()
        defer { condition.unlock() }
        streams[id] = nil
    }

    /// Runs the studio's thread until cancelled.
    func run() async { await worker.run { self.work() } }

    private func work() {
        while let work = nextWork() {
            guard let (picture, orders, viewers) = work else { continue }
            for order in orders {
                order.continuation.resume(returning: make(order.width, of: picture))
            }
            for viewer in viewers {
                if case .success(let still) = make(viewer.width, of: picture) { viewer.continuation.yield(still) }
            }
        }
        encoders = []
        cache = [:]
        cachedPicture = nil
    }

    /// Waits for something to do; nil when the studio ends, `.some(nil)` when the picture went away meanwhile. Streams due for the newest
    /// picture are marked as served.
    private func nextWork() -> (Picture, [Order], [Viewer])?? {
        condition.lock()
        defer { condition.unlock() }
        while worker.isRunning, orders.isEmpty, !hasNews { condition.wait() }
        let waiting = orders
        orders = []
        guard worker.isRunning, let latest else {
            let reason = MediaError(operation: "take a snapshot", text: "the camera stopped", cure: "Wait until it runs again.")
            for order in waiting { order.continuation.resume(returning: .failure(reason)) }
            hasNews = false
            return worker.isRunning ? .some(nil) : nil
        }
        var due: [Viewer] = []
        if hasNews {
            hasNews = false
            for (id, viewer) in streams {
                // Half a frame of tolerance, so that 15 of 30 pictures a second is every second one and not every third.
                let tolerance = min(MediaTime.duration(ticks90k: latest.duration90k) / 2, viewer.interval / 2)
                if let next = viewer.next, latest.captured + tolerance < next { continue }
                let planned = viewer.next ?? latest.captured
                streams[id]?.next = max(planned + viewer.interval, latest.captured + viewer.interval / 2)
                due.append(viewer)
            }
        }
        return (latest, waiting, due)
    }

    private func make(_ width: Int?, of picture: Picture) -> Result<JPEGPicture, MediaError> {
        if cachedPicture !== picture {
            cache = [:]
            cachedPicture = picture
        }
        let size = StillSize(width: width, of: picture)
        if let cached = cache[size] { return .success(cached) }
        do throws(MediaError) {
            let still = try encoder(for: size).encode(picture)
            encodedCount.add(1, ordering: .relaxed)
            cache[size] = still
            return .success(still)
        } catch {
            return .failure(error)
        }
    }

    private func encoder(for size: StillSize) throws(MediaError) -> JPEGEncoder {
        if let index = encoders.firstIndex(where: { $0.width == size.width && $0.height == size.height }) {
            let encoder = encoders.remove(at: index)
            encoders.append(encoder)
            return encoder
        }
        let encoder = try JPEGEncoder(width: size.width, height: size.height)
        if encoders.count >= Self.maximumEncoders { encoders.removeFirst() }
        encoders.append(encoder)
        return encoder
    }
}
