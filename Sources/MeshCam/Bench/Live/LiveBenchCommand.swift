import ArgumentParser
import Foundation

/// `meshcam bench live`: how old live pictures are when a browser shows them.
struct LiveBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "live", abstract: "Measure how old live pictures are in a browser, and how soon the first one comes.",
        discussion: """
            A camera whose pictures carry the moment of capture is encoded and served as on any node; Chromium watches it with the
            dashboard's own player, on the same machine, and reads each picture's age in its callback. With --displayed a screen in memory is filmed
            as well: the pixels that somebody would see. Needs chromium, iproute2 and util-linux; --displayed also xvfb and ffmpeg.
            Nothing of this machine's network is touched.
            """)

    @Option(help: "Picture width in pixels.") var width = 1920
    @Option(help: "Picture height in pixels.") var height = 1080
    @Option(help: "Pictures a second.") var fps = 30
    @Option(help: "How long to read ages.") var seconds = 15
    @Option(help: "How many times to wait for a first picture.") var starts = 9
    @Flag(help: "Film a screen, too.") var displayed = false
    @Flag(help: "Print JSON.") var json = false
    @Flag(help: .hidden) var inside = false

    func validate() throws {
        guard (320...3840).contains(width), (180...2160).contains(height), width % 2 == 0, height % 2 == 0 else {
            throw ValidationError("--width, --height: even, 320x180 to 3840x2160")
        }
        guard (1...120).contains(fps) else { throw ValidationError("--fps: 1 to 120") }
        guard (1...600).contains(seconds) else { throw ValidationError("--seconds: 1 to 600") }
        guard (1...100).contains(starts) else { throw ValidationError("--starts: 1 to 100") }
    }

    func run() async throws {
        do {
            guard inside else { try BenchNetwork.replaceThisProcess(arguments: arguments) }
            // The first process of a namespace ends by a signal only if it takes it.
            for number in [SIGINT, SIGTERM] { signal(number) { _ in _exit(130) } }
            try BenchLink.make()
            let bench = LiveBench(width: width, height: height, framesPerSecond: fps, seconds: seconds, starts: starts)
            try print(try await bench.measure(isDisplayed: displayed))
        } catch {
            CommandLine.fail(error)
        }
    }

    /// What starts this very measurement again, inside.
    private var arguments: [String] {
        let numbers = [("width", width), ("height", height), ("fps", fps), ("seconds", seconds), ("starts", starts)].flatMap { ["--\($0)", "\($1)"] }
        return ["bench", "live", "--inside"] + numbers + (displayed ? ["--displayed"] : []) + (json ? ["--json"] : [])
    }

    private func print(_ figures: LiveFigures) throws {
        guard !json else { return try Terminal.print(String(decoding: try JSONCoding.prettyEncoder.encode(figures), as: UTF8.self)) }
        var table = TextTable(("\(width)x\(height) at \(fps)", .left), ("p50", .right), ("p95", .right), ("pictures", .right))
        table.add(["capture to the browser's callback", "\(figures.glassToBrowserMsP50) ms", "\(figures.glassToBrowserMsP95) ms", "\(figures.pictures)"])
        if let p50 = figures.displayedMsP50, let p95 = figures.displayedMsP95 {
            table.add(["capture to displayed pixels", "\(p50) ms", "\(p95) ms", "\(figures.displayedPictures ?? 0)"])
        }
        table.add(["click to the first picture", "\(figures.firstFrameMs) ms", "max \(figures.firstFrameMsMax) ms", "\(starts)"])
        try Terminal.print(table.render())
    }
}
