import Foundation
import Logging
import Synchronization
import Testing
import TestSupport

@testable import Media

/// The whole server: a real socket, OpenSSL, libsrtp2, and real H.264.
@Suite(.timeLimit(.minutes(2))) struct WebRTCServerTests {
    /// A camera's two streams, fed by hand.
    private final class Source: LiveSource {
        let buses = [LiveStream.main: AccessUnitBus(), .small: AccessUnitBus()]
        let keyFrameRequests = Mutex<[LiveStream: Int]>([:])

        func subscribe(to stream: LiveStream, name: String, capacity: Int) -> AccessUnitSubscription {
            requestKeyFrame(of: stream)
            return buses[stream]!.subscribe(name: name, capacity: capacity)
        }

        func requestKeyFrame(of stream: LiveStream) { keyFrameRequests.withLock { $0[stream, default: 0] += 1 } }

        /// A picture as an encoder gives it: its number is in its bytes.
        func show(_ number: Int, isKeyFrame: Bool, bytes: Int = 3000, of stream: LiveStream = .main) {
            let filling = (0..<bytes).map { UInt8(truncatingIfNeeded: 1 + ($0 &* 31 &+ number) % 250) }
            let sets: [UInt8] = isKeyFrame ? [0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f, 0x9a, 0, 0, 0, 1, 0x68, 0xce, 0x3c, 0x80] : []
            let unit = sets + [0, 0, 0, 1, isKeyFrame ? 0x65 : 0x41] + filling
            buses[stream]!.publish(
                AccessUnit(
                    codec: .h264, bytes: SharedBytes(unit), pts90k: Int64(number) * 3000, duration90k: 3000, isKeyFrame: isKeyFrame, captured: .now))
        }
    }

    private func settings(_ change: (inout WebRTCServerSettings) -> Void = { _ in }) -> WebRTCServerSettings {
        var settings = WebRTCServerSettings(port: 0) { ["127.0.0.1"] }
        change(&settings)
        return settings
    }

    /// Runs a server around `body`; both have ended afterwards.
    private func serving(_ settings: WebRTCServerSettings, _ body: (WebRTCServer) async throws -> Void) async throws {
        let server = WebRTCServer(settings: settings, wallClock: { Date() }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await server.run() }
        try await eventually { server.port != nil }
        do { try await body(server) } catch {
            running.cancel()
            throw error
        }
        running.cancel()
        try await running.value
        #expect(server.port == nil)
    }

    /// On a thread of its own: it waits for sockets.
    private func apart<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Swift.Result { try work() }) }.start()
        }
    }

    @Test func aViewerSeesWhatTheCameraShows() async throws {
        let source = Source()
        try await serving(settings()) { server in
            let shown = try await apart {
                let viewer = try SocketViewer()
                let offer = viewer.offer
                let answered = try wait { try await server.answer(offer, source: "porch", live: source) }
                try viewer.accept(answered.answer)
                #expect(viewer.run { $0.isConnected })
                var number = 0
                // The way is open: pictures follow, one after another, the first of them a key frame.
                let saw = viewer.run { viewer in
                    source.show(number, isKeyFrame: number % 10 == 0)
                    number += 1
                    return viewer.pictures.count >= 25
                }
                #expect(saw && viewer.refused == 0)
                _ = try wait { await server.end(answered.id) }
                #expect(viewer.run { $0.heardGoodbye }, "who is sent away hears it")
                return viewer.pictures
            }
            #expect(shown[0].isKeyFrame)
            for picture in shown { #expect(picture.bytes.count >= 3005) }
            #expect(source.keyFrameRequests.withLock { $0[.main] ?? 0 } >= 1)
            let left = await server.statistics()
            #expect(left.isEmpty)
        }
    }

    /// Whoever asks while the server ends is answered, too: a question that nobody answers would hold the node's own end up.
    @Test func whoAsksAtTheEndIsAnswered() async throws {
        let offer = try SocketViewer().offer
        for _ in 0..<40 {
            let server = WebRTCServer(settings: settings(), wallClock: { Date() }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let running = Task { try await server.run() }
            try await eventually { server.port != nil }
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        var random = SystemRandomNumberGenerator()
                        while server.port != nil {
                            switch number {
                            case 0: _ = try? await server.answer(offer, source: "porch", live: Source())
                            case 1: _ = try? await server.trickle(ViewerID(using: &random), "")
                            case 2: await server.end(ViewerID(using: &random))
                            default: _ = await server.statistics()
                            }
                            await Task.yield()
                        }
                    }
                }
                running.cancel()
            }
            try await running.value
        }
    }

    /// What a viewer reports of what it got is what the server says of it.
    @Test func aViewerThatReportsIsHeard() async throws {
        let source = Source()
        try await serving(settings()) { server in
            let (sent, lost) = try await apart {
                let viewer = try SocketViewer(reports: true)
                let offer = viewer.offer
                let answered = try wait { try await server.answer(offer, source: "porch", live: source) }
                try viewer.accept(answered.answer)
                guard viewer.run(until: { $0.isConnected }) else { return (0, -1) }
                let began = MonotonicTime.now
                var number = 0
                _ = viewer.run { viewer in
                    source.show(number, isKeyFrame: number % 10 == 0)
                    number += 1
                    return (viewer.reception?.packets ?? 0) > 30 && MonotonicTime.now - began > .milliseconds(1300)
                }
                let statistics = try wait { await server.statistics() }
                return (statistics[0].sentPackets, statistics[0].lostPackets)
            }
            #expect(sent > 30 && lost == 0)
        }
    }

    /// Each stream is fed once however many watch, and not at all when nobody does: an offer alone starts no encoder.
    @Test func viewersShareAFeed() async throws {
        let source = Source()
        try await serving(settings()) { server in
            _ = try await server.answer(SocketViewer().offer, source: "porch", live: source)
            #expect(!source.buses[.main]!.hasSubscribers)
            let ids = try await apart {
                var viewers: [(SocketViewer, ViewerID)] = []
                for index in 0..<6 {
                    let viewer = try SocketViewer()
                    let offer = viewer.offer
                    let answered = try wait { try await server.answer(offer, source: "porch", live: source, stream: index < 4 ? .main : .small) }
                    try viewer.accept(answered.answer)
                    guard viewer.run(until: { $0.isConnected }) else { return [ViewerID]() }
                    viewers.append((viewer, answered.id))
                }
                // The last one's keys are agreed on its own side first.
                while source.buses[.small]!.subscribers == 0 { _ = viewers[5].0.run(atMost: .milliseconds(20)) { _ in false } }
                return viewers.map(\.1)
            }
            #expect(ids.count == 6 && source.buses[.main]!.subscribers == 1 && source.buses[.small]!.subscribers == 1)
            #expect(await server.statistics().map(\.source) == [String](repeating: "porch", count: 7))
            for id in ids { #expect(await server.end(id)) }
            #expect(!source.buses[.main]!.hasSubscribers && !source.buses[.small]!.hasSubscribers)
            let again = await server.end(ids[0])
            #expect(!again, "it is over")
        }
    }

    @Test func moreThanMayAreRefusedWithTheCure() async throws {
        let source = Source()
        try await serving(settings { $0.viewerLimit = 1 }) { server in
            let (hasCome, id) = try await apart {
                let viewer = try SocketViewer()
                let offer = viewer.offer
                let answered = try wait { try await server.answer(offer, source: "porch", live: source) }
                try viewer.accept(answered.answer)
                return (viewer.run { $0.isConnected }, answered.id)
            }
            #expect(hasCome)
            let error = await #expect(throws: WebRTCError.self) { try await server.answer(SocketViewer().offer, source: "porch", live: source) }
            #expect(error?.description.contains("1 viewers") == true)
            await server.end(id)
            _ = try await server.answer(SocketViewer().offer, source: "porch", live: source)
        }
    }

    /// An offer costs nothing: whoever sends many and never comes keeps nobody out.
    @Test func whoNeverCameMakesRoom() async throws {
        let source = Source()
        try await serving(settings { $0.viewerLimit = 3 }) { server in
            var ids: [ViewerID] = []
            for _ in 0..<5 { ids.append(try await server.answer(SocketViewer().offer, source: "porch", live: source).id) }
            #expect(await Set(server.statistics().map(\.id)) == Set(ids.suffix(3)))
        }
    }

    /// A thousand come and go: nothing of them stays.
    @Test func aThousandComeAndGo() async throws {
        let source = Source()
        try await serving(settings()) { server in
            let offer = try SocketViewer().offer
            let before = try descriptors()
            for _ in 0..<1000 { await server.end(try await server.answer(offer, source: "porch", live: source).id) }
            #expect(await server.statistics().isEmpty && !source.buses[.main]!.hasSubscribers)
            // Other tests open files meanwhile, but not a thousand.
            #expect(try descriptors() < before + 500)
        }
    }

    /// Routine work waits for pictures, but does not depend on them.
    @Test func reportsGoOnWithoutPictures() async throws {
        let source = Source()
        try await serving(settings()) { server in
            let isTold = try await apart {
                let viewer = try SocketViewer()
                let offer = viewer.offer
                try viewer.accept(try wait { try await server.answer(offer, source: "porch", live: source) }.answer)
                var number = 0
                guard viewer.run(until: { viewer in
                    source.show(number, isKeyFrame: number % 10 == 0)
                    number += 1
                    return viewer.pictures.count >= 3
                }) else { return false }
                let before = viewer.reception?.senderReports ?? 0
                // One each second; without pictures and reports of the viewer nothing else wakes the thread for five.
                return viewer.run(atMost: .milliseconds(4500)) { ($0.reception?.senderReports ?? 0) >= before + 3 }
            }
            #expect(isTold)
        }
    }

    /// What is no offer is refused in words, and what is no datagram of ours is dropped; who watches sees on.
    @Test(arguments: 1...3 as ClosedRange<UInt64>) func garbageDisturbsNobody(seed: UInt64) async throws {
        let source = Source()
        try await serving(settings()) { server in
            var random = SeededGenerator(state: seed)
            let good = try SocketViewer().offer
            for _ in 0..<200 {
                var bytes = Array(good.utf8)
                for _ in 0..<Int.random(in: 1...20, using: &random) { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
                let text = String(decoding: bytes.prefix(Int.random(in: 0...bytes.count, using: &random)), as: UTF8.self)
                if let session = try? await server.answer(text, source: "porch", live: source) { await server.end(session.id) }
            }
            for wrong in ["", "v=0\r\n", "hello", String(repeating: "a=x\r\n", count: 50_000)] {
                await #expect(throws: WebRTCError.self) { try await server.answer(wrong, source: "porch", live: source) }
            }
            let noise = (0..<300).map { _ in (0..<Int.random(in: 0...1400, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) } }
            let saw = try await apart {
                let viewer = try SocketViewer()
                let offer = viewer.offer
                let answered = try wait { try await server.answer(offer, source: "porch", live: source) }
                try viewer.accept(answered.answer)
                guard viewer.run(until: { $0.isConnected }) else { return false }
                for bytes in noise { viewer.send(garbage: bytes) }
                var number = 0
                return viewer.run { viewer in
                    source.show(number, isKeyFrame: number % 10 == 0)
                    number += 1
                    return viewer.pictures.count >= 5
                }
            }
            #expect(saw, "seed \(seed)")
        }
    }

    @Test func aSessionThatIsOverTakesNothing() async throws {
        let source = Source()
        try await serving(settings()) { server in
            let id = try await server.answer(SocketViewer().offer, source: "porch", live: source).id
            await #expect(throws: WebRTCError.self) { try await server.trickle(id, "v=0 no fragment\r\nx") }
            await server.end(id)
            await #expect(throws: WebRTCError.self) { try await server.trickle(id, "a=ice-ufrag:abcd\r\n") }
        }
        let stopped = WebRTCServer(settings: settings(), wallClock: { Date() }, logger: Logger(label: "test"))
        await #expect(throws: WebRTCError.self) { try await stopped.answer("", source: "porch", live: source) }
    }

    /// The first who comes while a STUN server is silent waits for it; the next ones wait less long, though here, where that is longer, until it
    /// answers.
    @Test func aSilentSTUNServerIsWaitedForOnce() async throws {
        let source = Source()
        let stun = try DatagramSocket()
        let settings = settings {
            $0.gatheringTime = .milliseconds(20)
            $0.impatientGatheringTime = .seconds(100)
            $0.stunServers = { [stun] in [("127.0.0.1", stun.port)] }
        }
        try await serving(settings) { server in
            let first = try await server.answer(SocketViewer().offer, source: "porch", live: source)
            #expect(!first.answer.contains("srflx"))
            let isAnswering = Mutex(true)
            let answering = Thread { while isAnswering.withLock({ $0 }) { stun.answerBinding(mapped: "203.0.113.7", port: 40404) } }
            answering.start()
            let second = try await server.answer(SocketViewer().offer, source: "porch", live: source)
            isAnswering.withLock { $0 = false }
            #expect(second.answer.contains("203.0.113.7 40404 typ srflx"))
        }
    }

    /// RFC 8840 §4.4, RFC 9725 §4.3: new credentials begin a generation; what comes late for the one before changes nothing.
    @Test func aGenerationEndsWithTheNext() async throws {
        let source = Source()
        try await serving(settings()) { server in
            let session = try await server.answer(SocketViewer().offer, source: "porch", live: source)
            let offer = try SessionDescription(SocketViewer().offer)
            let first = try #require(offer.transport(of: offer.media[0]).credentials)
            func fragment(_ credentials: IceCredentials, _ more: String = "") -> String {
                "a=ice-ufrag:\(credentials.usernameFragment)\r\na=ice-pwd:\(credentials.password)\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\nm=audio 9 RTP/AVP 0\r\na=mid:1\r\n\(more)"
            }
            let restarted = try #require(try await server.trickle(session.id, fragment(first), generations: [session.generation]))
            #expect(restarted.generation != session.generation && restarted.fragment.contains("a=ice-ufrag:\(restarted.generation)\r\n"))
            #expect(restarted.fragment.contains("a=mid:0\r\n") && !restarted.fragment.contains("a=mid:1"))
            var random = SeededGenerator(state: 1)
            let second = IceCredentials(using: &random)
            // Whoever names a generation that is over is told; who names none restarts.
            let error = await #expect(throws: WebRTCError.self) { try await server.trickle(session.id, fragment(second), generations: [session.generation]) }
            guard case .otherGeneration? = error else { throw WebRTCError.notRunning }
            let again = try #require(try await server.trickle(session.id, fragment(second)))
            #expect(again.generation != restarted.generation)
            // Late candidates of the first, and more of the present one.
            #expect(try await server.trickle(session.id, fragment(first)) == nil)
            #expect(try await server.trickle(session.id, fragment(second, "a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n"), generations: [again.generation]) == nil)
            for wrong in ["a=ice-ufrag:ab\r\na=ice-pwd:x\r\n", "a=ice-ufrag:abcdefgh\r\n", "a=ice-pwd:\(second.password)\r\n"] {
                let error = await #expect(throws: WebRTCError.self) { try await server.trickle(session.id, wrong) }
                guard case .badFragment(.badCredentials)? = error else { throw WebRTCError.notRunning }
            }
        }
    }

    @Test func whoNamesASessionKnowsIt() {
        var random = SystemRandomNumberGenerator()
        let id = ViewerID(using: &random)
        #expect(ViewerID("\(id)") == id && "\(id)".count == 32)
        for wrong in ["", "\(id)0", "\(id)".uppercased() + "", String("\(id)".dropLast()), "+" + "\(id)".dropFirst(), String(repeating: "g", count: 32)] where wrong != "\(id)" {
            #expect(ViewerID(wrong) == nil)
        }
    }

    private func descriptors() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
}

/// Waits on a thread of its own for what is asynchronous.
private func wait<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) throws -> Result {
    let done = DispatchSemaphore(value: 0)
    let result = Mutex<Swift.Result<Result, any Error>?>(nil)
    Task {
        let made: Swift.Result<Result, any Error>
        do { made = .success(try await work()) } catch { made = .failure(error) }
        result.withLock { $0 = made }
        done.signal()
    }
    done.wait()
    return try result.withLock { $0! }.get()
}
