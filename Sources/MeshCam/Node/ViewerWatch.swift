import Foundation
import Gossip
import Media
import Synchronization

/// Ends the WebRTC sessions of who may not watch any more: their pictures come by UDP, past every request.
///
/// Each node looks after the sessions that it serves itself, whichever node let the viewer in: sign-out, expiry, a removed user, a camera
/// that is taken away, and the end of the membership of whoever passed the request on count as soon as that is known here, also when that
/// node is gone.
final class ViewerWatch: Sendable {
    /// Who watches, and by what right.
    struct Viewer: Sendable, Hashable {
        let camera: String
        /// The member that passed the request on; `nil`: it came to this node.
        let peer: NodeID?
        /// What the viewer signed in with; `nil` for programs on a member's own machine.
        let proof: Proof?
        let since: ContinuousClock.Instant
        /// It ends then in any case.
        var until: ContinuousClock.Instant?
        /// A sign-in elsewhere may be younger than the news of it here: until it was seen once, it has ``patience``.
        var wasSeen = false
    }

    /// What a viewer's right is judged by.
    struct Judge {
        let isMember: (NodeID) -> Bool
        /// What that proof allows now; `nil`: nothing, any more or yet.
        let rights: (Proof) -> Rights?
    }

    static let interval = Duration.seconds(1)
    /// News of a sign-in takes a second. It may never come, where who let the viewer in died at once: with ``interval`` well within the 10 s in
    /// which whoever is removed sees no more.
    static let patience = Duration.seconds(5)

    private let viewers = Mutex<[ViewerID: Viewer]>([:])

    /// Looks after a session of this node from now on.
    ///
    /// - Parameter wasSeen: whether this node knows already that the proof is good.
    func watch(_ id: ViewerID, camera: String, peer: NodeID?, proof: Proof?, wasSeen: Bool, until: Date? = nil) {
        let now = ContinuousClock.now
        let end = until.map { now + .seconds($0.timeIntervalSinceNow) }
        viewers.withLock { $0[id] = Viewer(camera: camera, peer: peer, proof: proof, since: now, until: end, wasSeen: wasSeen) }
    }

    /// So many sessions at a node may one sign-in or token have: enough for a wall of pictures, and the places are left for others.
    static let limit = 64

    /// How many one sign-in or token has here.
    func count(of proof: Proof) -> Int { viewers.withLock { $0.values.count { $0.proof == proof } } }

    /// How many are looked after.
    var count: Int { viewers.withLock { $0.count } }

    /// Runs until cancelled: looks at any news, since a right may be given and taken away within a second, and every ``interval``, since
    /// some end by themselves.
    func run(_ node: NodeServices) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                while !Task.isCancelled {
                    try? await ContinuousClock().sleep(for: Self.interval)
                    await forgetEnded { await node.live.viewers }
                    await endWhoMayNot(node)
                }
            }
            group.addTask { [self] in
                for await change in node.gossip.changes() {
                    switch change {
                    case .record(_, .sessions), .config, .roster, .resync: await endWhoMayNot(node)
                    case .record, .member: break
                    }
                }
            }
        }
    }

    private func endWhoMayNot(_ node: NodeServices) async {
        guard count > 0 else { return }
        let roster = node.gossip.view.roster
        let judge = Judge(isMember: { roster.admission(of: $0) != nil }, rights: { node.standing(of: $0)?.rights })
        let over = viewers.withLock { Self.look(&$0, judge, now: .now) }
        for id in over { await node.live.end(id) }
    }

    /// Forgets whom the server does not have any more; `server` tells whom it has.
    func forgetEnded(_ server: () async -> Set<ViewerID>) async {
        // One that begins while the server is asked is not in its answer.
        let known = viewers.withLock { Set($0.keys) }
        let there = await server()
        viewers.withLock { viewers in
            for id in known where !there.contains(id) { viewers[id] = nil }
        }
    }

    /// Whose session is over for want of a right.
    static func look(_ viewers: inout [ViewerID: Viewer], _ judge: Judge, now: ContinuousClock.Instant) -> [ViewerID] {
        var over: [ViewerID] = []
        for (id, viewer) in viewers {
            if let until = viewer.until, now >= until {
                over.append(id)
            } else if let peer = viewer.peer, !judge.isMember(peer) {
                over.append(id)
            } else if let proof = viewer.proof {
                if judge.rights(proof)?.sees(camera: viewer.camera) == true {
                    viewers[id]?.wasSeen = true
                } else if viewer.wasSeen || now - viewer.since > patience {
                    over.append(id)
                }
            }
        }
        return over
    }
}

extension WebRTCServer {
    /// Who has a session.
    var viewers: Set<ViewerID> { get async { Set(await statistics().map(\.id)) } }
}
