import Foundation
import Storage

/// Clips of one camera, one behind the other over days, as their sidecars tell of them. Their videos are bytes that no player knows.
struct GeneratedClips: Sendable {
    let count: Int
    let perDay: Int
    /// NodeID of the camera, its name, and the name of its folder.
    let node: String
    let name: String
    let keys: FootageKeys
    /// When the last one ends.
    var end = Date(timeIntervalSince1970: 1_795_176_000)
    var videoBytes = 2048

    private static let kinds = ["motion", "motion", "motion", "sound", "manual"]

    func id(_ number: Int) -> ClipID { ClipID(node: node, boot: 0, counter: UInt32(number)) }
    func event(_ number: Int) -> String { String(repeating: "0", count: 24) + String(10_000_000 + number) }
    func start(_ number: Int) -> Date { end.addingTimeInterval(-Double(count - number) * 86_400 / Double(perDay)) }
    /// One of them, another for each question.
    func some(_ question: Int) -> Int { question * 31 % count }

    /// Writes them below a target's root.
    func fill(_ root: String) throws {
        let video = Data(repeating: 7, count: videoBytes)
        var made: Set<String> = []
        let folder = ClipPath.folderName(for: name)
        for number in 0..<count {
            var facts = ClipFacts(
                id: id(number), camera: node, cameraName: name, event: event(number), kind: Self.kinds[number % Self.kinds.count], label: nil, origin: node,
                start: start(number), triggered: start(number).addingTimeInterval(10), codec: "h264", width: 1920, height: 1080, framesPerSecond: 30, hasAudio: true,
                continues: false, clock: .init(quality: "ntp", uncertaintySeconds: 0.01))
            (facts.state, facts.reason, facts.bytes, facts.fragments, facts.head) = (.closed, "motionEnded", video.count, 60, String(repeating: "a", count: 64))
            facts.durationSeconds = 30
            facts.end = facts.start.addingTimeInterval(30)
            let path = ClipPath(folder: folder, start: facts.start, event: facts.event)
            if made.insert(path.directory).inserted { try FileManager.default.createDirectory(atPath: "\(root)/\(path.directory)", withIntermediateDirectories: true) }
            try Data(try keys.manifest(of: facts, signer: node).file).write(to: URL(filePath: "\(root)/\(path.file(.manifest))"))
            try video.write(to: URL(filePath: "\(root)/\(path.file(.video))"))
        }
        let note = "\(root)/\(folder)/discovery.txt"
        if !FileManager.default.fileExists(atPath: note) { try Data(DiscoveryNote(camera: node, name: name, node: node, addresses: []).file()).write(to: URL(filePath: note)) }
    }
}
