import Foundation
import Hummingbird
import Logging
import Media
import Synchronization

/// A camera, a server of live pictures and a browser that watches with the dashboard's own player: how old is what it shows?
struct LiveBench: Sendable {
    let width: Int
    let height: Int
    let framesPerSecond: Int
    let seconds: Int
    /// Clicks whose first picture is waited for.
    let starts: Int

    /// The browser's start, the clicks, and what is measured must be over by then.
    private var patience: Duration { .seconds(60 + 5 * starts + seconds) }

    private static let camera = "bench"

    /// What the page tells.
    private enum Word: Sendable {
        case watching
        case figures(LivePageReport)
        case failed(String)
    }

    /// - Parameter isDisplayed: whether a screen is looked at, too: that measures once more.
    func measure(isDisplayed: Bool) async throws -> LiveFigures {
        var figures = LiveFigures(width: width, height: height, framesPerSecond: framesPerSecond, seen: try await watch(on: nil).seen)
        guard isDisplayed else { return figures }
        let screen = try BenchScreen(width: max(width, 1280), height: max(height, 720))
        defer { screen.end() }
        let ages = try await watch(on: screen).ages
        guard !ages.isEmpty else { throw NodeError("the picture was not seen on the screen", cure: "Look at it: DISPLAY=\(screen.display).") }
        (figures.displayedMsP50, figures.displayedMsP95) = (LiveFigures.percentile(ages, 0.5), LiveFigures.percentile(ages, 0.95))
        figures.displayedPictures = ages.count
        return figures
    }

    private func watch(on screen: BenchScreen?) async throws -> (seen: LivePageReport, ages: [Double]) {
        var settings = Media.CameraSettings(source: .stamped)
        (settings.width, settings.height, settings.framesPerSecond) = (width, height, framesPerSecond)
        settings.audio = false
        let quiet = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let camera = Camera(settings: settings, wallClock: { Date() }, logger: quiet)
        let server = WebRTCServer(settings: WebRTCServerSettings(port: 0) { [BenchLink.address] }, wallClock: { Date() }, logger: quiet)
        let (words, told) = AsyncStream<Word>.makeStream()
        let (ports, served) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: try router(camera, server, told: told), configuration: .init(address: .hostname(BenchLink.address, port: 0)),
            onServerRunning: { served.yield($0.localAddress?.port ?? 0) }, logger: quiet)
        return try await withThrowingTaskGroup(of: (LivePageReport, [Double])?.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                await camera.run()
                return nil
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
                var iterator = ports.makeAsyncIterator()
                guard let port = await iterator.next() else { return nil }
                let browser = try BenchBrowser("http://\(BenchLink.address):\(port)/", on: screen)
                defer { browser.end() }
                return try await listen(words, screen)
            }
            group.addTask {
                try await ContinuousClock().sleep(for: patience)
                throw NodeError("the browser has not finished after \(patience)", cure: "Measure on a machine that does nothing else, or a smaller picture.")
            }
            while let result = try await group.next() { if let result { return result } }
            throw CancellationError()
        }
    }

    /// Follows the page, and films while it watches.
    private func listen(_ words: AsyncStream<Word>, _ screen: BenchScreen?) async throws -> (LivePageReport, [Double]) {
        let isOver = Flag()
        var film: Task<[Double], any Error>?
        defer { isOver.raise() }
        for await word in words {
            switch word {
            case .watching:
                guard let screen else { continue }
                // On its own, as the page is heard meanwhile: it ends soon after the flag, which every way out of here raises.
                film = Task { [width] in try await onOwnThread { try screen.ages(width: width) { isOver.isRaised } } }
            case .figures(let report):
                isOver.raise()
                return (report, try await film?.value ?? [])
            case .failed(let message): throw NodeError("the page shows no pictures: \(message)", cure: "Look at it with a browser of your own.")
            }
        }
        throw CancellationError()
    }

    private func router(_ camera: Camera, _ server: WebRTCServer, told: AsyncStream<Word>.Continuation) throws -> Router<BasicRequestContext> {
        let dashboard = try DashboardFiles()
        let script = LiveBenchPage.script(width: width, height: height, starts: starts, seconds: seconds)
        let router = Router()
        router.get("/") { _, _ in Response(status: .ok, headers: [.contentType: "text/html"], body: .init(byteBuffer: .init(string: LiveBenchPage.html))) }
        router.get("bench.js") { _, _ in Response(status: .ok, headers: [.contentType: "text/javascript"], body: .init(byteBuffer: .init(string: script))) }
        router.get("**") { request, _ in try dashboard.response(to: request, path: request.uri.path) }
        let door = router.group("api/mesh/v1/cameras/\(Self.camera)/whep")
        door.post { request, _ in
            let offer = try await request.body.collect(upTo: WhepRoutes.offerLimit)
            let (id, answer, _) = try await server.answer(String(buffer: offer), source: Self.camera, live: camera)
            return Response(
                status: .created, headers: [.contentType: "application/sdp", .location: "/api/mesh/v1/cameras/\(Self.camera)/whep/\(id)"],
                body: .init(byteBuffer: .init(string: answer)))
        }
        door.delete(":session") { _, context in
            if let id = ViewerID(try context.parameters.require("session")) { await server.end(id) }
            return Response(status: .ok)
        }
        router.post("watching") { _, _ in
            told.yield(.watching)
            return Response(status: .ok)
        }
        router.post("figures") { request, context in
            told.yield(.figures(try await JSONDecoder().decode(LivePageReport.self, from: request, context: context)))
            return Response(status: .ok)
        }
        router.post("failed") { request, context in
            struct Failure: Decodable { var message: String }
            told.yield(.failed(try await JSONDecoder().decode(Failure.self, from: request, context: context).message))
            return Response(status: .ok)
        }
        return router
    }
}

/// Something that is over once and for all.
private final class Flag: Sendable {
    private let value = Atomic(false)
    var isRaised: Bool { value.load(ordering: .relaxed) }
    func raise() { value.store(true, ordering: .relaxed) }
}

/// A network card that leads nowhere: browsers make no connection by WebRTC without one.
enum BenchLink {
    static let address = "10.77.9.1"

    static func make() throws {
        try Command.run("ip", ["link", "add", "bench0", "type", "veth", "peer", "name", "bench1"])
        try Command.run("ip", ["address", "add", "\(address)/24", "dev", "bench0"])
        for end in ["bench0", "bench1"] { try Command.run("ip", ["link", "set", end, "up"]) }
    }
}
