import Foundation
import Gossip
import Logging
import Storage

/// Feeds the event hub: with what happens on this node, and, while somebody looks, with what its peers tell.
struct PeerEvents: Sendable {
    let node: NodeServices
    let logger: Logger

    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await tellStore() }
            group.addTask { await tellCamera() }
            group.addTask { await tellMembers() }
            group.addTask { await tellHealth() }
            group.addTask { await followPeers() }
            group.addTask {
                while (try? await ContinuousClock().sleep(for: EventHub.beatInterval)) != nil { node.events.beat() }
            }
        }
    }

    // MARK: This node

    /// A clip grows twice a second; listeners hear of it once.
    private func tellStore() async {
        var lastTold: [ClipID: ContinuousClock.Instant] = [:]
        for await change in node.store.changes() {
            if case .lost(let loss) = change { node.events.publish(.storage, node.loss(loss)) }
            guard case .updated(let id) = change, let entry = node.store.clip(id) else { continue }
            let now = ContinuousClock.now
            if entry.facts.state == .recording, let last = lastTold[id], now - last < .seconds(1) { continue }
            lastTold[id] = entry.facts.state == .recording ? now : nil
            node.events.publish(.clip, node.clip(entry))
            if entry.facts.state != .recording || entry.facts.fragments <= 1 { node.events.publish(.camera, node.ownCamera) }
        }
    }

    private func tellCamera() async {
        var last: [UInt8]?
        for await _ in node.camera.camera.statusChanges() {
            node.events.publish(.camera, node.ownCamera)
            // Gossiped only when it differs: motion comes and goes, size and name do not.
            if let bytes: [UInt8] = try? node.camerasRecord.serializedBytes(), bytes != last {
                last = bytes
                await node.gossip.publish(.cameras, bytes)
            }
        }
    }

    /// What is wrong with this node changes rarely and anywhere; a look every two seconds finds it within the promised age. What
    /// only ages, such as its uptime, is told every tenth time.
    private func tellHealth() async {
        var last = node.ownNode.problems
        var looks = 0
        while (try? await ContinuousClock().sleep(for: .seconds(2))) != nil {
            let own = node.ownNode
            looks += 1
            if own.problems != last || looks.isMultiple(of: 10) { node.events.publish(.node, own) }
            last = own.problems
        }
    }

    private func tellMembers() async {
        for await change in node.gossip.changes() {
            guard case .member(let id, _) = change, let member = node.gossip.view.members.first(where: { $0.id == id }), !member.isSelf
            else { continue }
            node.events.publish(.node, node.node(member, missing: nil), isLocal: false)
            if !member.isReachable, let camera = node.absentCamera(of: member) {
                node.events.publish(.camera, camera, isLocal: false)
            } else {
                // What it has to say is asked for by the page; this only tells that there is something.
                node.events.publish(.resync, data: Data("{}".utf8), isLocal: false)
            }
        }
    }

    // MARK: Peers

    private func followPeers() async {
        await withTaskGroup(of: NodeID.self) { group in
            var following: Set<NodeID> = []
            while !Task.isCancelled {
                if node.events.hasMeshListeners {
                    for member in node.gossip.view.members where !member.isSelf && member.isReachable && following.insert(member.id).inserted {
                        group.addTask { await follow(member); return member.id }
                    }
                }
                // One second between looks; a stream that ended is begun again then.
                group.addTask { try? await ContinuousClock().sleep(for: .seconds(1)); return node.identity.id }
                while let ended = await group.next() {
                    if ended == node.identity.id { break }
                    following.remove(ended)
                }
            }
            group.cancelAll()
        }
    }

    private func follow(_ member: Member) async {
        var parser = EventStreamParser()
        do {
            for try await bytes in try await node.peers.events(of: member) {
                for event in parser.consume(bytes.readableBytesView) { repeatHere(event) }
                if !node.events.hasMeshListeners { return }
            }
        } catch {
            logger.debug("a peer's event stream ended: \(error)", metadata: ["peer": "\(member.name)"])
        }
        node.events.publish(.resync, data: Data("{}".utf8), isLocal: false)
    }

    private func repeatHere(_ event: ServerSentEvent) {
        let name = EventStreamName(rawValue: event.name)
        let data = Data(event.data.utf8)
        switch name {
        case .node:
            guard var resource = try? JSONCoding.decoder.decode(NodeResource.self, from: data) else { return }
            resource.isSelf = false
            node.events.publish(name, resource, isLocal: false)
        case .camera:
            guard (try? JSONCoding.decoder.decode(CameraResource.self, from: data)) != nil else { return }
            node.events.publish(name, data: data, isLocal: false)
        case .clip:
            guard (try? JSONCoding.decoder.decode(ClipResource.self, from: data)) != nil else { return }
            node.events.publish(name, data: data, isLocal: false)
        case .storage:
            guard (try? JSONCoding.decoder.decode(LossResource.self, from: data)) != nil else { return }
            node.events.publish(name, data: data, isLocal: false)
        default:
            break  // `event` reached this node's group by gossip already.
        }
    }
}
