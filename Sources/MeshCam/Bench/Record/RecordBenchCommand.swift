import ArgumentParser
import Foundation

/// `meshcam bench record`: what recording costs without encoding.
struct RecordBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record", abstract: "Measure the processor time that recording costs, beside ffmpeg's copy of the same stream.",
        discussion: """
            A stream of a given rate, encoded before, is recorded to a directory as a camera does it: pre-roll, half a second to a fragment, hashed,
            written by the target's own process, and made durable each time. Then ffmpeg copies the recorded file at its own pace. Needs ffmpeg.
            """)

    @Option(help: "The stream's rate in Mbit/s.") var mbit = 4.0
    @Option(help: "How long to measure each.") var seconds = 20
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard (5...600).contains(seconds) else { throw ValidationError("--seconds: 5 to 600") }
        guard (0.1...50).contains(mbit) else { throw ValidationError("--mbit: 0.1 to 50") }
    }

    func run() async throws {
        do {
            let figures = try await RecordBench(mbit: mbit, seconds: seconds).run()
            guard json else {
                var table = TextTable(("recorder", .left), ("CPU ms per second of video", .right))
                table.add(["MeshCam", "\(figures.cpuMsPerVideoSecond)"])
                table.add(["ffmpeg -c copy", "\(figures.ffmpegCopyCpuMsPerVideoSecond)"])
                let (half, most) = (Self.milliseconds(figures.storedSecondsP50), Self.milliseconds(figures.storedSecondsP99))
                return try Terminal.print(
                    """
                    \(table.render())

                    \((figures.ratio * 100).rounded() / 100) times ffmpeg's, at \(mbit.formatted()) Mbit/s
                    A fragment is stored for sure \(half) after its last picture (p50), \(most) (p99).
                    """)
            }
            try Terminal.print(String(decoding: try JSONCoding.prettyEncoder.encode(figures), as: UTF8.self))
        } catch {
            CommandLine.fail(error)
        }
    }

    private static func milliseconds(_ seconds: Double) -> String { "\((seconds * 10_000).rounded() / 10) ms" }
}
