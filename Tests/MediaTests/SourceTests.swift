import Foundation
import TestSupport
import Testing

@testable import Media

@Suite struct SourceParsingTests {
    @Test func readsWhatItWrites() {
        for text in ["auto", "none", "synthetic", "file:/a b/c.mp4", "file:relative.mkv", "v4l2:/dev/video0"] {
            #expect((try? CameraSettings.Source.parse(text))?.description == text)
        }
    }

    @Test(arguments: ["", "file:", "v4l2:video0", "webcam", "rtsp://host/path", "rtsps://x", "rpicam", "Synthetic"])
    func refusesWithACure(_ text: String) {
        #expect((try? CameraSettings.Source.parse(text)) == nil)
        let error = #expect(throws: MediaError.self) { try CameraSettings.Source.parse(text) }
        #expect(error?.cure.contains("file:PATH") == true)
        if text.hasPrefix("rtsp") || text == "rpicam" { #expect(error?.text.contains("not supported yet") == true) }
    }
}

@Suite struct V4L2Tests {
    @Test func aMissingDeviceAndSomethingElseAreToldApart() {
        let missing = #expect(throws: MediaError.self) { try V4L2Device(path: "/dev/video-that-is-not-there") }
        #expect(missing?.code == ENOENT)
        #expect(missing?.cure.contains("Plug") == true)
        let null = #expect(throws: MediaError.self) { try V4L2Device(path: "/dev/null") }
        #expect(null?.cure.contains("no camera") == true, "\(null.map { "\($0)" } ?? "")")
        #expect(V4L2Devices.report(path: "/dev/null").problem != nil)
    }

    @Test func devicesAreListedInNumericOrder() throws {
        let scratch = try ScratchDirectory()
        for name in ["video10", "video2", "video0", "videoX", "audio1"] {
            _ = FileManager.default.createFile(atPath: scratch.file(name), contents: nil)
        }
        #expect(V4L2Devices.paths(in: scratch.url.path).map { ($0 as NSString).lastPathComponent } == ["video0", "video2", "video10"])
        #expect(V4L2Devices.paths(in: scratch.file("nowhere")).isEmpty)
    }

    @Test func choosesRateThenSizeThenTheCheapestPixels() {
        func format(_ pixels: DeviceFormat.Pixels, _ width: Int, _ height: Int, _ rate: Double) -> DeviceFormat {
            DeviceFormat(pixels: pixels, width: width, height: height, framesPerSecond: rate)
        }
        // A USB 2 webcam: raw is too slow at full size, JPEG is not.
        let webcam = [
            format(.yuyv, 1920, 1080, 5), format(.yuyv, 640, 480, 30), format(.mjpeg, 1920, 1080, 30), format(.mjpeg, 1280, 720, 60),
            format(.h264, 1920, 1080, 30),
        ]
        #expect(DeviceFormat.best(of: webcam, width: 1920, height: 1080, framesPerSecond: 30) == webcam[2])
        #expect(DeviceFormat.best(of: webcam, width: 640, height: 480, framesPerSecond: 30) == webcam[1])
        #expect(DeviceFormat.best(of: webcam, width: 1920, height: 1080, framesPerSecond: 5) == webcam[0])
        // 29.97 is 30; unknown rates are trusted; odd sizes and none at all are not used.
        let ntsc = [format(.nv12, 1920, 1080, 29.97), format(.mjpeg, 1920, 1080, 60)]
        #expect(DeviceFormat.best(of: ntsc, width: 1920, height: 1080, framesPerSecond: 30) == ntsc[0])
        #expect(DeviceFormat.best(of: [format(.yuyv, 640, 480, 0)], width: 1920, height: 1080, framesPerSecond: 30) != nil)
        #expect(DeviceFormat.best(of: [format(.yuyv, 641, 480, 30)], width: 640, height: 480, framesPerSecond: 30) == nil)
        #expect(DeviceFormat.best(of: [], width: 640, height: 480, framesPerSecond: 30) == nil)
    }

    @Test func rawLayoutsBecomePlanes() throws {
        let pool = try PicturePool(width: 16, height: 2)
        // One picture, luma 10…, U 60, V 200, in three layouts.
        let luma = (0..<32).map { UInt8(10 + $0) }
        let yuyv = (0..<16).flatMap { [luma[2 * $0], 60, luma[2 * $0 + 1], 200] as [UInt8] }
        let nv12 = luma + (0..<8).flatMap { _ in [60, 200] as [UInt8] }
        let planar = luma + [UInt8](repeating: 60, count: 8) + [UInt8](repeating: 200, count: 8)
        for (layout, bytes, line) in [(RawLayout.yuyv, yuyv, 32), (.nv12, nv12, 16), (.yuv420, planar, 16)] {
            _ = try pool.picture(captured: .now, duration90k: 1) { canvas in
                bytes.withUnsafeBytes { layout.copy($0, bytesPerLine: line, to: canvas) }
                for index in 0..<32 { #expect(canvas.y[index / 16 * canvas.lumaStride + index % 16] == luma[index], "\(layout)") }
                for x in 0..<8 { #expect(canvas.u[x] == 60 && canvas.v[x] == 200, "\(layout)") }
            }
            let short = try bytes.dropLast().withUnsafeBytes {
                try pool.picture(raw: $0, layout: layout, bytesPerLine: line, captured: .now, duration90k: 1)
            }
            #expect(short == nil, "a short buffer of \(layout) must be refused")
        }
    }
}

@Suite struct PassThroughTests {
    private func verdict(_ packets: [(pts: Double, dts: Double, key: Bool)]) -> Bool {
        var check = PassThroughCheck(maximumInterval: 2)
        for packet in packets { check.packet(pts: packet.pts, dts: packet.dts, isKeyFrame: packet.key, frameSeconds: 0.1) }
        return check.isAllowed
    }

    /// Fifty packets, ten a second, with key frames where `isKey` says, shown `delay` seconds after decoding.
    private func packets(delay: Double = 0, isKey: (Int) -> Bool) -> [(pts: Double, dts: Double, key: Bool)] {
        (0..<50).map { index in
            let time = Double(index) / 10
            return (pts: time + delay, dts: time, key: isKey(index))
        }
    }

    @Test func theRule() {
        #expect(verdict(packets { $0 % 20 == 0 }))
        #expect(!verdict(packets { $0 % 25 == 0 }), "2.5 s between key frames")
        #expect(!verdict(packets { $0 % 20 == 1 }), "begins without a key frame")
        #expect(!verdict(packets(delay: 0.1) { $0 % 20 == 0 }), "B-frames")
        #expect(!verdict([]))
    }

    @Test func footageIsJudgedAsItsNatureDemands() throws {
        let scratch = try ScratchDirectory()
        let suitable = scratch.file("suitable.mp4")
        let bFrames = scratch.file("b.mp4")
        let make = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10:duration=5", "-c:v", "libx264"]
        #expect(try Tool(make + ["-bf", "0", "-g", "10", "-pix_fmt", "yuv420p", suitable]).status == 0)
        #expect(try Tool(make + ["-bf", "2", "-g", "10", "-pix_fmt", "yuv420p", bFrames]).status == 0)
        #expect(try PassThroughCheck.allows(path: suitable, maximumInterval: .seconds(2)))
        #expect(try !PassThroughCheck.allows(path: bFrames, maximumInterval: .seconds(2)))
        for name in ["cars_auto_exposure", "foliage_hand", "room_people_av"] {
            guard let path = Footage.path("\(name).mp4") else { continue }
            #expect(try !PassThroughCheck.allows(path: path, maximumInterval: .seconds(2)), "\(name)")
        }
        // What is passed on is the file's own bytes: ffmpeg's Annex B of the same file, packet by packet.
        let reader = try FileReader(path: suitable, audio: false, passThrough: true)
        var stream: [UInt8] = []
        var pictures = 0
        while let item = try reader.next() {
            switch item.content {
            case .encoded(let encoded):
                if encoded.isKeyFrame {
                    var sets = ParameterSets()
                    #expect(sets.update(from: encoded.bytes) == true)
                }
                stream += encoded.bytes
            case .picture: pictures += 1
            case .sound: Issue.record("there is no sound in it")
            }
        }
        #expect(pictures == 50, "motion needs every picture decoded")
        let annexB = scratch.file("out.h264")
        #expect(
            try Tool(["ffmpeg", "-nostdin", "-v", "error", "-i", suitable, "-c", "copy", "-bsf:v", "h264_mp4toannexb", annexB]).status == 0)
        #expect(try Data(contentsOf: URL(filePath: annexB)) == Data(stream))
    }
}

@Suite struct FileReaderTests {
    @Test func soundAndPictureComeInTheOrderOfTime() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.file("av.mkv")
        let made = try Tool([
            "ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=322x241:rate=12.5:duration=4", "-f", "lavfi", "-i",
            "sine=frequency=440:sample_rate=44100:duration=4", "-c:v", "mpeg4", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", path,
        ])
        #expect(made.status == 0, "\(made.errors)")
        let reader = try FileReader(path: path, audio: true, passThrough: false)
        #expect(reader.format.width == 322 && reader.format.height == 240, "odd sizes are cropped")
        #expect(reader.format.framesPerSecond == 12.5 && reader.format.hasAudio)
        var pictureTimes: [Double] = []
        var times: [Double] = []
        var samples = 0
        var loudest: Float = 0
        while let item = try reader.next() {
            times.append(item.time)
            switch item.content {
            case .picture(let picture):
                #expect(picture.width == 322 && picture.height == 240)
                pictureTimes.append(item.time)
            case .sound(let block):
                samples += block.count
                loudest = max(loudest, block.map(abs).max() ?? 0)
            case .encoded: Issue.record("nothing is passed through here")
            }
        }
        #expect(times == times.sorted())
        #expect(pictureTimes.count == 50)
        #expect(zip(pictureTimes, pictureTimes.dropFirst()).allSatisfy { abs($1 - $0 - 0.08) < 0.002 })
        #expect(abs(Double(samples) / 48_000 - 4) < 0.15)
        #expect(loudest > 0.05 && loudest <= 1)
        #expect(abs(reader.duration - 4) < 0.05)
    }

    @Test func whatIsNoVideoIsRefusedWithACure() throws {
        let scratch = try ScratchDirectory()
        let text = scratch.file("notes.txt")
        try Data("This is not a film.".utf8).write(to: URL(filePath: text))
        let wave = scratch.file("tone.wav")
        _ = try Tool(["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "sine=duration=1", wave])
        for (path, part) in [
            (scratch.file("absent.mp4"), "No such file"), (text, "no video file"), (wave, "no video"), (scratch.url.path, "directory"),
        ] {
            let error = #expect(throws: MediaError.self) { try FileReader(path: path, audio: true, passThrough: false) }
            #expect(error?.text.contains(part) == true, "\(path): \(error.map { "\($0)" } ?? "")")
            #expect(error?.cure.isEmpty == false)
        }
    }

    @Test func damagedFilesNeverTrap() throws {
        let scratch = try ScratchDirectory()
        let good = scratch.file("good.mp4")
        _ = try Tool([
            "ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10:duration=2", "-c:v", "libx264", good,
        ])
        let bytes = Array(try Data(contentsOf: URL(filePath: good)))
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(state: seed)
        for round in 0..<40 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...60, using: &generator) {
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let path = scratch.file("\(round).mp4")
            try Data(damaged).write(to: URL(filePath: path))
            do throws(MediaError) {
                let reader = try FileReader(path: path, audio: true, passThrough: false)
                var last = -1.0
                var items = 0
                while let item = try reader.next(), items < 1000 {
                    if case .picture = item.content {
                        #expect(item.time > last, "seed \(seed)")
                        last = item.time
                    }
                    items += 1
                }
            } catch {
                #expect(!error.cure.isEmpty, "seed \(seed)")
            }
        }
    }
}
