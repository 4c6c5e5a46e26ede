import Foundation
import Logging
import Synchronization
import Testing
import TestSupport

@testable import Media

/// A sink that keeps everything in memory and checks the order of calls.
final class MemorySink: ClipSink {
    struct Clip: Sendable {
        var header: ClipHeader
        var shown: [String] = []
        var fragments: [Fragment] = []
        var posters: [JPEGPicture] = []
        var summary: ClipSummary?
        var orderBroken = false
    }

    final class Writer: ClipWriter {
        let clip: Mutex<Clip>
        let closed = Broadcast<ClipSummary>(buffer: 1)

        /// From this fragment on the clip cannot be kept.
        let loses: Int?

        init(_ header: ClipHeader, loses: Int?) {
            clip = Mutex(Clip(header: header))
            self.loses = loses
        }

        func append(_ fragment: Fragment) -> Bool {
            clip.withLock { clip in
                if clip.summary != nil || fragment.index != clip.fragments.count { clip.orderBroken = true }
                clip.fragments.append(fragment)
                return fragment.index != loses
            }
        }

        func shows(_ event: String) { clip.withLock { $0.shown.append(event) } }

        func poster(_ jpeg: JPEGPicture) {
            clip.withLock { clip in
                if clip.summary != nil { clip.orderBroken = true }
                clip.posters.append(jpeg)
            }
        }

        func close(_ summary: ClipSummary) {
            clip.withLock { clip in
                if clip.summary != nil { clip.orderBroken = true }
                clip.summary = summary
            }
            closed.send(summary)
        }
    }

    private let writers = Mutex<[Writer]>([])
    private let loses: Int?

    /// - Parameter loses: the first clip is lost with this fragment.
    init(loses: Int? = nil) { self.loses = loses }

    func open(_ header: ClipHeader) -> any ClipWriter {
        let writer = Writer(header, loses: header.continues ? nil : loses)
        writers.withLock { $0.append(writer) }
        return writer
    }

    var clips: [Clip] { writers.withLock { $0 }.map { $0.clip.withLock { $0 } } }
}

@Suite(.timeLimit(.minutes(1))) struct RecorderTests {
    private static func format() -> CameraStatus {
        var status = CameraStatus()
        (status.width, status.height, status.framesPerSecond, status.hasAudio) = (320, 180, 10, true)
        return status
    }

    private func makeRecorder(_ preRoll: PreRollRing, _ bus: AccessUnitBus, _ sink: MemorySink) -> Recorder {
        Recorder(
            input: .init(
                bus: bus, preRoll: preRoll, format: { Self.format() }, still: { nil }, now: { at(100) }),
            settings: RecordingSettings(), sink: sink, logger: Logger(label: "test"))
    }

    private func request(_ event: String, triggered: Double, until: Double) -> RecordingRequest {
        RecordingRequest(event: event, kind: "motion", triggered: at(triggered), from: at(triggered - 10), until: at(until))
    }

    @Test func aClipBeginsBeforeItsTriggerHasAPosterAndPlays() async throws {
        let scratch = try ScratchDirectory()
        let preRoll = PreRollRing(duration: .seconds(10), maximumBytes: 32 << 20)
        let bus = AccessUnitBus(preRoll: preRoll)
        let sink = MemorySink()
        let recorder = makeRecorder(preRoll, bus, sink)
        let units = try EncodedScene.make(seconds: 30, keyFrameEvery: 2, from: 10)
        let running = Task { await recorder.run() }
        for unit in units where unit.captured <= at(15) { bus.publish(unit) }
        var changes = (await recorder.changes()).makeAsyncIterator()
        #expect(await changes.next() == .some(nil))
        // The recorder takes requests before and while it runs; this one is answered at once.
        try await eventually { await recorder.isRunning }
        await recorder.record(request("abc", triggered: 14.5, until: 19.5))
        let open = try #require(await recorder.openClip)
        #expect(open.header.event == "abc" && open.until == at(19.5))
        #expect(open.header.start == at(4), "the last key frame at or before 4.5 s")
        await recorder.record(request("abc", triggered: 14.5, until: 19.5))
        await recorder.record(request("abc", triggered: 14.5, until: 21.05))
        // Another event meanwhile: this clip is all that shows it.
        await recorder.record(request("abd", triggered: 15, until: 20))
        await recorder.record(request("abd", triggered: 15, until: 20))
        #expect(await recorder.openClip?.until == at(21.05))
        // As a camera would: not faster than the recorder follows.
        for (index, unit) in units.enumerated() where unit.captured > at(15) {
            bus.publish(unit)
            try await eventually {
                if await recorder.openClip == nil { return true }
                return await recorder.lastSequence >= UInt64(index + 1)
            }
        }
        try await eventually { sink.clips.first?.summary != nil }
        running.cancel()
        await running.value
        #expect(sink.clips.count == 1, "one clip for three requests")
        let clip = try #require(sink.clips.first)
        #expect(!clip.orderBroken && clip.shown == ["abd"])
        #expect(clip.summary?.reason == .motionEnded && clip.summary?.lostPictures == 0)
        #expect(abs((clip.summary?.durationSeconds ?? 0) - 17.1) < 0.01, "\(String(describing: clip.summary))")
        #expect(clip.posters.count == 1 && clip.posters[0].captured == at(16) && clip.posters[0].width == 320)
        for (one, next) in zip(clip.fragments.dropFirst(), clip.fragments.dropFirst(2)) { #expect(one.end == next.start) }
        #expect(clip.fragments.dropFirst().allSatisfy { $0.end - $0.start <= .milliseconds(501) })
        let path = scratch.file("clip.mp4")
        try Data(clip.fragments.flatMap(\.bytes.bytes)).write(to: URL(filePath: path))
        let play = try Tool(["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-f", "null", "-"])
        #expect(play.status == 0 && play.errors.isEmpty, "\(play.errors)")
        let count = try Tool([
            "ffprobe", "-v", "error", "-select_streams", "v", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", path,
        ])
        #expect(count.output.trimmingCharacters(in: .whitespacesAndNewlines) == "171")
    }

    @Test func aClipThatTheSinkLostIsFollowedByOneThatPlays() async throws {
        let scratch = try ScratchDirectory()
        let preRoll = PreRollRing(duration: .seconds(10), maximumBytes: 32 << 20)
        let bus = AccessUnitBus(preRoll: preRoll)
        let sink = MemorySink(loses: 6)
        let recorder = makeRecorder(preRoll, bus, sink)
        let running = Task { await recorder.run() }
        try await eventually { await recorder.isRunning }
        await recorder.record(request("abc", triggered: 10, until: 18))
        // The ring begins with a key frame.
        let units = try EncodedScene.make(seconds: 20, keyFrameEvery: 2, from: 10).drop { !$0.isVideoKeyFrame }
        for (index, unit) in units.enumerated() {
            bus.publish(unit)
            try await eventually {
                if sink.clips.last?.summary != nil { return true }
                return await recorder.lastSequence >= UInt64(index + 1)
            }
        }
        try await eventually { sink.clips.count >= 2 && sink.clips[1].summary != nil }
        running.cancel()
        await running.value
        #expect(sink.clips.count == 2, "one loss, one more file")
        let (lost, next) = (sink.clips[0], sink.clips[1])
        #expect(lost.summary?.reason == .sinkLost && next.summary?.reason == .motionEnded)
        #expect(next.header.continues && next.header.event == "abc" && !next.orderBroken)
        let gap = next.header.start - (try #require(lost.summary?.end))
        #expect(abs(gap / .seconds(1)) < 0.001, "the next file begins where the lost one ended")
        #expect(next.header.start - lost.fragments[6].end <= .seconds(2), "at the next key frame")
        let path = scratch.file("next.mp4")
        try Data(next.fragments.flatMap(\.bytes.bytes)).write(to: URL(filePath: path))
        let play = try Tool(["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-f", "null", "-"])
        #expect(play.status == 0 && play.errors.isEmpty, "\(play.errors)")
    }

    @Test func stoppingClosesTheOpenClip() async throws {
        let preRoll = PreRollRing(duration: .seconds(10), maximumBytes: 32 << 20)
        let bus = AccessUnitBus(preRoll: preRoll)
        let sink = MemorySink()
        let recorder = makeRecorder(preRoll, bus, sink)
        let running = Task { await recorder.run() }
        try await eventually { await recorder.isRunning }
        for unit in try EncodedScene.make(seconds: 3) { bus.publish(unit) }
        await recorder.record(request("abc", triggered: 2.5, until: 50))
        running.cancel()
        await running.value
        let clip = try #require(sink.clips.first)
        #expect(clip.summary?.reason == .stopped && !clip.orderBroken)
        #expect(await recorder.openClip == nil)
    }

    @Test func aRequestBeforeAnyPictureWaitsAndALostSourceIsNamed() async throws {
        let preRoll = PreRollRing(duration: .seconds(10), maximumBytes: 32 << 20)
        let bus = AccessUnitBus(preRoll: preRoll)
        let sink = MemorySink()
        let recorder = makeRecorder(preRoll, bus, sink)
        let running = Task { await recorder.run() }
        try await eventually { await recorder.isRunning }
        await recorder.record(request("early", triggered: 0, until: 99))
        #expect(sink.clips.isEmpty)
        for unit in try EncodedScene.make(seconds: 3) { bus.publish(unit) }
        try await eventually { await recorder.openClip != nil }
        bus.interrupt(reason: "unplugged")
        try await eventually { sink.clips.first?.summary != nil }
        #expect(sink.clips.first?.summary?.reason == .sourceLost("unplugged"))
        running.cancel()
        await running.value
    }

    @Test func whatTheRingForgotIsCounted() async throws {
        // A ring that holds only a second, and a recorder that gets to run only at the end.
        let preRoll = PreRollRing(duration: .seconds(1), maximumBytes: 32 << 20)
        let bus = AccessUnitBus(preRoll: preRoll)
        let sink = MemorySink()
        let recorder = makeRecorder(preRoll, bus, sink)
        let units = try EncodedScene.make(seconds: 12).filter { $0.codec.isVideo }
        for unit in units.prefix(20) { bus.publish(unit) }
        await recorder.record(request("slow", triggered: 1.9, until: 5))
        for unit in units.dropFirst(20) { bus.publish(unit) }
        let running = Task { await recorder.run() }
        try await eventually { await recorder.isRunning }
        bus.publish(try #require(units.last))
        try await eventually {
            if await recorder.openClip == nil { return true }
            return sink.clips.first?.summary != nil
        }
        running.cancel()
        await running.value
        let lost = try #require(sink.clips.first?.summary?.lostPictures)
        #expect(lost > 50, "\(lost)")
    }
}
