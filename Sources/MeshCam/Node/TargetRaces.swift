import Foundation
import Gossip
import Logging
import Storage

/// Tries every target with another node: whether both have the same storage there, and whether only one of them can make a file that both
/// want (``CreateRace``). What comes of it stands in `GET /storage`.
struct TargetRaces: Sendable {
    let node: NodeServices
    let logger: Logger

    static let path = "/api/mesh/v1/storage/races"
    /// Nodes that start together need not all race at once.
    private static let pause = Duration.seconds(5)
    /// After a try of which nothing good came, doubling: what is wrong may be mended, but no disk is kept from sleeping for it.
    private static let again: (first: Duration, last: Duration) = (.seconds(15), .seconds(3600))

    private struct Tries {
        var next: ContinuousClock.Instant
        var pause: Duration
    }

    /// Until the task is cancelled.
    func run() async {
        var tries: [Int: Tries] = [:]
        while (try? await ContinuousClock().sleep(for: Self.pause * Double.random(in: 0.5...1.5))) != nil {
            for status in node.store.targetStatus where status.problem == nil && status.sharing != .exclusive {
                if let next = tries[status.number]?.next, .now < next { continue }
                guard let peer = node.gossip.view.members.filter({ !$0.isSelf && $0.isReachable && $0.certificateDER != nil }).randomElement() else { continue }
                await race(status, with: peer)
                let pause = min(Self.again.last, (tries[status.number]?.pause ?? Self.again.first / 2) * 2)
                tries[status.number] = Tries(next: .now + pause, pause: pause)
            }
        }
    }

    /// Nothing may come of it: the other node may not have this target, or be busy with it.
    private func race(_ status: TargetStatus, with peer: Member) async {
        let name = CreateRace.newName(of: node.id)
        let laps = await withTaskGroup(of: (isOwn: Bool, lap: CreateRace.Lap?).self) { group in
            group.addTask {
                (false, await attempt { try await node.peers.race("\(Self.path)?target=\(StorageTargetResource.id(of: status.location))&name=\(name)", with: peer) })
            }
            group.addTask { (true, await attempt { try await node.store.race(name, on: status.number, as: .first) }) }
            var laps: [Bool: CreateRace.Lap] = [:]
            for await (isOwn, lap) in group {
                laps[isOwn] = lap
                // Without the other one there is nothing to wait for.
                if lap == nil { group.cancelAll() }
            }
            return laps
        }
        await node.store.clearRace(name, on: status.number)
        guard let own = laps[true], let other = laps[false], let sharing = TargetSharing(own, other) else { return }
        if status.sharing != sharing { tell(sharing, status, peer) }
        node.store.found(sharing, with: "\(peer.id)", on: status.number)
    }

    private func attempt(_ side: () async throws -> CreateRace.Lap?) async -> CreateRace.Lap? {
        do { return try await side() } catch {
            logger.debug("a try came to nothing: \(error)")
            return nil
        }
    }

    private func tell(_ sharing: TargetSharing, _ status: TargetStatus, _ peer: Member) {
        if let problem = sharing.problem(at: status.name, with: peer.name) {
            logger.warning("\(problem.message). \(problem.cure)", metadata: ["target": "\(status.location)"])
        } else {
            logger.info("tried with \(peer.name): each file has one maker", metadata: ["target": "\(status.location)"])
        }
    }
}

extension TargetSharing {
    /// The word for it in `GET /storage`.
    var word: String {
        switch self {
        case .exclusive: "exclusive"
        case .twoWinners: "two-winners"
        case .late: "late"
        case .apart: "apart"
        }
    }

    /// What is wrong, for people; nil: nothing is.
    func problem(at target: String, with peer: String) -> ProblemNote? {
        switch self {
        case .exclusive: nil
        case .twoWinners(let count):
            ProblemNote(
                message: "\(target) let two nodes make the same file, \(count) times of \(CreateRace.rounds)",
                cure: "Recordings are safe; nothing is trimmed there by itself. Use SMB, or mount it so that new files are made on the server.")
        case .late(let count):
            ProblemNote(
                message: "\(target) shows \(count) of \(CreateRace.rounds) new files too late to \(peer)",
                cure: "Recordings are safe; nothing is trimmed there by itself. Mount NFS with lookupcache=positive,acdirmax=1, SMB with cache=strict.")
        case .apart:
            ProblemNote(message: "\(target) is not the same storage as at \(peer)", cure: "Mount the same share at both; one of them may be an empty mount point.")
        }
    }
}
