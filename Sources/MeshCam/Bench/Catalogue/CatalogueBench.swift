import Crypto
import Foundation
import Logging
import Storage

/// Fills a directory with years of clips, and has a node find, list, search and read them.
struct CatalogueBench: Sendable {
    let clips: Int

    private static let questions = 300
    private static let node = String(repeating: "0", count: 32)

    func run() async throws -> CatalogueFigures {
        let directory = FileManager.default.temporaryDirectory.appending(path: "meshcam-bench-\(getpid())").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let key = Curve25519.Signing.PrivateKey()
        let keys = FootageKeys { (try? key.signature(for: Data($1))).map(Array.init) ?? [] } verify: { key.publicKey.isValidSignature(Data($3), for: Data($2)) }
        let footage = GeneratedClips(count: clips, perDay: 1000, node: Self.node, name: "bench", keys: keys)
        try footage.fill(directory)
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
            dayMs: try await measured { question in
                let day = footage.start(footage.some(question))
                _ = store.clips(ClipQuery(from: day, to: day.addingTimeInterval(86_400), limit: 100))
            },
            kindMs: try await measured { _ = store.clips(ClipQuery(to: footage.start(footage.some($0)), kind: "manual", limit: 100)) },
            incidentMs: try await measured { _ = store.clips(ClipQuery(event: footage.event(footage.some($0)), limit: 100)) },
            firstByteMs: try await measured { _ = try await store.read(footage.id(footage.some($0)), at: 0, count: 64 << 10) })
        running.cancel()
        await running.value
        return figures
    }

    // MARK: Measuring

    private func measured(_ question: (Int) async throws -> Void) async throws -> CatalogueFigures.Times {
        var times: [Double] = []
        for number in 0..<Self.questions {
            let began = ContinuousClock.now
            try await question(number)
            times.append((ContinuousClock.now - began) / .milliseconds(1))
        }
        return CatalogueFigures.Times(times)
    }

    private static func residentBytes() throws -> Int {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (pages.count > 1 ? Int(pages[1]) ?? 0 : 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
