import Foundation
import Gossip
import Hummingbird
import Logging
import Media
import NIOSSL
import ServiceLifecycle
import Storage
import Synchronization

/// One camera node: builds every service, knows every module, and decides nothing else.
struct Node: Sendable {
    /// How a run ended.
    enum Outcome: Sendable {
        case stopped
        /// It was alone and belongs to a mesh now: make a new ``Node`` of the same settings.
        case belongsToMesh
    }

    private let services: NodeServices
    private let list: [Named]
    private let logger: Logger

    /// Everything has stopped in order by then, or is cancelled all at once.
    static let patience = Duration.seconds(3)
    /// A part that does not even heed its cancellation ends the process: a camera that neither runs nor ends is worse than one that crashed.
    static let lastPatience = Duration.seconds(5)

    fileprivate struct Named: Sendable {
        let name: String
        let service: any Service
        /// Starts again with a pause when it fails; otherwise its failure ends the node.
        let restarts: Bool
    }

    /// - Throws: ``NodeError`` and the rooms' own errors when the node cannot even start: taken ports, an unwritable state directory.
    init(settings: Settings, logger: Logger) throws {
        self.logger = logger
        let ports = PortCheck(settings.network)
        try ports.run()

        let state = settings.node.state
        var forgotten: [String] = []
        let identity = try NodeIdentity.loadOrCreate(in: state, board: .current()) {
            // Another's: a copied card, or one whose identity was lost. This node comes to a mesh as every new one does.
            forgotten = try ResetCommand.reset(state, files: ResetCommand.files.filter { $0 != "identity" })
        }
        switch identity.origin {
        case .loaded: break
        case .created: logger.notice("a new identity was made", metadata: ["node": "\(identity.id.short)"])
        case .replaced(let reason): logger.warning("the identity was replaced: \(reason)", metadata: ["node": "\(identity.id.short)"])
        }
        if forgotten.contains("mesh") { logger.warning("the mesh that this card knew has another node of its name: add this one to it anew") }
        let paired = try TrustStore.load(from: state)
        if paired == nil { logger.warning("\(NodeServices.aloneProblem.message). \(NodeServices.aloneProblem.cure)") }
        if let paired {
            SetupCodeKeeper.removeLeftOvers(in: state, card: SetupCodeKeeper.card)
            if let problem = NodeServices.membershipProblem(of: identity.id, in: paired.roster) { logger.error("\(problem.message). \(problem.cure)") }
        }
        if let paired { TicketJoining.wipeLeftover(settings.joinBundlePlaces, roster: paired.roster, logger: logger) }
        let trust = try paired ?? Self.alone(identity, name: settings.node.name)
        let peers = PeerProxy(identity: identity, logger: logger.part("peers"))
        let discovery = AvahiDiscovery(logger: logger.part("discovery"))
        let gossip = GossipService(
            settings: GossipSettings(
                port: settings.network.gossipPort, peerPort: ports.peerPort, seeds: settings.network.seeds),
            identity: identity, trust: trust, discovery: paired == nil ? nil : discovery, peers: peers,
            node: Self.record(settings, peerPort: ports.peerPort, identity: identity), wallClock: { WallClock.kernel },
            logger: logger.part("gossip"))

        let id = "\(identity.id)"
        let mesh = paired?.meshID ?? identity.id.aloneMesh
        let keys = FootageKeys(of: identity, mesh: mesh) { gossip.view.roster }
        let keysFile: (@Sendable () -> [UInt8])? = paired == nil ? nil : { @Sendable in MeshPublicKeys(gossip.view.roster).file }
        let targets = TargetSet(try settings.storage.directories.map { try TargetLocation($0) })
        var storing = StoreSettings(
            spoolBytes: settings.storage.spoolBytes, camera: id, cameraName: settings.node.name, node: id, boot: identity.boot)
        storing.replicaBytes = settings.storage.replicaBytes
        storing.peerCopies = settings.storage.peerCopies
        storing.disk = settings.storage.disk.map { ($0, settings.storage.diskQuota) }
        let catalogue = ClipCatalogue(
            targets: targets, directory: settings.node.spool, name: "\(identity.id)-\(mesh)", logger: logger.part("storage"))
        let store = ClipStore(
            settings: storing, targets: targets, catalogue: catalogue, keys: keys, keysFile: keysFile,
            logger: logger.part("storage"))
        let orphans = OrphanCatalogue(catalogue: catalogue, keys: keys)
        let events = EventHub(epoch: "\(identity.id.short)\(identity.boot)")
        let camera = try Self.camera(settings, id: id, gossip: gossip, store: store, events: events, logger: logger)
        let access = LocalToken()
        let sessions = Sessions(gossip: gossip, directory: paired == nil ? nil : state, logger: logger.part("sessions"))
        let ice = IceServers(settings.network.iceServers, directory: state, logger: logger.part("live"))
        services = NodeServices(
            settings: settings, identity: identity, gossip: gossip, discovery: discovery, camera: camera,
            live: Self.live(settings, ice: ice, clock: WallClock(gossip), logger: logger.part("live")), iceServers: ice, store: store, orphans: orphans,
            joining: paired == nil ? try Self.joining(settings, identity: identity, discovery: discovery, logger: logger) : nil,
            sessions: sessions, events: events, peers: peers, localAccess: access,
            audit: AuditLog(directory: state, node: (id, settings.node.name), boot: identity.boot, logger: logger.part("audit")),
            browserDoor: try BrowserDoor(settings, identity: identity, gossip: gossip, logger: logger.part("web")))

        let web = WebServer(node: services, dashboard: try DashboardFiles(), logger: logger.part("web"))
        let door = services.browserDoor

        // Started in this order, stopped in reverse: who asks stops before who answers, and the store last of all.
        let services = services
        var list: [Named] = [
            Named("storage", restarts: true) { await store.run() },
            Named("gossip", restarts: false) { try await gossip.run() },
            Named("targets", restarts: true) { await services.followTargets(logger: logger.part("storage")) },
            Named("note", restarts: true) { await services.keepDiscoveryNote() },
            Named("notes", restarts: true) { await services.readDiscoveryNotes(logger: logger.part("storage")) },
            Named("replicas", restarts: true) { await Replication(node: services, logger: logger.part("replicas")).send() },
            Named("rescue", restarts: true) { await Replication(node: services, logger: logger.part("replicas")).rescue() },
            Named("races", restarts: true) { await TargetRaces(node: services, logger: logger.part("storage")).run() },
            Named("camera", restarts: true) { await camera.run() },
            Named("live", restarts: true) { try await services.live.run() },
            Named("ice", restarts: true) { await ice.run() },
            Named("relay", restarts: true) { await services.relay.run() },
            Named("viewers", restarts: true) { await services.viewers.run(services) },
            Named("sessions", restarts: true) { await sessions.run() },
            Named("revocations", restarts: true) { await peers.connections.run(gossip, logger: logger.part("peers")) },
            Named("events", restarts: true) { await PeerEvents(node: services, logger: logger.part("events")).run() },
            Named("peers", service: try web.peers(port: ports.peerPort)),
            Named("web", service: web.web(tls: door.shown.tls)),
            Named("certificates", restarts: true) { await door.run() },
            Named("authority", restarts: true) { await services.keepCertifyingForBrowsers(logger: logger.part("web")) },
        ]
        if let port = settings.network.httpPort {
            list.append(Named("loopback", service: web.loopback(port: port)))
        }
        list.append(
            Named("access", restarts: true) {
                await LocalAccessService(node: services, certificate: door.shown.local, logger: logger).run()
            })
        if let joining = services.joining { list.append(Named("pairing", service: joining)) }
        list.append(Named("systemd", restarts: true) { await SystemdNotifier(node: services).run() })
        self.list = list
    }

    /// Runs until the task shuts down gracefully, or until the node belongs to a mesh; then stops everything in order.
    func run() async throws -> Outcome {
        let logger = logger
        var configuration = ServiceGroupConfiguration(
            services: list.map { named in
                .init(
                    service: Supervised(name: named.name, service: named.service, restarts: named.restarts, logger: logger),
                    successTerminationBehavior: .gracefullyShutdownGroup, failureTerminationBehavior: .gracefullyShutdownGroup)
            },
            logger: logger.quieter())
        configuration.maximumGracefulShutdownDuration = Self.patience
        configuration.maximumCancellationDuration = Self.lastPatience
        do {
            let group = ServiceGroup(configuration: configuration)
            try await withGracefulShutdownHandler {
                try await group.run()
            } onGracefulShutdown: {
                // The handler may not wait; the group that is told is awaited above.
                Task { await group.triggerGracefulShutdown() }
            }
        } catch is JoiningService.BelongsToMesh {
            await services.peers.shutdown()
            logger.notice("starting again, as a member")
            return .belongsToMesh
        } catch {
            await services.peers.shutdown()
            throw error
        }
        await services.peers.shutdown()
        logger.info("stopped")
        return .stopped
    }

    private static func joining(
        _ settings: Settings, identity: NodeIdentity, discovery: AvahiDiscovery, logger: Logger
    ) throws -> JoiningService {
        let code = try SetupCodeKeeper(directory: settings.node.state, card: SetupCodeKeeper.card)
        let ticket = TicketJoining(
            identity: identity, name: settings.node.name, directory: settings.node.state, places: settings.joinBundlePlaces, code: code,
            logger: logger.part("ticket"))
        let logger = logger.part("pairing")
        let pairing = PairingService(
            identity: identity, name: settings.node.name, directory: settings.node.state, code: code, discovery: discovery,
            version: MeshCamVersion.current, onDiscovery: { ticket.members.follow($0) }, logger: logger)
        return JoiningService(code: code, pairing: pairing, ticket: ticket, port: settings.network.pairingPort, logger: logger)
    }

    /// A node that belongs to no mesh is a mesh of one, of which nothing is kept: it records and shows itself, and founds nothing.
    private static func alone(_ identity: NodeIdentity, name: String) throws -> TrustStore {
        let (genesis, root, _) = Founding.found(name: name)
        let directory = FileManager.default.temporaryDirectory.appending(path: "meshcam-alone-\(identity.id.short)").path
        return TrustStore(directory: directory, genesis: genesis, records: [root.admit(identity.public, name: name, serial: 1)])
    }

    private static func camera(
        _ settings: Settings, id: String, gossip: GossipService, store: ClipStore, events: EventHub, logger: Logger
    ) throws -> CameraService {
        let source = try Media.CameraSettings.Source.parse(settings.camera.source)
        var camera = Media.CameraSettings(source: source)
        camera.width = settings.camera.width
        camera.height = settings.camera.height
        camera.framesPerSecond = settings.camera.fps
        camera.bitRate = settings.camera.bitRate * 1000
        camera.audio = settings.camera.audio
        camera.name = settings.node.name
        // A seed of its own for each node, and the same one after a restart.
        camera.seed = settings.camera.seed.map { UInt64($0) } ?? UInt64(id.prefix(15), radix: 16) ?? 0
        camera.preRoll = settings.recording.preRoll
        var recording = Media.RecordingSettings()
        recording.preRoll = settings.recording.preRoll
        recording.minimumClip = settings.recording.minimumClip
        recording.postMotion = settings.recording.postMotion
        recording.maximumClip = settings.recording.maximumClip
        let clock = WallClock(gossip)
        let logger = logger.part("camera")
        return CameraService(
            cameraID: id, camera: Camera(settings: camera, wallClock: { clock.now() }, logger: logger), recording: recording,
            groups: settings.mesh.groups, gossip: gossip, store: store, events: events, clock: clock, logger: logger)
    }

    private static func live(_ settings: Settings, ice: IceServers, clock: WallClock, logger: Logger) -> WebRTCServer {
        // On a machine without a network, whoever watches is on it, too.
        var live = WebRTCServerSettings(port: UInt16(clamping: settings.network.livePort)) {
            let addresses = InterfaceAddresses.current()
            return addresses.isEmpty ? ["127.0.0.1", "::1"] : addresses
        }
        live.stunServers = { ice.stun }
        return WebRTCServer(settings: live, wallClock: { clock.now() }, logger: logger)
    }

    /// What this node tells the mesh about itself; gossip adds addresses and its own port.
    private static func record(_ settings: Settings, peerPort: Int, identity: NodeIdentity) -> NodeRecord {
        var record = NodeRecord()
        record.name = settings.node.name
        record.peerPort = UInt32(peerPort)
        record.webPort = UInt32(settings.network.webPort)
        record.version = MeshCamVersion.current
        record.tlsCertificate = Data(identity.tlsCertificateDER)
        record.browserKey = Data(identity.browserAuthority.publicKey)
        return record
    }
}

extension Node.Named {
    fileprivate init(_ name: String, restarts: Bool, _ run: @escaping @Sendable () async throws -> Void) {
        self.init(name: name, service: Block(body: run), restarts: restarts)
    }

    fileprivate init(_ name: String, service: any Service) {
        self.init(name: name, service: service, restarts: false)
    }
}

/// A service made of a function.
private struct Block: Service {
    let body: @Sendable () async throws -> Void
    func run() async throws { try await body() }
}

extension NodeServices {
    /// Whether the node can be used: it knows itself, and its camera is past its start (well or not).
    var isReady: Bool {
        if case .starting = camera.camera.status.state { return false }
        return gossip.boundPort != nil
    }
}

extension Logger {
    /// The logger of a part of the node.
    func part(_ name: String) -> Logger {
        var logger = self
        logger[metadataKey: "part"] = "\(name)"
        return logger
    }

    /// For libraries that tell at `info` what no operator needs.
    func quieter() -> Logger {
        var logger = self
        logger.logLevel = max(logLevel, .warning)
        return logger
    }
}
