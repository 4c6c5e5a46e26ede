import Crypto
import Foundation
import Logging
import Media
import Storage

/// Records one stream that was encoded before to a directory, and lets ffmpeg copy the file that came of it, at the same pace.
struct RecordBench: Sendable {
    let mbit: Double
    let seconds: Int

    /// Opening files, starting processes and filling caches is no recording.
    private static let settling = Duration.seconds(2)
    /// Of video beyond what is measured.
    private static let margin = Duration.seconds(4)

    func run() async throws -> RecordFigures {
        let directory = FileManager.default.temporaryDirectory.appending(path: "meshcam-bench-\(getpid())").path
        try FileManager.default.createDirectory(atPath: "\(directory)/target", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let ours = try await record(to: "\(directory)/target")
        guard let file = try Self.movie(below: "\(directory)/target") else {
            throw NodeError("nothing was recorded in \(directory)", cure: "Report this with the output above.")
        }
        let ffmpeg = try await copy(file, to: "\(directory)/copy.mp4")
        guard let departures = ours.departures else { throw NodeError("nothing was stored in \(directory)", cure: "Report this with the output above.") }
        return RecordFigures(
            cpuMsPerVideoSecond: rounded(ours.cpuSeconds), ffmpegCopyCpuMsPerVideoSecond: rounded(ffmpeg),
            storedSecondsP50: departures.p50.inSeconds, storedSecondsP99: departures.p99.inSeconds,
            mbit: mbit, seconds: seconds)
    }

    private func rounded(_ cpuSeconds: Double) -> Double { (cpuSeconds / Double(seconds) * 100_000).rounded() / 100 }

    /// Processor seconds of `seconds` seconds of recording, and how long each fragment waited until it was stored for sure.
    private func record(to target: String) async throws -> (cpuSeconds: Double, departures: RecentDepartures.Summary?) {
        let quiet = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let source = try ReplayedSource(bitRate: Int(mbit * 1_000_000), preRoll: .seconds(3))
        let targets = TargetSet([try TargetLocation(target)])
        let key = Curve25519.Signing.PrivateKey()
        let node = String(repeating: "0", count: 32)
        let store = ClipStore(
            settings: StoreSettings(camera: node, cameraName: "bench", node: node, boot: 1), targets: targets,
            keys: FootageKeys { (try? key.signature(for: Data($1))).map(Array.init) ?? [] } verify: { key.publicKey.isValidSignature(Data($3), for: Data($2)) },
            logger: quiet)
        let sink = StoreSink(store: store, clock: WallClock(), openClips: OpenClips())
        guard let recorder = source.recorder(settings: .init(), sink: sink, logger: quiet) else { return (0, nil) }
        let cpuSeconds = try await withThrowingTaskGroup(of: Double?.self) { group in
            group.addTask {
                await store.run()
                return nil
            }
            group.addTask {
                await recorder.run()
                return nil
            }
            group.addTask {
                try await onOwnThread { source.run() }
                return nil
            }
            group.addTask {
                let now = ContinuousClock.now
                await recorder.record(
                    RecordingRequest(event: "bench", kind: "manual", triggered: now, from: now, until: now + .seconds(seconds) + Self.margin))
                try await ContinuousClock().sleep(for: Self.settling)
                let used = try await used(by: [getpid()] + targets.writers)
                try await ContinuousClock().sleep(for: Self.margin)
                return used
            }
            while let result = try await group.next() {
                guard let result else { continue }
                source.stop()
                group.cancelAll()
                // The store has the last word: it writes what is left.
                while try await group.next() != nil {}
                return result
            }
            throw CancellationError()
        }
        return (cpuSeconds, store.departures)
    }

    private func used(by processes: [Int32]) async throws -> Double {
        func total() throws -> Double { try processes.reduce(0) { $0 + (try ProcessTime.seconds(of: $1)) } }
        let before = try total()
        try await ContinuousClock().sleep(for: .seconds(seconds))
        return try total() - before
    }

    private func copy(_ file: String, to copy: String) async throws -> Double {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "ffmpeg", "-v", "error", "-nostdin", "-re", "-i", file, "-c", "copy", "-f", "mp4", "-movflags", "empty_moov+default_base_moof", "-frag_duration",
            "500000", "-y", copy,
        ]
        try process.run()
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        try await ContinuousClock().sleep(for: Self.settling)
        guard process.isRunning else { throw NodeError("ffmpeg did not run", cure: "Install the package ffmpeg.") }
        return try await used(by: [process.processIdentifier])
    }

    private static func movie(below directory: String) throws -> String? {
        let walker = FileManager.default.enumerator(atPath: directory)
        while let name = walker?.nextObject() as? String {
            if name.hasSuffix(".mp4") { return "\(directory)/\(name)" }
        }
        return nil
    }
}
