import Gossip
import HTTPTypes
import Hummingbird
import Media
import Synchronization

/// Ends the WebRTC sessions of who may not watch any more: their pictures come by UDP, past every request, from whichever node has the camera.
/// Sign-out, expiry, a removed user, and a camera that is taken away count within a second.
final class ViewerWatch: Sendable {
    private struct Entry: Sendable {
        /// Of the session, as WHEP's `Location` tells it.
        let path: String
        let camera: String
        let proof: Proof
        let rights: Rights
    }

    /// Sessions looked after; of more, the oldest are ended. A node that has the cameras has its own limit.
    private static let limit = 1024
    private static let interval = Duration.seconds(1)

    private let entries = Mutex<[Entry]>([])

    /// Looks after a session from now on.
    func watch(_ path: String, camera: String, proof: Proof, rights: Rights) {
        entries.withLock { entries in
            if entries.count >= Self.limit { entries.removeFirst() }
            entries.append(Entry(path: path, camera: camera, proof: proof, rights: rights))
        }
    }

    /// The viewer itself has ended it.
    func forget(_ path: String) { entries.withLock { $0.removeAll { $0.path == path } } }

    /// Runs until cancelled.
    func run(_ node: NodeServices) async {
        while !Task.isCancelled {
            try? await ContinuousClock().sleep(for: Self.interval)
            let over = entries.withLock { entries in
                let over = entries.filter { node.standing(of: $0.proof)?.rights.sees(camera: $0.camera) != true }
                entries.removeAll { entry in over.contains { $0.path == entry.path } }
                return over
            }
            for entry in over { await end(entry, node) }
        }
    }

    private func end(_ entry: Entry, _ node: NodeServices) async {
        let parts = entry.path.split(separator: "?", maxSplits: 1)
        let session = ViewerID(String(parts.first?.split(separator: "/").last ?? ""))
        let owner = node.owner(ofCamera: entry.camera)
        // One that goes through this node is this node's, whosever the camera is.
        let isRelayed = parts.count > 1
        switch owner {
        case _ where isRelayed, .here:
            if let session { await node.live.end(session) }
        case .peer(let member):
            let request = Request(head: .init(method: .delete, scheme: "https", authority: nil, path: entry.path), body: .init(buffer: .init()))
            _ = try? await node.peers.forward(request, to: member)
        case .gone, nil: break
        }
    }
}
