import Crypto
import Foundation
import Logging
import Storage

/// Fills a directory with years of clips, and has a node find, list, search and read them.
struct CatalogueBench: Sendable {
    let clips: Int

    private static let node = String(repeating: "0", count: 32)
    private static let perDay = 1000
    private static let end = Date(timeIntervalSince1970: 1_795_176_000)
    private static let questions = 300
    private static let kinds = ["motion", "motion", "motion", "sound", "manual"]

    func run() async throws -> CatalogueFigures {
        let directory = FileManager.default.temporaryDirectory.appending(path: "meshcam-bench-\(getpid())").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let key = Curve25519.Signing.PrivateKey()
        let keys = FootageKeys { (try? key.signature(for: Data($1))).map(Array.init) ?? [] } verify: { key.publicKey.isValidSignature(Data($3), for: Data($2)) }
        try fill(directory, key)
        let before = try Self.residentBytes()
        let store = ClipStore(
            settings: StoreSettings(camera: Self.node, cameraName: "bench", node: Self.node, boot: 2), targets: TargetSet([try TargetLocation(directory)]), keys: keys,
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { await store.run() }
        let began = ContinuousClock.now
        for await change in store.changes() { if case .targets = change, store.catalogue.count == clips { break } }
        let rebuilt = ContinuousClock.now - began
        let resident = try Self.residentBytes() - before
        let figures = CatalogueFigures(
            clips: clips, rebuildSeconds: rebuilt / .seconds(1), residentMB: Double(resident) / 1e6,
            listMs: try await measured { _ in _ = store.clips(ClipQuery(limit: 100)) },
            dayMs: try await measured { number in _ = store.clips(ClipQuery(from: day(number), to: day(number).addingTimeInterval(86_400), limit: 100)) },
            kindMs: try await measured { number in _ = store.clips(ClipQuery(to: day(number), kind: "manual", limit: 100)) },
            incidentMs: try await measured { number in _ = store.clips(ClipQuery(event: Self.event(number * 31 % clips), limit: 100)) },
            firstByteMs: try await measured { number in _ = try await store.read(Self.id(number * 31 % clips), at: 0, count: 64 << 10) })
        running.cancel()
        await running.value
        return figures
    }

    // MARK: What there is

    private static func id(_ number: Int) -> ClipID { ClipID(node: node, boot: 1, counter: UInt32(number)) }
    private static func event(_ number: Int) -> String { String(repeating: "0", count: 24) + String(10_000_000 + number) }
    private func start(_ number: Int) -> Date { Self.end.addingTimeInterval(-Double(clips - number) * 86_400 / Double(Self.perDay)) }
    private func day(_ number: Int) -> Date { start(number * 31 % clips) }

    private func fill(_ directory: String, _ key: Curve25519.Signing.PrivateKey) throws {
        let video = Data(repeating: 7, count: 2048)
        for number in 0..<clips {
            var facts = ClipFacts(
                id: Self.id(number), camera: Self.node, cameraName: "bench", event: Self.event(number), kind: Self.kinds[number % Self.kinds.count], label: nil, origin: Self.node,
                start: start(number), triggered: start(number).addingTimeInterval(10), codec: "h264", width: 1920, height: 1080, framesPerSecond: 30, hasAudio: true,
                continues: false, clock: .init(quality: "ntp", uncertaintySeconds: 0.01))
            (facts.state, facts.reason, facts.bytes, facts.fragments, facts.head) = (.closed, "motionEnded", video.count, 60, String(repeating: "a", count: 64))
            facts.durationSeconds = 30
            facts.end = facts.start.addingTimeInterval(30)
            let manifest = try Manifest(facts: facts, signer: Self.node) { (try? key.signature(for: Data($0))).map(Array.init) ?? [] }
            let path = ClipPath(folder: "bench", start: facts.start, event: facts.event)
            if number % Self.perDay == 0 || number == 0 || !FileManager.default.fileExists(atPath: "\(directory)/\(path.directory)") {
                try FileManager.default.createDirectory(atPath: "\(directory)/\(path.directory)", withIntermediateDirectories: true)
            }
            try Data(manifest.file).write(to: URL(filePath: "\(directory)/\(path.file(.manifest))"))
            try video.write(to: URL(filePath: "\(directory)/\(path.file(.video))"))
        }
    }

    // MARK: Measuring

    private func measured(_ question: (Int) async throws -> Void) async throws -> CatalogueFigures.Times {
        var times: [Double] = []
        for number in 0..<Self.questions {
            let began = ContinuousClock.now
            try await question(number)
            times.append((ContinuousClock.now - began) / .milliseconds(1))
        }
        times.sort()
        func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
        return .init(p50: rounded(times[times.count / 2]), p99: rounded(times[times.count * 99 / 100]))
    }

    private static func residentBytes() throws -> Int {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (pages.count > 1 ? Int(pages[1]) ?? 0 : 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
