import Foundation
import Logging
import TestSupport
import Testing

@testable import Media

@Suite struct CameraTests {
    private func camera(
        _ source: CameraSettings.Source, backOff: BackOff = BackOff(), _ change: (inout CameraSettings) -> Void = { _ in }
    ) -> Camera {
        var settings = CameraSettings(source: source, name: "test", seed: 3)
        (settings.width, settings.height, settings.framesPerSecond) = (320, 180, 20)
        change(&settings)
        return Camera(settings: settings, wallClock: { Date(timeIntervalSince1970: 0) }, logger: Logger(label: "test"), backOff: backOff)
    }

    private func waitFor(_ camera: Camera, _ wanted: (CameraStatus) -> Bool) async -> CameraStatus? {
        for await status in camera.statusChanges() where wanted(status) { return status }
        return nil
    }

    @Test(.timeLimit(.minutes(1))) func syntheticRunsWithSoundStillsAndKeyFramesOnRequest() async throws {
        // No key frame but the first, unless asked for.
        let camera = camera(.synthetic) { $0.keyFrameInterval = .seconds(3600) }
        let subscription = camera.bus.subscribe(name: "test", capacity: 1000)
        let running = Task { await camera.run() }
        let status = try #require(await waitFor(camera) { $0.state == .running })
        #expect(status.width == 320 && status.height == 180 && status.hasAudio && !status.encoder.isEmpty && !status.passThrough)
        var units: [AccessUnit] = []
        var asked: UInt64?
        var isAnswered = false
        while units.count < 150 || !isAnswered, let delivery = await subscription.next() {
            guard case .unit(let unit) = delivery else { continue }
            units.append(unit)
            if let asked, unit.isVideoKeyFrame, unit.sequence > asked { isAnswered = true }
            if units.count == 40 {
                camera.requestKeyFrame()
                asked = unit.sequence
            }
        }
        let video = units.filter(\.codec.isVideo)
        #expect(video.first?.isKeyFrame == true)
        for unit in video where unit.isKeyFrame {
            var sets = ParameterSets()
            #expect(sets.update(from: unit.bytes.bytes) == true)
        }
        #expect(zip(video, video.dropFirst()).allSatisfy { $0.pts90k < $1.pts90k })
        let sounds = units.filter { $0.codec == .opus }
        #expect(sounds.count > 60)
        #expect(zip(sounds, sounds.dropFirst()).allSatisfy { abs($1.pts90k - $0.pts90k - 1800) <= 1 })
        #expect(isAnswered && video.count(where: \.isKeyFrame) == 2)
        let still = try await camera.snapshot(width: 160)
        #expect(still.width == 160 && still.height == 90 && still.bytes.prefix(2) == [0xff, 0xd8])
        #expect(camera.preRoll.byteCount > 0)
        running.cancel()
        await running.value
        await #expect(throws: MediaError.self) { try await camera.snapshot() }
    }

    @Test(.timeLimit(.minutes(1))) func aFileIsLoopedWithOneRisingTimeline() async throws {
        let scratch = try ScratchDirectory()
        let path = scratch.file("short.mp4")
        let made = try Tool([
            "ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=20:duration=0.5", "-c:v", "libx264", "-bf",
            "2", path,
        ])
        #expect(made.status == 0, "\(made.errors)")
        let camera = camera(.file(path))
        let subscription = camera.bus.subscribe(name: "test", capacity: 1000)
        let running = Task { await camera.run() }
        var units: [AccessUnit] = []
        while units.count < 35, let delivery = await subscription.next() {
            if case .unit(let unit) = delivery { units.append(unit) }
        }
        running.cancel()
        await running.value
        #expect(units.count == 35, "three rounds and a half of ten pictures")
        for (one, next) in zip(units, units.dropFirst()) {
            #expect(next.pts90k > one.pts90k)
            #expect(next.captured - one.captured >= .milliseconds(49), "a steady 20 a second, over the loop's seam too")
        }
        #expect(camera.status.width == 160 && camera.status.framesPerSecond == 20)
    }

    @Test(.timeLimit(.minutes(1)), arguments: [CameraSettings.Source.file("/nowhere/at/all.mp4"), .v4l2("/dev/video-none")])
    func whatCannotBeOpenedIsToldWithItsCureAndEndsAtOnce(_ source: CameraSettings.Source) async throws {
        // The pause before the next try is longer than this test may take: who cancels does not wait for it.
        let camera = camera(source, backOff: BackOff(first: .seconds(3600), cap: .seconds(3600)))
        let running = Task { await camera.run() }
        let status = try #require(
            await waitFor(camera) { if case .failed = $0.state { true } else { false } })
        guard case .failed(let problem) = status.state else { return }
        #expect(!problem.message.isEmpty && !problem.cure.isEmpty)
        running.cancel()
        await running.value
    }

    @Test(.timeLimit(.minutes(1))) func noneIsNoFault() async throws {
        let camera = camera(.none)
        let running = Task { await camera.run() }
        #expect(await waitFor(camera) { $0.state == .none } != nil)
        running.cancel()
        await running.value
    }

    @Test(.timeLimit(.minutes(1))) func viewersShareEachStillAndNobodyCostsNothing() async throws {
        let studio = StillStudio()
        let pool = try PicturePool(width: 320, height: 180)
        let running = Task { await studio.run() }
        func offer(_ index: Int) throws {
            studio.offer(
                try pool.picture(captured: at(Double(index)), duration90k: 9000) {
                    $0.y.update(repeating: UInt8(index), count: $0.lumaStride * 180)
                    $0.u.update(repeating: 128, count: $0.chromaStride * 90)
                    $0.v.update(repeating: 128, count: $0.chromaStride * 90)
                })
        }
        for index in 0..<5 { try offer(index) }
        #expect(studio.encodedCount.load(ordering: .relaxed) == 0)
        var viewers = (0..<8).map { _ in studio.stream(width: 160, framesPerSecond: 30).makeAsyncIterator() }
        for index in viewers.indices { #expect(await viewers[index].next()?.captured == at(4)) }
        #expect(studio.encodedCount.load(ordering: .relaxed) == 1)
        try offer(5)
        for index in viewers.indices { #expect(await viewers[index].next()?.captured == at(5)) }
        #expect(try await studio.still(width: 160).captured == at(5))
        #expect(studio.encodedCount.load(ordering: .relaxed) == 2)
        #expect(try await studio.still(width: 80).width == 80)
        #expect(studio.encodedCount.load(ordering: .relaxed) == 3)
        running.cancel()
        await running.value
    }
}

@Suite struct StopSignalTests {
    @Test(.timeLimit(.minutes(1))) func endsAWaitThatHasLongToGo() async {
        let began = ContinuousClock.now
        // The stop falls before, into or after the beginning of the waits; over the rounds it meets threads deep in them.
        for round in 0..<20 {
            let stop = StopSignal()
            let (news, continuation) = AsyncStream.makeStream(of: Bool?.self)
            for onDevice in [false, true] {
                Thread {
                    continuation.yield(nil)
                    let limit = Duration.seconds(20)
                    continuation.yield(onDevice ? stop.wait(forInputOn: -1, timeout: limit) : stop.wait(until: .now + limit))
                }.start()
            }
            var waiting = 0
            var answers: [Bool] = []
            for await event in news {
                if let event { answers.append(event) } else { waiting += 1 }
                if waiting == 2, answers.isEmpty {
                    for _ in 0..<round * 50 { await Task.yield() }
                    stop.stop()
                }
                if answers.count == 2 { break }
            }
            #expect(answers == [false, false])
            #expect(stop.isStopped && !stop.wait(until: began))
        }
        #expect(ContinuousClock.now - began < .seconds(15))
    }
}

@Suite struct CaptureQueueTests {
    @Test func theOldestPictureGoesAndSoundStays() throws {
        let queue = CaptureQueue(maximumPictures: 3)
        let pool = try PicturePool(width: 16, height: 16)
        for index in 0..<10 {
            queue.push(.picture(try pool.picture(captured: at(Double(index)), duration90k: 1) { _ in }))
            queue.push(.sound(SoundBlock(samples: [], captured: at(Double(index)))))
        }
        var pictures: [Double] = []
        var sounds = 0
        while let item = queue.pop(timeout: 0) {
            switch item {
            case .picture(let picture): pictures.append((picture.captured - origin).inSeconds.rounded())
            case .sound: sounds += 1
            case .encoded: break
            }
        }
        #expect(pictures == [7, 8, 9])
        #expect(sounds == 10 && queue.droppedCount == 7)
    }

    @Test func passedThroughPicturesAreDroppedUpToAKeyFrame() {
        let queue = CaptureQueue()
        for index in 0..<200 {
            queue.push(
                .encoded(EncodedPicture(bytes: [], isKeyFrame: index % 50 == 0, captured: at(Double(index)), duration90k: 1)))
        }
        var kept = 0
        while queue.pop(timeout: 0) != nil { kept += 1 }
        #expect(kept == 120 && queue.droppedCount == 80)
        // What comes now depends on what was dropped, until the next key frame.
        for (index, isKey) in [false, false, true, false].enumerated() {
            queue.push(.encoded(EncodedPicture(bytes: [], isKeyFrame: isKey, captured: at(Double(index)), duration90k: 1)))
        }
        var keys: [Bool] = []
        while case .encoded(let picture)? = queue.pop(timeout: 0) { keys.append(picture.isKeyFrame) }
        #expect(keys == [true, false])
    }

    @Test func pausesGrowToTheirCap() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(state: seed)
        var backOff = BackOff()
        let pauses = (0..<10).map { _ in backOff.next(rng: &generator).inSeconds }
        for (index, pause) in pauses.enumerated() {
            let middle = min(30, Double(1 << index))
            #expect(pause >= 0.8 * middle && pause <= 1.2 * middle, "seed \(seed): \(pauses)")
        }
        backOff.reset()
        #expect(backOff.next(rng: &generator) <= .seconds(1.2))
    }
}

@Suite struct LayeringTests {
    @Test func cLibrariesStayInTheirRoom() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/Media")
        let files = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
        var seen = 0
        for case let url as URL in files where url.pathExtension == "swift" {
            seen += 1
            let text = try String(contentsOf: url, encoding: .utf8)
            let lines = text.split(separator: "\n")
            let imports = lines.filter { $0.contains("import ") && !$0.contains("//") }.map(String.init)
            let inHandles = url.pathComponents.contains("Handles")
            #expect(inHandles || !imports.contains { $0.contains("import CAV") || $0.contains("import CV4L2") }, "\(url.lastPathComponent)")
            if url.pathComponents.contains("Detection") {
                #expect(imports.isEmpty, "\(url.lastPathComponent)")
                #expect(!text.contains("ContinuousClock.now") && !text.contains(": .now"), "\(url.lastPathComponent)")
            }
            #expect(lines.count < 400, "\(url.lastPathComponent)")
        }
        #expect(seen > 40)
    }
}
