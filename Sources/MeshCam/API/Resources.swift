import Foundation
import Gossip
import Media
import Storage

/// How this node's knowledge becomes the API's resources.
extension NodeServices {
    static let version = MeshCamVersion.current

    var introduction: NodeIntroduction {
        NodeIntroduction(id: id, name: name, version: Self.version, mesh: isAlone ? nil : "\(gossip.view.meshID)")
    }

    // MARK: Cameras

    var ownCamera: CameraResource {
        let status = camera.camera.status
        let known = status.width > 0
        var problem: ProblemNote?
        let state: CameraState
        switch status.state {
        case .running: state = .running
        case .starting: state = .starting
        case .none: state = .none
        case .failed(let why):
            state = .failed
            problem = ProblemNote(message: why.message, cure: why.cure)
        }
        return CameraResource(
            id: camera.cameraID, name: name, node: id, nodeName: name, groups: camera.groups.map(\.name), online: true, lastSeen: clock.now(),
            recording: store.isRecording, width: known ? status.width : nil, height: known ? status.height : nil,
            fps: known ? status.framesPerSecond : nil, codec: known ? status.codec.rawValue : nil, motion: status.motion,
            motionLevel: status.motionLevel, night: false, iceServers: iceServers.uris.isEmpty ? nil : iceServers.uris, state: state, problem: problem)
    }

    /// A camera whose node does not answer, as its last signed record described it.
    func absentCamera(of member: Member) -> CameraResource? {
        guard let camera = member.cameras.first else { return nil }
        return CameraResource(
            id: camera.id, name: camera.name, node: "\(member.id)", nodeName: member.name, groups: camera.groups, online: false,
            lastSeen: member.lastSeen.map(clock.date(of:)), recording: false, width: camera.width > 0 ? Int(camera.width) : nil,
            height: camera.height > 0 ? Int(camera.height) : nil, fps: camera.fps > 0 && camera.fps.isFinite ? Double(camera.fps) : nil,
            codec: camera.codec.isEmpty ? nil : camera.codec, motion: false, motionLevel: 0, night: false, state: .offline,
            // Without an age: who shows this ages it from `lastSeen`.
            problem: ProblemNote(message: "\(member.name) does not answer", cure: "Check its power and network."))
    }

    /// What the mesh remembers of this node's camera while the node is gone.
    var camerasRecord: CamerasRecord {
        let own = ownCamera
        var record = CamerasRecord()
        if own.state == .none { return record }
        var camera = CamerasRecord.Camera()
        camera.id = own.id
        camera.name = own.name
        camera.groups = own.groups
        camera.width = UInt32(own.width ?? 0)
        camera.height = UInt32(own.height ?? 0)
        camera.fps = Float(own.fps ?? 0)
        camera.codec = own.codec ?? ""
        record.cameras = [camera]
        return record
    }

    // MARK: Nodes

    var ownNode: NodeResource {
        let quality = clock.quality
        var problems = store.targetStatus.compactMap { target in
            target.problem.map { ProblemNote(message: $0, cure: target.cure ?? "") }
        }
        problems += store.targetStatus.compactMap { target in
            target.refusal.map { ProblemNote(message: "\($0); other recordings go on", cure: $0.cure) }
        }
        problems += store.targetStatus.compactMap { target in
            target.damage.map { ProblemNote(message: $0, cure: "Check its disk: it loses footage.") }
        }
        if let problem = store.catalogue.problem { problems.append(ProblemNote(message: problem, cure: "Clips on the storage are not listed until then; free memory on this node.")) }
        if isAlone { problems.append(Self.aloneProblem) } else if let problem = Self.membershipProblem(of: identity.id, in: gossip.view.roster) { problems.append(problem) }
        if let problem = store.diskStatus?.problem { problems.append(ProblemNote(message: "the local disk fails: \(problem)", cure: store.diskStatus?.cure ?? "")) }
        if store.targetStatus.isEmpty, store.diskStatus == nil {
            problems.append(
                ProblemNote(
                    message: "no storage is set: only the newest clips are kept, in memory",
                    cure: "Add one under Cameras and nodes, or with 'meshcam storage add'; or give the camera a disk: storage.disk in its meshcam.toml."))
        }
        if case .noDaemon(let why) = discovery.status {
            problems.append(ProblemNote(message: why, cure: ""))
        }
        problems += browserDoor.problems(now: clock.now())
        if let problem = ownCamera.problem { problems.append(problem) }
        problems += overrunTickets
        let member = gossip.view.members.first { $0.isSelf }
        return NodeResource(
            id: id, name: name, isSelf: true, online: true, status: .alive, version: Self.version, lastSeen: clock.now(),
            addresses: member?.node?.addresses ?? [], url: webURL(of: member), httpUrl: settings.network.httpPort.map { "http://localhost:\($0)" },
            uptimeSeconds: ((ContinuousClock.now - started) / .seconds(1)).rounded(), clockOffsetSeconds: quality.offsetSeconds.map { 0 - $0 },
            clockUncertaintySeconds: quality.uncertaintySeconds, coordinator: false,
            cameras: ownCamera.state == .none ? [] : [camera.cameraID], problems: problems,
            refusedPackets: gossip.view.refusedPackets)
    }

    /// A node as far as gossip tells.
    func node(_ member: Member, missing: String?) -> NodeResource {
        let cameras = member.cameras.map(\.id)
        return NodeResource(
            id: "\(member.id)", name: member.name, isSelf: false, online: member.isReachable,
            status: NodeStatus(rawValue: "\(member.status)"), version: member.node?.version,
            lastSeen: member.lastSeen.map(clock.date(of:)), addresses: member.node?.addresses ?? [], url: webURL(of: member),
            httpUrl: nil, uptimeSeconds: nil, clockOffsetSeconds: nil, clockUncertaintySeconds: nil, coordinator: false, cameras: cameras,
            problems: member.isReachable
                ? [] : [ProblemNote(message: "\(member.name) does not answer", cure: "Check its power and network.")],
            ageSeconds: member.lastSeen.map { ((ContinuousClock.now - $0) / .seconds(1)).rounded() }, missing: missing)
    }

    private func webURL(of member: Member?) -> String? {
        guard let record = member?.node, record.webPort > 0, let address = record.addresses.first else { return nil }
        return "https://\(address.contains(":") ? "[\(address)]" : address):\(record.webPort)"
    }

    // MARK: Clips

    /// A clip of this node's.
    func clip(_ entry: CatalogueEntry) -> ClipResource {
        let names = entry.places.keys.sorted().map { store.targets.name($0) }
        let state: ClipState
        switch entry.facts.state {
        case .recording: state = .recording
        case .interrupted: state = .interrupted
        case .closed:
            let isStored = entry.isStored || entry.isOnDisk && store.targetStatus.isEmpty
            state = isStored ? .stored : entry.holder != nil ? .replicated : .spooled
        }
        let peer = entry.holder.flatMap { id in gossip.view.members.first { "\($0.id)" == id }?.name }
        return resource(entry, state: state, holders: (entry.isStored ? names : store.isAtHand(entry.facts.id) ? [name] : []) + [peer].compactMap { $0 })
    }

    /// A clip of another camera, of which this node keeps a copy.
    func replica(_ entry: CatalogueEntry) -> ClipResource {
        resource(entry, state: entry.facts.state == .closed ? .replicated : .interrupted, holders: [name])
    }

    /// A clip of a camera that does not answer, read from a target.
    func orphan(_ entry: CatalogueEntry) -> ClipResource {
        resource(
            entry, state: entry.facts.state == .closed ? .stored : .interrupted,
            holders: entry.places.keys.sorted().map { store.targets.name($0) })
    }

    private func resource(_ entry: CatalogueEntry, state: ClipState, holders: [String]) -> ClipResource {
        let facts = entry.facts
        return ClipResource(
            id: "\(facts.id)", camera: facts.camera, cameraName: facts.cameraName, node: facts.id.node, event: facts.event,
            events: facts.events, origin: facts.origin, kind: EventKind(rawValue: facts.kind), label: facts.label, start: facts.start,
            end: facts.end, triggered: facts.triggered, durationSeconds: facts.durationSeconds, bytes: Int64(facts.bytes),
            codec: facts.codec, width: facts.width, height: facts.height, state: state, holders: holders,
            protected: entry.places.values.contains(where: \.isProtected), signature: facts.state == .recording ? nil : entry.signature)
    }
}
