import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import Storage

/// `/storage`: where footage goes, how that is, and what has not reached it yet; its targets are one list for the whole mesh.
struct StorageRoutes: Sendable {
    let node: NodeServices

    func add(to group: RouterGroup<APIContext>) {
        addView(to: group)
        addChanges(to: group)
    }

    private static let gate = ExchangeGate(perMember: 1, perSecond: 1)

    /// Between nodes only.
    func addRaces(to group: RouterGroup<APIContext>) {
        group.post("storage/races") { [node] request, context in
            guard case .peer(let peer) = context.caller else { throw ProblemDetails.forbidden("Nodes try storage with each other.") }
            let wanted = request.uri.queryParameters["target"].map { String($0) } ?? ""
            guard let name = request.uri.queryParameters["name"], CreateRace.isName(String(name)) else { throw ProblemDetails.badRequest("name must be 32 hexadecimal digits.") }
            guard let status = node.store.targetStatus.first(where: { StorageTargetResource.id(of: $0.location) == wanted }) else {
                throw ProblemDetails.notFound("storage target", wanted)
            }
            return try await Self.gate.admit(peer) {
                let lap: CreateRace.Lap
                do throws(TargetError) { lap = try await node.store.race(String(name), on: status.number, as: .second) } catch {
                    throw ProblemDetails.unavailable("\(status.name) cannot be tried now: \(error)", cure: error.cure)
                }
                return try Response.json(lap)
            }
        }
    }

    /// For everybody, peers included: each tells its own part.
    func addView(to group: RouterGroup<APIContext>) {
        group.get("storage") { [node] _, context in try Response.json(await node.storage(context)) }
    }

    /// For people, and for a peer that passes a person's wish on.
    func addChanges(to group: RouterGroup<APIContext>) {
        group.post("storage/targets") { request, context in
            try await node.signing(request, context) { signer in
                let wanted = try await request.decoded(as: NewStorageTarget.self)
                let location = try await change(by: signer) { list, keys throws(ProblemDetails) in try list.add(wanted, with: keys) }
                node.audit.record(.storageChanged, context, subject: "\(location)", detail: "added")
                return try answer(location, status: .created)
            }
        }
        group.patch("storage/targets/:id") { request, context in
            try await node.signing(request, context) { signer in
                let (wanted, id) = (try await request.decoded(as: StorageTargetChange.self), context.parameter("id"))
                let location = try await change(by: signer) { list, keys throws(ProblemDetails) in try list.change(id, wanted, with: keys) }
                node.audit.record(.storageChanged, context, subject: "\(location)", detail: "changed")
                return try answer(location)
            }
        }
        group.delete("storage/targets/:id") { request, context in
            try await node.signing(request, context) { signer in
                let id = context.parameter("id")
                let location = try await change(by: signer) { list, _ throws(ProblemDetails) in try list.remove(id) }
                node.audit.record(.storageChanged, context, subject: "\(location)", detail: "removed")
                return Response(status: .noContent)
            }
        }
    }

    private func change(
        by signer: Signer, _ change: @escaping @Sendable (inout StorageTargetList, DataKeyring) throws(ProblemDetails) -> TargetLocation
    ) async throws -> TargetLocation {
        let keys = try await node.keyringForSealing(by: signer.key)
        // Once more beside the change itself, to learn where: what is wrong with the wish is told before anything is signed.
        var trial = node.meshTargets
        let location = try change(&trial, keys)
        do {
            try await node.gossip.changeConfig(SharedConfigKey.storage, by: signer.key) { bytes in
                var list = StorageTargetList(bytes)
                _ = try change(&list, keys)
                return try list.bytes()
            }
        } catch let error as TrustError {
            throw ProblemDetails.badRequest("The storage cannot be set: \(error).")
        }
        return location
    }

    private func answer(_ location: TargetLocation, status: HTTPResponse.Status = .ok) throws -> Response {
        let id = StorageTargetResource.id(of: location)
        guard let known = node.meshTargets[id: id] else { throw ProblemDetails.notFound("storage target", id) }
        return try Response.json(
            StorageTargetResource(
                id: id, location: "\(location)", name: location.name, scope: .mesh, user: known.config.user.isEmpty ? nil : known.config.user, reach: []),
            status: status)
    }
}

extension NodeServices {
    /// This node's own part.
    private var ownStorage: StorageResource {
        let mesh = meshTargets
        let targets = store.targetStatus.map { status in
            let id = StorageTargetResource.id(of: status.location)
            let known = mesh[id: id]
            return StorageTargetResource(
                id: id, location: "\(status.location)", name: status.name, scope: known == nil ? .node : .mesh,
                user: known.flatMap { $0.config.user.isEmpty ? nil : $0.config.user },
                reach: [
                    TargetReach(
                        node: self.id, nodeName: name, problem: status.problem.map { ProblemNote(message: $0, cure: status.cure ?? "") },
                        freeBytes: status.freeBytes.map(Int64.init), totalBytes: status.totalBytes.map(Int64.init), sharing: sharing(status))
                ])
        }
        let waiting = store.waitingClips
        let losses = store.losses.map(loss)
        let disk = store.diskStatus.map { disk in
            LocalDiskResource(
                path: disk.path, usedBytes: Int64(disk.usedBytes), quotaBytes: Int64(disk.quotaBytes), problem: disk.problem.map { ProblemNote(message: $0, cure: disk.cure ?? "") })
        }
        let broken = store.targetStatus.filter { $0.problem != nil }.map(\.name)
        let reason: String? =
            waiting == 0 ? nil
            : targets.isEmpty ? "no storage is set" : broken.isEmpty ? "they are being written" : "\(broken.joined(separator: ", ")) cannot be written now"
        return StorageResource(
            targets: targets,
            nodes: [
                NodeStorageResource(
                    node: id, nodeName: name, spooledBytes: Int64(store.spooledBytes), spoolLimitBytes: Int64(store.settings.spoolBytes),
                    waitingClips: waiting, reason: reason,
                    safeOutside: store.departures.map { DepartureResource(fragments: $0.fragments, p50Seconds: $0.p50.inSeconds, p99Seconds: $0.p99.inSeconds) },
                    disk: disk, losses: losses.isEmpty ? nil : losses)
            ], missing: [])
    }

    private func sharing(_ status: TargetStatus) -> SharingResource? {
        guard let sharing = status.sharing, let peer = status.sharedWith else { return nil }
        let peerName = gossip.view.members.first { "\($0.id)" == peer }?.name ?? "another node"
        return SharingResource(state: sharing.word, with: peer, withName: peerName, problem: sharing.problem(at: status.name, with: peerName))
    }

    func loss(_ loss: FootageLoss) -> LossResource {
        LossResource(
            camera: store.settings.camera, cameraName: store.settings.cameraName, clip: "\(loss.clip)", start: loss.start, end: loss.end, reason: loss.reason.rawValue)
    }

    func storage(_ context: APIContext) async -> StorageResource {
        let own = ownStorage
        if context.isLocal { return own }
        let (parts, absent) = await gather("/api/mesh/v1/storage", as: StorageResource.self)
        return StorageResource.merged(
            [own] + parts.map(\.1), missing: absent.map { MissingNode(node: "\($0.0.id)", name: $0.0.name, reason: $0.1) })
    }
}

extension StorageResource {
    /// What each node said of itself, as one: a target once, with everybody's way to it.
    static func merged(_ parts: [StorageResource], missing: [MissingNode]) -> StorageResource {
        var targets: [StorageTargetResource] = []
        for target in parts.flatMap(\.targets) {
            if let place = targets.firstIndex(where: { $0.id == target.id }) {
                targets[place].reach += target.reach
                // Somebody's own file may name what the mesh has, too.
                if target.scope == .mesh { (targets[place].scope, targets[place].user) = (.mesh, target.user) }
            } else {
                targets.append(target)
            }
        }
        for place in targets.indices { targets[place].reach.sort { ($0.nodeName, $0.node) < ($1.nodeName, $1.node) } }
        return StorageResource(
            targets: targets.sorted { ($0.scope.rawValue, $0.location) < ($1.scope.rawValue, $1.location) },
            nodes: parts.flatMap(\.nodes).sorted { ($0.nodeName, $0.node) < ($1.nodeName, $1.node) }, missing: missing)
    }
}
