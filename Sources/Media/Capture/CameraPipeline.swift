import Foundation
import Logging
import Synchronization

/// One attempt at running a camera: a capture thread that opens and reads the source, and an encode thread behind a bounded queue.
/// Ends when stopped or when either thread fails; `run` returns when both are gone.
final class CameraPipeline: Sendable {
    enum Outcome: Sendable {
        case stopped
        case failed(MediaError)
    }

    private struct State {
        var error: MediaError?
        var runningThreads = 2
        var finished: CheckedContinuation<Outcome, Never>?
    }

    private let stop = StopSignal()
    private let queue = CaptureQueue()
    private let state = Mutex(State())
    private let openSource: @Sendable (StopSignal) throws(MediaError) -> any PictureSource
    private let makeEncoder: @Sendable (SourceFormat) throws(MediaError) -> EncodeLoop
    private let encoding = Mutex<SourceFormat?>(nil)

    /// - Parameters:
    ///   - openSource: Called on the capture thread.
    ///   - makeEncoder: Called on the encode thread once the source's format is known.
    init(
        openSource: @escaping @Sendable (StopSignal) throws(MediaError) -> any PictureSource,
        makeEncoder: @escaping @Sendable (SourceFormat) throws(MediaError) -> EncodeLoop
    ) {
        self.openSource = openSource
        self.makeEncoder = makeEncoder
    }

    /// Items that were dropped between the threads.
    var droppedPictures: Int { queue.droppedCount }

    /// Runs until stopped, cancelled or failed.
    func run() async -> Outcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.finished = continuation }
                start("capture") { (pipeline) throws(MediaError) in try pipeline.capture() }
                start("encode") { (pipeline) throws(MediaError) in try pipeline.encode() }
            }
        } onCancel: {
            end(nil)
        }
    }

    private func start(_ name: String, _ body: @escaping @Sendable (CameraPipeline) throws(MediaError) -> Void) {
        let thread = Thread {
            do throws(MediaError) {
                try body(self)
                self.end(nil)
            } catch {
                self.end(error)
            }
            self.threadEnded()
        }
        thread.name = name
        // Detector and encoder work on the heap; the default stack of a secondary thread is enough, and stated.
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Ends both threads; the first error is the one reported.
    private func end(_ error: MediaError?) {
        if let error {
            state.withLock { state in
                if state.error == nil, !stop.isStopped { state.error = error }
            }
        }
        stop.stop()
        queue.close()
    }

    private func threadEnded() {
        let (finished, error) = state.withLock { state -> (CheckedContinuation<Outcome, Never>?, MediaError?) in
            state.runningThreads -= 1
            guard state.runningThreads == 0 else { return (nil, nil) }
            defer { state.finished = nil }
            return (state.finished, state.error)
        }
        finished?.resume(returning: error.map { .failed($0) } ?? .stopped)
    }

    private func capture() throws(MediaError) {
        let source = try openSource(stop)
        encoding.withLock { $0 = source.format }
        while let item = try source.next(stop: stop) { queue.push(item) }
    }

    private func encode() throws(MediaError) {
        var loop: EncodeLoop?
        while !stop.isStopped {
            guard let item = queue.pop(timeout: 1) else { continue }
            if loop == nil, let format = encoding.withLock({ $0 }) { loop = try makeEncoder(format) }
            try loop?.take(item)
        }
        try loop?.finish()
    }
}
