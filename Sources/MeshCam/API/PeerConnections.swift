import Gossip
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// Every open connection between this node and a peer, whichever of both opened it. Who was revoked keeps none (mesh.md §9): the roster
/// decides not only when a connection begins.
final class PeerConnections: Sendable {
    private let open = Mutex<[ObjectIdentifier: any Channel]>([:])

    var count: Int { open.withLock { $0.count } }

    /// Any number of times for the same connection.
    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        guard open.withLock({ $0.updateValue(channel, forKey: id) }) == nil else { return }
        channel.closeFuture.whenComplete { [weak self] _ in self?.open.withLock { $0[id] = nil } }
    }

    /// Closes those whose other end is no member. One that is in the middle of its handshake is judged by that.
    ///
    /// - Returns: how many there were.
    @discardableResult
    func cut(roster: Roster) async -> Int {
        var cut = 0
        for channel in open.withLock({ Array($0.values) }) {
            guard let certificate = try? await channel.nioSSL_peerCertificate().get(), PeerTLS.nodeID(of: certificate, roster: roster) == nil else {
                continue
            }
            channel.close(promise: nil)
            cut += 1
        }
        return cut
    }

    /// Cuts whenever somebody ceases to be a member.
    func run(_ gossip: GossipService, logger: Logger) async {
        let changes = gossip.changes()
        var members = Set(gossip.view.roster.members.map(\.id))
        for await change in changes {
            guard change == .roster || change == .resync else { continue }
            let roster = gossip.view.roster
            let now = Set(roster.members.map(\.id))
            defer { members = now }
            guard !members.isSubset(of: now) else { continue }
            // Once more a little later: a handshake that the roster of a moment ago allowed has ended by then.
            var count = await cut(roster: roster)
            try? await ContinuousClock().sleep(for: Self.handshake)
            count += await cut(roster: gossip.view.roster)
            if count > 0 { logger.notice("cut \(count) connections of nodes that are members no more") }
        }
    }

    /// Longest time from the look at the roster to the end of a handshake.
    private static let handshake = Duration.seconds(3)
}
