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
    /// What was found wrong may be mended meanwhile.
    private static let again = Duration.seconds(60)

    /// Until the task is cancelled.
    func run() async {
        var looked: [Int: ContinuousClock.Instant] = [:]
        while (try? await ContinuousClock().sleep(for: Self.pause * Double.random(in: 0.5...1.5))) != nil {
            for status in node.store.targetStatus where status.problem == nil && status.sharing != .exclusive {
                if status.sharing != nil, let last = looked[status.number], .now - last < Self.again { continue }
                guard let peer = node.gossip.view.members.filter({ !$0.isSelf && $0.isReachable && $0.certificateDER != nil }).randomElement() else { continue }
                if await race(status, with: peer) { looked[status.number] = .now }
            }
        }
    }

    /// - Returns: whether something came of it. The other node may not have this target, or be busy with it.
    private func race(_ status: TargetStatus, with peer: Member) async -> Bool {
        let name = CreateRace.newName(of: node.id)
        async let theirs = node.peers.race("\(Self.path)?target=\(StorageTargetResource.id(of: status.location))&name=\(name)", with: peer)
        let own: CreateRace.Lap?
        do { own = try await node.store.race(name, on: status.number, as: .first) } catch {
            logger.debug("\(status.name) cannot be tried: \(error)")
            own = nil
        }
        let other = try? await theirs
        await node.store.clearRace(name, on: status.number)
        guard let own, let other, let sharing = TargetSharing(own, other) else { return false }
        if status.sharing != sharing { tell(sharing, status, peer) }
        node.store.found(sharing, with: "\(peer.id)", on: status.number)
        return true
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
