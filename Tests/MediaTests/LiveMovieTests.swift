import Foundation
import Logging
import TestSupport
import Testing

@testable import Media

@Suite struct LiveMovieTests {
    private func camera() -> Camera {
        var settings = CameraSettings(source: .synthetic, name: "test", seed: 3)
        (settings.width, settings.height, settings.framesPerSecond) = (320, 180, 20)
        settings.keyFrameInterval = .milliseconds(500)
        return Camera(settings: settings, wallClock: { Date(timeIntervalSince1970: 0) }, logger: Logger(label: "test"))
    }

    /// ffprobe is the stranger that judges the file; it may be cut after any picture.
    @Test(.timeLimit(.minutes(1))) func everyPictureIsThereAtOnce() async throws {
        let camera = camera()
        let running = Task { await camera.run() }
        let movie = LiveMovie(camera.bus.subscribe(name: "test", capacity: 100), width: 320, height: 180, framesPerSecond: 20)
        let type = try #require(try await movie.begin())
        #expect(type.wholeMatch(of: /video\/mp4; codecs="avc1\.[0-9a-f]{6}"/) != nil)
        var file: [UInt8] = []
        for number in 1...25 {
            let part = try #require(try await movie.next())
            #expect(part.firstRange(of: Array("moof".utf8)) != nil)
            #expect((part.firstRange(of: Array("moov".utf8)) != nil) == (number == 1))
            file += part
        }
        running.cancel()
        await running.value
        // The camera ended, and so does the file, after what was on its way.
        var rest = 0
        while try await movie.next() != nil { rest += 1 }
        #expect(rest <= 100)
        let scratch = try ScratchDirectory()
        let path = scratch.file("live.mp4")
        #expect(FileManager.default.createFile(atPath: path, contents: Data(file)))
        let probe = try Tool([
            "ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,width,height,nb_read_frames", "-of", "csv=p=0", path,
        ])
        #expect(probe.status == 0 && probe.errors.isEmpty, "\(probe.errors)")
        #expect(probe.output.trimmingCharacters(in: .whitespacesAndNewlines) == "h264,320,180,25")
    }

    @Test(.timeLimit(.minutes(1))) func aCameraThatNeverShowsAnythingEndsIt() async throws {
        let bus = AccessUnitBus()
        let subscription = bus.subscribe(name: "test", capacity: 4)
        let movie = LiveMovie(subscription, width: 16, height: 16, framesPerSecond: 1)
        subscription.cancel()
        let type = try await movie.begin()
        let bytes = try await movie.next()
        #expect(type == nil && bytes == nil)
    }
}
