import Foundation
import Gossip
import Logging

/// Joins the mesh of this node's `join.bundle`, if it has one, or as soon as it gets one: asks the members that mDNS finds and the bundle
/// names until one takes it in. Meanwhile the setup code works as ever.
struct TicketJoining: Sendable {
    /// A file, a member and a due try are looked for this often.
    private static let beat = Duration.seconds(1)
    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(60)
    /// mDNS gets so long before the log tells that nobody is there.
    private static let patience = Duration.seconds(5)

    let identity: NodeIdentity
    let name: String
    /// The state directory.
    let directory: String
    /// Where the bundle may be.
    let places: [String]
    let code: SetupCodeKeeper
    let logger: Logger
    /// Members of meshes that mDNS tells of.
    let members = MembersInSight()

    /// Returns when this node belongs to the mesh, and all of it is on the disk.
    ///
    /// - Throws: when cancelled.
    func run() async throws {
        let began = ContinuousClock.now
        var pause = Self.firstPause
        var nextTry = began
        var tried: Set<PeerAddress> = []
        var ticket: Ticket?
        var told: String?
        func tell(_ words: String) {
            guard words != told else { return }
            told = words
            logger.warning("\(words)")
        }
        while true {
            var found: (path: String, bundle: JoinBundle)?
            do {
                found = try JoinBundleFile.find(in: places)
            } catch {
                tell("the join bundle cannot be used: \(error)")
            }
            // Another file is tried at once.
            if found?.bundle.ticket != ticket { (pause, nextTry, tried) = (Self.firstPause, .now, []) }
            ticket = found?.bundle.ticket
            if let found {
                let addresses = Set(members.addresses(of: found.bundle.meshID) + found.bundle.seeds)
                // Somebody new is asked at once; the others again after the pause.
                let isDue = .now >= nextTry || !addresses.isSubset(of: tried)
                if isDue, !addresses.isEmpty || .now > began + Self.patience {
                    tried = addresses
                    do throws(JoinError) {
                        return try await join(with: found, at: Array(addresses).shuffled())
                    } catch {
                        tell("not joined with the ticket yet: \(error)")
                    }
                    nextTry = .now + pause * Double.random(in: 0.75...1.25)
                    pause = min(pause * 2, Self.longestPause)
                }
            }
            try await ContinuousClock().sleep(for: Self.beat)
        }
    }

    private func join(with found: (path: String, bundle: JoinBundle), at addresses: [PeerAddress]) async throws(JoinError) {
        let newcomer = JoinNewcomer(bundle: found.bundle, identity: identity, name: name)
        let welcome = try await TicketClient.ask(addresses, newcomer)
        guard code.claim() else { throw .refused(.busy) }
        do {
            try welcome.save(in: directory)
        } catch {
            code.release()
            logger.error("\(error)")
            throw .notKept
        }
        code.end()
        do { try JoinBundleFile.wipe(found.path) } catch { logger.error("\(error)") }
        logger.notice("joined the mesh '\(found.bundle.genesis.name)' with its ticket", metadata: ["mesh": "\(found.bundle.meshID)"])
    }

    /// After a power cut between joining and wiping, or after pairing by code instead, the file is still there: a ticket to a node's own
    /// mesh is no good on its card.
    static func wipeLeftover(_ places: [String], roster: Roster, logger: Logger) {
        guard let found = try? JoinBundleFile.find(in: places), found.bundle.meshID == roster.meshID else { return }
        do { try JoinBundleFile.wipe(found.path) } catch { logger.error("\(error)") }
    }
}

extension Settings {
    /// Where this node's join bundle may be.
    var joinBundlePlaces: [String] { JoinBundleFile.places(named: mesh.joinTicket, state: node.state, card: SetupCodeKeeper.card) }
}
