import Foundation
import Synchronization
import Testing
import TestSupport

@testable import Media

@Suite struct AccessUnitWireTests {
    private func unit(_ number: Int, bytes: Int) -> AccessUnit {
        AccessUnit(
            codec: .h264, bytes: SharedBytes((0..<bytes).map { UInt8(truncatingIfNeeded: $0 &+ number) }), pts90k: Int64(number) * 3003, duration90k: 3003,
            isKeyFrame: number % 3 == 0, captured: .now - .milliseconds(40 * number))
    }

    @Test func cutAnywhereItIsTheSame() throws {
        let units = [unit(0, bytes: 0), unit(1, bytes: 1), unit(2, bytes: 5000), unit(3, bytes: 77)]
        let now = ContinuousClock.now
        let stream = units.flatMap { AccessUnitWire.encode($0, now: now) }
        for step in [1, 2, 3, 7, 100, stream.count] {
            var parser = AccessUnitWire.Parser()
            var came: [AccessUnit] = []
            for start in stride(from: 0, to: stream.count, by: step) { came += try parser.push(stream[start..<min(start + step, stream.count)], now: now) }
            #expect(came.map(\.bytes.bytes) == units.map(\.bytes.bytes) && came.map(\.pts90k) == units.map(\.pts90k))
            #expect(came.map(\.isKeyFrame) == units.map(\.isKeyFrame) && came.map(\.duration90k) == units.map(\.duration90k))
            for (one, other) in zip(came, units) { #expect(abs((one.captured - other.captured) / .milliseconds(1)) < 0.01) }
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>) func anythingMayCome(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let stream = (0..<4).flatMap { AccessUnitWire.encode(unit($0, bytes: 200)) }
        for _ in 0..<2000 {
            var bytes = stream
            for _ in 0..<Int.random(in: 1...6, using: &random) { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            var parser = AccessUnitWire.Parser()
            if let units = try? parser.push(bytes) { #expect(units.count <= 8) }
        }
        var parser = AccessUnitWire.Parser()
        #expect(throws: AccessUnitWire.Parser.Failure.self) { try parser.push([0xff, 0xff, 0xff, 0xff, 0]) }
    }
}

@Suite(.timeLimit(.minutes(1))) struct RelayedSourceTests {
    /// The camera's node: streams that end when they are told to.
    private final class Node: Sendable {
        let opened = Mutex<[LiveStream]>([])
        let streams = Mutex<[AsyncThrowingStream<[UInt8], any Error>.Continuation]>([])
        let ended = Mutex(0)
        let wishes = Mutex<[LiveStream]>([])
        let pumps = AsyncStream<(RelayedSource, LiveStream)>.makeStream()

        func source() -> RelayedSource {
            RelayedSource(
                open: { [self] stream in
                    let (bytes, continuation) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
                    continuation.onTermination = { [self] _ in ended.withLock { $0 += 1 } }
                    streams.withLock { $0.append(continuation) }
                    // Last: whoever waits for it sends then.
                    opened.withLock { $0.append(stream) }
                    return bytes
                },
                wantKeyFrame: { [self] stream in wishes.withLock { $0.append(stream) } },
                start: { [self] source, stream in pumps.continuation.yield((source, stream)) })
        }

        func run() async {
            await withDiscardingTaskGroup { group in
                for await (source, stream) in pumps.stream { group.addTask { await source.pump(stream) } }
            }
        }

        func send(_ number: Int) {
            let unit = AccessUnit(codec: .h264, bytes: SharedBytes([UInt8(truncatingIfNeeded: number)]), pts90k: Int64(number), duration90k: 1, isKeyFrame: true, captured: .now)
            streams.withLock { _ = $0.last?.yield(AccessUnitWire.encode(unit)) }
        }
    }

    private func next(_ subscription: AccessUnitSubscription) async -> Int? {
        while let element = await subscription.next() { if case .unit(let unit) = element { return Int(unit.pts90k) } }
        return nil
    }

    @Test func aStreamComesOnceForAll() async throws {
        let node = Node()
        let running = Task { await node.run() }
        let source = node.source()
        let first = source.subscribe(to: .main, name: "one", capacity: 10)
        let second = source.subscribe(to: .main, name: "two", capacity: 10)
        try await eventually { node.opened.withLock { !$0.isEmpty } }
        source.requestKeyFrame(of: .main)
        #expect(node.wishes.withLock { $0 }.isEmpty, "a stream that is being opened begins with a key frame")
        node.send(1)
        let seen = (await next(first), await next(second))
        #expect(seen == (1, 1) && node.opened.withLock { $0 } == [.main])
        source.requestKeyFrame(of: .main)
        source.subscribe(to: .main, name: "late", capacity: 10).cancel()
        #expect(node.wishes.withLock { $0 } == [.main, .main], "whoever comes later needs a picture to begin with")
        // The way breaks: it is opened again, and both see on.
        node.streams.withLock { $0.last?.finish(throwing: CancellationError()) }
        try await eventually { node.opened.withLock { $0.count } >= 2 }
        node.send(2)
        let after = (await next(first), await next(second))
        #expect(after == (2, 2))
        // Nobody is left: the stream ends with the next picture, and begins anew for who comes later.
        first.cancel()
        second.cancel()
        node.send(3)
        try await eventually { node.ended.withLock { $0 } >= 2 }
        let third = source.subscribe(to: .small, name: "three", capacity: 10)
        try await eventually { node.opened.withLock { $0.count } >= 3 }
        node.send(4)
        #expect(await next(third) == 4)
        #expect(node.opened.withLock { $0 } == [.main, .main, .small])
        running.cancel()
        await running.value
    }
}
