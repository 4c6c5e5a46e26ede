import Foundation
import Gossip
import Logging
import Media
import Storage
import Synchronization

/// This node's camera at work: motion becomes incidents, incidents become recordings here and in the group.
actor CameraService {
    /// The camera's id in the mesh. A node has one camera, so it is the node's id.
    let cameraID: String
    nonisolated let camera: Camera
    private let recorder: Recorder
    private let gossip: GossipService
    private let store: ClipStore
    private let events: EventHub
    /// Where this camera is while nobody has configured any group.
    private let startGroups: [String]
    private let clock: WallClock
    private let logger: Logger
    private var policy: IncidentPolicy
    private let openClips: OpenClips

    init(
        cameraID: String, camera: Camera, recording: Media.RecordingSettings, groups: [String], gossip: GossipService, store: ClipStore,
        events: EventHub, clock: WallClock, logger: Logger
    ) {
        self.cameraID = cameraID
        self.camera = camera
        self.gossip = gossip
        self.store = store
        self.events = events
        startGroups = groups
        self.clock = clock
        self.logger = logger
        policy = IncidentPolicy(
            preRoll: recording.preRoll, postMotion: recording.postMotion, minimum: recording.minimumClip,
            longest: recording.maximumClip)
        openClips = OpenClips()
        recorder = Recorder(
            camera: camera, settings: recording,
            sink: StoreSink(store: store, clock: clock, openClips: openClips), logger: logger)
    }

    /// The groups that this camera is in, as the mesh's configuration says now.
    nonisolated var groups: [CameraGroup] {
        let all = gossip.view.groups ?? startGroups.map { CameraGroup(name: $0, cameras: [CameraGroup.everyCamera]) }
        return all.filter { $0.contains(cameraID) }
    }

    /// Runs camera, recorder and the incidents between them until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.camera.run() }
            group.addTask { await self.recorder.run() }
            group.addTask { await self.followMotion() }
            group.addTask { await self.followGroup() }
            group.addTask { await self.announceStatus() }
        }
    }

    /// Records here and in the group because somebody asked. Answers the incident's id.
    func trigger(kind: String, label: String?) async -> EventID {
        await carryOut(policy.noticed(kind: kind, label: label, at: .now))
        if let current = policy.current { return current.id }
        return await announce(kind: kind, label: label, at: .now)
    }

    // MARK: -

    private func followMotion() async {
        for await motion in camera.motionEvents() where motion.phase != .ended {
            // In several groups, the most eager one decides; the others' members judge by their own.
            let coolDown = groups.filter { $0.hears(cameraID) }.map(\.policy.coolDown).min() ?? .zero
            await carryOut(policy.noticed(kind: "motion", label: nil, at: motion.at, coolDown: coolDown))
        }
    }

    private func followGroup() async {
        for await trigger in gossip.triggers() {
            // A node speaks for its own camera alone, which has the node's id.
            guard trigger.camera == "\(trigger.origin)" else {
                logger.debug("a trigger in another camera's name was dropped", metadata: ["event": "\(trigger.id)", "peer": "\(trigger.origin.short)"])
                continue
            }
            guard let group = groups.first(where: { $0.name == trigger.group }), group.records(at: cameraID, from: trigger.camera) else { continue }
            // The moment it happened there, as far as its age tells; never in our future.
            let now = ContinuousClock.now
            let at = min(trigger.occurred, now)
            // Late news, after this node or that one was away: nothing of it is left to record.
            if policy.isOver(at, now: now) {
                logger.debug("\(trigger.kind) was over when it was heard", metadata: ["event": "\(trigger.incident)"])
                continue
            }
            events.publish(.event, notice(trigger.incident, camera: trigger.camera, kind: trigger.kind, label: trigger.label, at: at))
            await carryOut(
                policy.heard(
                    trigger.incident, origin: trigger.camera, kind: trigger.kind, label: trigger.label, at: at, now: now,
                    coolDown: group.policy.coolDown))
        }
    }

    private func carryOut(_ actions: [IncidentPolicy.Action]) async {
        for action in actions {
            switch action {
            case .record(let incident, let triggered, let from, let until):
                openClips.expect(event: "\(incident.id)", origin: incident.origin)
                await recorder.record(
                    RecordingRequest(
                        event: "\(incident.id)", kind: incident.kind, label: incident.label, triggered: triggered, from: from,
                        until: until))
            case .announce(let incident?, let kind, let label, let at):
                for group in groups where group.hears(cameraID) {
                    _ = await gossip.trigger(
                        TriggerDraft(group: group.name, kind: kind, label: label, incident: incident, camera: cameraID, age: .now - at))
                }
            case .announce(nil, let kind, let label, let at):
                _ = await announce(kind: kind, label: label, at: at)
            case .join(let other, let own):
                openClips.join("\(other)", to: "\(own)", in: store)
            }
        }
    }

    private func announce(kind: String, label: String?, at: ContinuousClock.Instant) async -> EventID {
        var incident: EventID?
        for group in groups where group.hears(cameraID) {
            let id = await gossip.trigger(
                TriggerDraft(group: group.name, kind: kind, label: label, incident: incident, camera: cameraID, age: .now - at))
            incident = incident ?? id
        }
        // A camera whose groups need not hear of it still has incidents of its own.
        let id: EventID
        if let incident { id = incident } else {
            id = await gossip.trigger(TriggerDraft(group: "", kind: kind, label: label, incident: nil, camera: cameraID, age: .now - at))
        }
        logger.info("\(kind) starts an incident", metadata: ["event": "\(id)"])
        events.publish(.event, notice(id, camera: cameraID, kind: kind, label: label, at: at))
        await carryOut(policy.began(id, origin: cameraID, kind: kind, label: label, at: at))
        return id
    }

    private func notice(_ id: EventID, camera: String, kind: String, label: String?, at: ContinuousClock.Instant) -> EventNotice {
        EventNotice(event: "\(id)", camera: camera, kind: EventKind(rawValue: kind), label: label, at: clock.date(of: at))
    }

    /// Operators read here what the camera does.
    private func announceStatus() async {
        // Once for each problem, however often it is tried again.
        var last: CameraStatus.State?
        for await status in camera.statusChanges() where status.state != last && status.state != .starting {
            last = status.state
            switch status.state {
            case .failed(let problem): logger.error("\(problem.message). \(problem.cure)")
            case .running:
                logger.info("camera runs: \(status.width)x\(status.height) at \(status.framesPerSecond.formatted()) fps, \(status.encoder)")
            case .starting, .none: break
            }
        }
    }
}
