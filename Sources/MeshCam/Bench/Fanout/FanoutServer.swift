import Foundation
import Hummingbird
import Logging
import Media

/// Serves one stream by WHEP to whoever asks, and measures what that costs.
struct FanoutServer: Sendable {
    let address: String
    let port: Int
    /// Bit/s.
    let bitRate: Int
    let viewers: Int
    let seconds: Int

    /// After the last viewer came: congestion control has settled then.
    static let settling = Duration.seconds(5)
    /// Reports of the last second are still on their way.
    private static let reporting = Duration.milliseconds(1500)
    private static let patience = Duration.seconds(300)

    func measure() async throws -> FanoutFigures {
        let source = try ReplayedSource(bitRate: bitRate)
        let quiet = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        var settings = WebRTCServerSettings(port: 0) { [address] in [address] }
        settings.viewerLimit = 4096
        let server = WebRTCServer(settings: settings, wallClock: { Date() }, logger: quiet)
        let router = Router()
        router.post("whep") { request, _ in
            let offer = try await request.body.collect(upTo: 1 << 18)
            let (_, answer, _) = try await server.answer(String(buffer: offer), source: "bench", live: source)
            return Response(
                status: .created, headers: [.contentType: "application/sdp", .location: "/whep/1"], body: .init(byteBuffer: .init(string: answer)))
        }
        let whep = "http://\(address):\(port)/whep"
        let application = Application(
            router: router, configuration: .init(address: .hostname(address, port: port)),
            onServerRunning: { _ in FileHandle.standardError.write(Data("\(whep): waiting for \(viewers) viewers\n".utf8)) }, logger: quiet)
        return try await withThrowingTaskGroup(of: FanoutFigures?.self) { group in
            defer {
                source.stop()
                group.cancelAll()
            }
            group.addTask {
                try await server.run()
                return nil
            }
            group.addTask {
                try await application.run()
                return nil
            }
            group.addTask {
                try await onOwnThread { source.run() }
                return nil
            }
            group.addTask { try await figures(of: server, fedBy: source) }
            while let result = try await group.next() { if let result { return result } }
            throw CancellationError()
        }
    }

    private func figures(of server: WebRTCServer, fedBy source: ReplayedSource) async throws -> FanoutFigures {
        let clock = ContinuousClock()
        let deadline = clock.now + Self.patience
        while await server.statistics().count(where: \.isConnected) < viewers {
            guard clock.now < deadline else {
                throw NodeError("fewer than \(viewers) viewers came in \(Self.patience)", cure: "Let WHEP clients ask for the stream, or lower --viewers.")
            }
            try await clock.sleep(for: .milliseconds(100))
        }
        try await clock.sleep(for: Self.settling)
        // What stands in for a camera is not the server's: Janus has it outside, too.
        let (before, cpu, camera, began) = (await server.statistics(), try ProcessTime.seconds(of: getpid()), source.secondsBeside, clock.now)
        try await clock.sleep(for: .seconds(seconds))
        let (after, usedByCamera) = (await server.statistics(), source.secondsBeside - camera)
        let used = try ProcessTime.seconds(of: getpid()) - cpu - usedByCamera
        let duration = (clock.now - began) / .seconds(1)
        try await clock.sleep(for: Self.reporting)
        let reported = await server.statistics()
        func sum(_ all: [ViewerStatistics], _ part: (ViewerStatistics) -> Int) -> Int { all.reduce(0) { $0 + part($1) } }
        let packets = sum(after, \.sentPackets) - sum(before, \.sentPackets)
        let bytes = sum(after, \.sentBytes) - sum(before, \.sentBytes)
        return FanoutFigures(
            server: "MeshCam", viewers: viewers, cpuPercentPerViewer: FanoutFigures.percent(used, of: duration, viewers: viewers),
            cameraPercent: FanoutFigures.percent(usedByCamera, of: duration, viewers: 1),
            cipher: Set(after.compactMap(\.cipher)).sorted().joined(separator: ", "),
            packetsLost: max(0, sum(reported, \.lostPackets) - sum(before, \.lostPackets)) + sum(after, \.droppedPackets) - sum(before, \.droppedPackets),
            mbitPerViewer: (Double(bytes) * 8 / duration / Double(viewers) / 10_000).rounded() / 100,
            packetsPerSecondPerViewer: (Double(packets) / duration / Double(viewers)).rounded())
    }
}
