import Foundation
import Logging
import TestSupport
import Testing

@testable import Media

@Suite struct SmallStreamTests {
    private func camera(width: Int = 320, height: Int = 180, keyFrameInterval: Duration = .seconds(3600)) -> Camera {
        var settings = CameraSettings(source: .synthetic, name: "test", seed: 3)
        (settings.width, settings.height, settings.framesPerSecond) = (width, height, 20)
        (settings.small.width, settings.small.framesPerSecond) = (160, 10)
        settings.keyFrameInterval = keyFrameInterval
        return Camera(settings: settings, wallClock: { Date(timeIntervalSince1970: 0) }, logger: Logger(label: "test"))
    }

    private func units(_ count: Int, of subscription: AccessUnitSubscription, _ each: (AccessUnit) -> Void = { _ in }) async -> [AccessUnit] {
        var units: [AccessUnit] = []
        while units.count < count, let delivery = await subscription.next() {
            guard case .unit(let unit) = delivery else { continue }
            units.append(unit)
            each(unit)
        }
        return units
    }

    @Test(.timeLimit(.minutes(1))) func itIsMadeWhileSomebodyWatches() async throws {
        let camera = camera()
        let running = Task { await camera.run() }
        let main = camera.bus.subscribe(name: "main", capacity: 1000)
        _ = await units(20, of: main)
        #expect(!camera.smallBus.hasSubscribers)
        let first = camera.smallBus.subscribe(name: "one", capacity: 100)
        let seen = await units(12, of: first)
        #expect(seen[0].isKeyFrame && seen[0].sequence == 1, "nothing was encoded before")
        #expect(seen.count(where: \.isKeyFrame) == 1)
        // Half of the camera's pictures, at their own moments.
        for (one, next) in zip(seen, seen.dropFirst()) { #expect(next.captured - one.captured >= .milliseconds(90)) }
        var sets = ParameterSets()
        let hasSets = sets.update(from: seen[0].bytes.bytes)
        #expect(hasSets)
        // Whoever comes later asks for a picture to begin with; so does nobody else have to wait for one.
        let second = camera.smallBus.subscribe(name: "two", capacity: 100)
        camera.requestKeyFrame(of: .small)
        var late: [AccessUnit] = []
        while late.last?.isKeyFrame != true { late += await units(1, of: second) }
        #expect(late.count <= 10)
        running.cancel()
        await running.value
    }

    /// Who lost a picture, or comes late and cannot ask, waits so long at most.
    @Test(.timeLimit(.minutes(1))) func keyFramesComeByThemselves() async throws {
        let camera = camera(keyFrameInterval: .milliseconds(700))
        let running = Task { await camera.run() }
        let seen = await units(24, of: camera.smallBus.subscribe(name: "one", capacity: 100))
        running.cancel()
        await running.value
        let keys = seen.filter(\.isKeyFrame).map(\.captured)
        #expect(keys.count >= 3)
        for (one, next) in zip(keys, keys.dropFirst()) { #expect(next - one >= .milliseconds(650)) }
    }

    @Test(.timeLimit(.minutes(1))) func itHasTheCamerasShape() async throws {
        let scratch = try ScratchDirectory()
        for (width, height, expected) in [(320, 180, (160, 90)), (128, 96, (128, 96))] {
            let camera = camera(width: width, height: height)
            let running = Task { await camera.run() }
            let first = await units(3, of: camera.smallBus.subscribe(name: "one", capacity: 100))
            running.cancel()
            await running.value
            let path = scratch.file("small.h264")
            #expect(FileManager.default.createFile(atPath: path, contents: Data(first.flatMap { $0.bytes.bytes })))
            let probe = try Tool(["ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", path])
            #expect(probe.output.trimmingCharacters(in: .whitespacesAndNewlines) == "\(expected.0),\(expected.1)")
        }
    }
}
