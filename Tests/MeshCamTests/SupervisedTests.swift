import Logging
import ServiceLifecycle
import Synchronization
import Testing
import TestSupport

@testable import MeshCam

@Suite(.timeLimit(.minutes(1))) struct SupervisedTests {
    /// Keeps what is logged.
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])

        var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

        struct Handler: LogHandler {
            let lines: Lines
            var metadata = Logger.Metadata()
            var logLevel = Logger.Level.info
            subscript(metadataKey key: String) -> Logger.Metadata.Value? { get { metadata[key] } set { metadata[key] = newValue } }

            func log(event: LogEvent) { lines.all.withLock { $0.append("\(event.message)") } }
        }
    }

    private struct Function: Service {
        let body: @Sendable () async throws -> Void
        func run() async throws { try await body() }
    }

    private struct Failure: Error {}

    @Test func whatFailsStartsAgain() async throws {
        let lines = Lines()
        let starts = Mutex(0)
        let (thirdStart, third) = AsyncStream.makeStream(of: Void.self)
        // Ends when it is cancelled.
        let (endless, end) = AsyncStream.makeStream(of: Void.self)
        defer { end.finish() }
        let service = Function {
            let start = starts.withLock { $0 += 1; return $0 }
            guard start == 3 else { throw Failure() }
            third.finish()
            for await _ in endless {}
        }
        var supervised = Supervised(name: "clock", service: service, restarts: true, logger: lines.logger)
        supervised.firstPause = .milliseconds(1)
        let running = Task { [supervised] in try await supervised.run() }
        for await _ in thirdStart {}
        running.cancel()
        try await running.value
        #expect(lines.all.withLock { $0 }.filter { $0.hasPrefix("clock failed and starts again") }.count == 2)
    }

    @Test func whatMayNotStartAgainEndsTheNode() async {
        let lines = Lines()
        await #expect(throws: Failure.self) {
            try await Supervised(name: "clock", service: Function { throw Failure() }, restarts: false, logger: lines.logger).run()
        }
        await #expect(throws: NodeError.self) {
            try await Supervised(name: "clock", service: Function {}, restarts: false, logger: lines.logger).run()
        }
    }

    /// Whoever waits for the node's end reads for which part it waits.
    @Test func whatDoesNotStopIsNamed() async throws {
        let lines = Lines()
        let (warned, warning) = AsyncStream.makeStream(of: Void.self)
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let service = Function {
            start.finish()
            // It heeds no cancellation.
            await Task { for await _ in warned {} }.value
        }
        var supervised = Supervised(name: "clock", service: service, restarts: true, logger: lines.logger)
        supervised.stopTime = .milliseconds(1)
        let running = Task { [supervised] in try await supervised.run() }
        for await _ in started {}
        running.cancel()
        try await eventually { lines.all.withLock { !$0.isEmpty } }
        warning.finish()
        try await running.value
        #expect(lines.all.withLock { $0 } == ["clock does not stop: the node's end waits for it"])
    }

    /// A web server hears of the shutdown by itself, and may be through before its cancellation arrives: that is an end as asked.
    @Test func whoStopsBeforeItIsCancelledHasNotFailed() async throws {
        for _ in 0..<300 {
            let lines = Lines()
            let (open, close) = AsyncStream.makeStream(of: Void.self)
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let service = Function {
                await withGracefulShutdownHandler {
                    start.finish()
                    for await _ in open {}
                } onGracefulShutdown: {
                    close.finish()
                }
            }
            let group = ServiceGroup(
                configuration: .init(
                    services: [.init(service: Supervised(name: "web", service: service, restarts: false, logger: lines.logger))],
                    logger: lines.logger))
            async let running: Void = group.run()
            for await _ in started {}
            await group.triggerGracefulShutdown()
            try await running
            #expect(lines.all.withLock { $0 } == [])
        }
    }
}
