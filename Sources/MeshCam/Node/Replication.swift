import Crypto
import Foundation
import Gossip
import Logging
import NIOHTTP1
import Storage

/// Has a peer keep what no storage takes in time, and brings to the storage what this node kept of cameras that are gone.
struct Replication: Sendable {
    let node: NodeServices
    let logger: Logger

    /// A peer that has no room, or does not answer, is not asked again for so long.
    private static let absence = Duration.seconds(30)
    /// Answers that made nothing better, until a peer is of no use.
    private static let tries = 4
    /// A peer that starts again is back by then.
    private static let patience = Duration.seconds(10)
    private static let retryPause = Duration.milliseconds(300)
    /// How often it looks whether a storage has taken too long.
    private static let tick = Duration.milliseconds(250)
    /// How often it looks for cameras that are gone.
    private static let rescueInterval = Duration.seconds(2)

    // MARK: Sending

    /// Sends until the task is cancelled.
    func send() async {
        // One stream wakes for what is new, and for what has waited long enough.
        let (wakes, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask { [work = node.store.replicaWork()] in
                for await _ in work { waker.yield() }
                waker.finish()
            }
            group.addTask {
                var ticks = 0
                while (try? await ContinuousClock().sleep(for: Self.tick)) != nil {
                    ticks += 1
                    // Now and then in any case: a peer that was away may be asked again.
                    if ticks % 20 == 0 || node.store.pauseOfReplicas().map({ $0 <= .zero }) ?? false { waker.yield() }
                }
            }
            var outages = Outages()
            for await _ in wakes { await sendAll(&outages) }
            group.cancelAll()
        }
    }

    /// Peers that are not asked now, and why.
    private struct Outages {
        var absent: [NodeID: ContinuousClock.Instant] = [:]
        /// When the first of those began that were not answered, one behind the other, by whichever peer.
        var silentSince: ContinuousClock.Instant?
        /// Answers that made nothing better, one behind the other.
        var corrections = 0
    }

    private func sendAll(_ outages: inout Outages) async {
        outages.absent = outages.absent.filter { $0.value > .now }
        choose(without: Set(outages.absent.keys))
        while !Task.isCancelled, let job = node.store.nextReplicaJob(without: Set(outages.absent.keys.map { "\($0)" })) {
            guard let id = NodeID(hex: job.holder) else { return }
            let member = node.gossip.view.members.first { $0.id == id }
            let asked = ContinuousClock.now
            let answer = if let member, member.isReachable { await tell(job, to: member) } else { ClipStore.ReplicaAnswer.silence }
            switch answer {
            case .unreadable: break
            case .taken: (outages.silentSince, outages.corrections) = (nil, 0)
            case .refused(let why):
                outages.silentSince = nil
                outages.corrections += 1
                // A peer that never agrees is of no use, whatever it says.
                if why == .full || outages.corrections > Self.tries { outages.absent[id] = .now + Self.absence }
                logger.debug("\(id.short) does not keep it: \(why)", metadata: ["clip": "\(job.clip)"])
            case .silence:
                let since = outages.silentSince ?? asked
                outages.silentSince = since
                guard since + Self.patience <= .now || member?.isReachable != true else {
                    try? await ContinuousClock().sleep(for: Self.retryPause)
                    continue
                }
                outages.silentSince = nil
                outages.absent[id] = .now + Self.absence
                logger.notice("\(member?.name ?? id.short) does not answer and keeps no recordings for this camera now")
            }
            node.store.answered(job, answer)
            choose(without: Set(outages.absent.keys))
        }
    }

    /// The peer that keeps new clips: stays the same while it is there.
    private func choose(without absent: Set<NodeID>) {
        let peers = node.gossip.view.members.filter { !$0.isSelf && $0.isReachable && !absent.contains($0.id) && $0.certificateDER != nil }
        if let holder = node.store.replicaHolder, peers.contains(where: { "\($0.id)" == holder }) { return }
        // Rendezvous hashing spreads the cameras over the peers, and moves few when one comes or goes.
        let best = peers.max { Self.score(node.id, $0.id) < Self.score(node.id, $1.id) }
        node.store.replicaHolder = best.map { "\($0.id)" }
    }

    private static func score(_ camera: String, _ peer: NodeID) -> UInt64 {
        SHA256.hash(data: Data("\(camera) \(peer)".utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func tell(_ job: SpoolPlan.ReplicaJob, to member: Member) async -> ClipStore.ReplicaAnswer {
        let path = "\(ReplicaRoutes.prefix)/\(job.clip)"
        do {
            let answer: (status: Int, text: String) = switch job.work {
            case .manifest(let bytes, _, let isHandedOver):
                try await node.peers.replicate("\(path)/manifest\(isHandedOver ? "?handed=1" : "")", method: .PUT, to: member, [bytes])
            case .video(let bytes, let offset):
                try await node.peers.replicate("\(path)/video?offset=\(offset)", method: .PUT, to: member, try await load(bytes))
            case .poster(let bytes): try await node.peers.replicate("\(path)/poster", method: .PUT, to: member, try await load([bytes]))
            case .release: try await node.peers.replicate(path, method: .DELETE, to: member, [])
            }
            if (200..<300).contains(answer.status) { return .taken(try? JSONCoding.decoder.decode(Witness.self, from: Data(answer.text.utf8))) }
            return ReplicaRefusal(status: answer.status, text: answer.text).map { .refused($0) } ?? .silence
        } catch let error as Unreadable {
            return .unreadable("\(error.cause)")
        } catch {
            logger.debug("\(member.name) does not answer: \(error)", metadata: ["clip": "\(job.clip)"])
            return .silence
        }
    }

    /// The local disk does not give what it holds.
    private struct Unreadable: Error { let cause: any Error }

    private func load(_ bytes: [any FragmentBytes]) async throws -> [[UInt8]] {
        do { return try await node.store.loaded(bytes).map { $0.withBytes { Array($0) } } } catch { throw Unreadable(cause: error) }
    }

    // MARK: Rescuing

    /// Looks for cameras that are gone until the task is cancelled.
    func rescue() async {
        while (try? await ContinuousClock().sleep(for: Self.rescueInterval)) != nil {
            let members = Dictionary(node.gossip.view.members.map { ("\($0.id)", $0) }) { first, _ in first }
            node.store.rescue { id, boot in
                // Who was revoked is no member.
                guard let member = members[id] else { return true }
                return !member.isReachable || member.boot.map { $0 > boot } ?? false
            }
            // One that is not there finds them when it is back.
            for id in node.store.takeRescued() {
                guard let member = members[id], member.isReachable else { continue }
                do { _ = try await node.peers.replicate(ReplicaRoutes.brought, method: .POST, to: member, []) } catch {
                    logger.debug("\(member.name) does not hear what was brought for it: \(error)")
                }
            }
        }
    }
}

extension Member {
    /// The run that it is in; nil while nothing is known of it.
    fileprivate var boot: UInt32? { incarnation.split(separator: ".").first.flatMap { UInt32($0) } }
}
