import Foundation
public import Logging
import NIOCore
import NIOPosix
import Synchronization

/// This node's part in the mesh: finds the others, knows who is alive, keeps everybody's signed records, carries triggers.
///
/// It performs what ``GossipInstance`` decides, and decides nothing itself. Every queue is bounded: packets, changes, triggers
/// and exchanges drop what does not fit, and anti-entropy brings it later.
public actor GossipService {
    /// Changes that wait for one slow reader; then the oldest go, and ``MeshChange/resync`` says so.
    private static let changeLimit = 256
    /// Exchanges that wait for a free place; more fail at once and are tried again later.
    private static let exchangeLimit = 32
    /// How often addresses are looked at, and known peers written if they changed.
    private static let housekeepingInterval = Duration.seconds(2)
    private static let peersSaveInterval = Duration.seconds(60)
    /// Packets read in one turn: more than a mesh sends in one round, and few enough that a flood stops no timer.
    private static let packetsAtOnce = 256

    let settings: GossipSettings
    private var identity: NodeIdentity
    private var trust: TrustStore
    private let discovery: (any Discovery)?
    private let peers: any PeerExchange
    private let wallClock: @Sendable () -> WallReading?
    private let logger: Logger
    var instance: GossipInstance
    private var ownRecord: NodeRecord
    private var lastOwnRecord: NodeRecord?
    private var lastAnnouncement: ServiceAnnouncement?
    private var transport: UDPTransport?
    private var isRaisingBoot = false
    /// A boot number that could not be written; tried again at the next housekeeping.
    private var unwrittenBoot: UInt32?
    private var peersChangedAt: ContinuousClock.Instant?
    private var peersSavedAt: ContinuousClock.Instant?
    /// The one timer, and when it rings.
    private var timer: Scheduled<Void>?
    private var timerDeadline: ContinuousClock.Instant?
    private let eventLoop: any EventLoop
    private let writer = StateWriter()
    let trustWriter: TrustWriter

    private nonisolated let shared: Mutex<MeshView>
    private nonisolated let port = Mutex<Int?>(nil)
    private nonisolated let discovered = Mutex(DiscoveredNodes())
    private nonisolated let changeFeed = ChangeFeed<MeshChange>(limit: changeLimit, lossNotice: .resync)
    private nonisolated let triggerFeed = TriggerFeed()
    /// Of the present run: a stream that was cancelled once gives nothing any more.
    private var wake = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    private var exchanges = AsyncStream<ExchangeRequest>.makeStream(bufferingPolicy: .bufferingOldest(exchangeLimit))
    private var raisings = AsyncStream<BootRaising>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// - Parameters:
    ///   - discovery: `nil` for a node that uses only seeds and known addresses.
    ///   - peers: how to reach a member by TLS.
    ///   - wallClock: the machine's; nil: it is told to nobody.
    ///   - node: what this node says about itself; addresses and gossip port are filled in here, the certificate and the
    ///     peer port if they are missing.
    public init(
        settings: GossipSettings, identity: NodeIdentity, trust: TrustStore, discovery: (any Discovery)?, peers: any PeerExchange,
        node: NodeRecord = NodeRecord(), wallClock: @escaping @Sendable () -> WallReading? = { nil }, logger: Logger
    ) {
        self.settings = settings
        self.identity = identity
        self.trust = trust
        self.discovery = discovery
        self.peers = peers
        self.wallClock = wallClock
        self.logger = logger
        ownRecord = node
        let now = ContinuousClock.now
        let instance = GossipInstance(
            id: identity.id, boot: identity.boot, roster: trust.roster, config: trust.config, settings: settings,
            crypto: NodeCrypto(identity: identity, mesh: trust.meshID), known: PeersFile.load(from: trust.directory),
            seeds: settings.seeds.compactMap { SeedAddress.literal($0) }, random: .system, now: now)
        self.instance = instance
        shared = Mutex(instance.view(now: now))
        eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        trustWriter = TrustWriter(writer: writer, logger: logger)
    }

    // MARK: Looking

    /// The mesh as it is now. Cheap; never waits.
    public nonisolated var view: MeshView { shared.withLock { $0 } }

    /// The UDP port, once it is open.
    public nonisolated var boundPort: Int? { port.withLock { $0 } }

    /// Nodes on the local network that wait to be added to a mesh, by what they say of themselves.
    public nonisolated var unpaired: [DiscoveredNode] { discovered.withLock { $0.unpaired } }

    /// What changes from now on. Bounded: who reads too slowly loses the oldest and gets ``MeshChange/resync``.
    public nonisolated func changes() -> AsyncStream<MeshChange> { changeFeed.stream() }

    /// Other nodes' triggers from now on, each once (``GroupTrigger``). At most 256 wait; then the oldest go, which is counted and logged.
    public nonisolated func triggers() -> AsyncStream<GroupTrigger> { triggerFeed.stream() }

    // MARK: Saying

    /// Publishes this node's record of that kind, in place of the last one. At most 64 KiB; up to about 1000 bytes travel at once
    /// by UDP, more by TLS.
    public func publish(_ kind: RecordKind, _ body: [UInt8]) {
        if kind == .node, let record = NodeRecord(untrusted: body) {
            ownRecord = record
            publishOwnRecord()
            return
        }
        let now = ContinuousClock.now
        perform(instance.publish(kind, body, now: now), now: now)
    }

    // MARK: Running

    /// Opens the port and takes part until cancelled; then says goodbye.
    ///
    /// - Throws: ``GossipError`` when the port is taken.
    public func run() async throws {
        let transport = try UDPTransport(port: settings.port) { [tag = trust.meshID.tag, own = identity.id.prefix] in
            PacketCodec.refusal(of: $0, meshTag: tag, own: own)
        }
        self.transport = transport
        wake = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        exchanges = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.exchangeLimit))
        raisings = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        port.withLock { $0 = transport.port }
        publishOwnRecord()
        logger.info("gossip on UDP port \(transport.port)", metadata: ["mesh": "\(trust.meshID)"])
        await withDiscardingTaskGroup { group in
            group.addTask { await self.receive(from: transport) }
            group.addTask { await self.keepTime() }
            group.addTask { await self.exchange() }
            group.addTask { await self.keepHouse() }
            group.addTask { await self.followAddresses() }
            group.addTask { await self.followSeeds() }
            group.addTask { await self.followRaisings() }
            if let discovery { group.addTask { await self.discover(with: discovery, port: transport.port) } }
        }
        perform(instance.leave(now: .now), now: .now)
        timer?.cancel()
        timer = nil
        transport.close()
        self.transport = nil
        port.withLock { $0 = nil }
        savePeers(now: .now)
        await writer.drain()
    }

    private func receive(from transport: UDPTransport) async {
        for await _ in transport.arrivals {
            // A flood lets everybody else in between two turns.
            while takeIn(transport) { await Task.yield() }
        }
    }

    /// Reads what is here, in a bounded piece. Answers whether there was something.
    @discardableResult
    private func takeIn(_ transport: UDPTransport) -> Bool {
        let packets = transport.takeWaiting(limit: Self.packetsAtOnce)
        for packet in packets {
            let now = ContinuousClock.now
            perform(instance.receive(packet.bytes, from: packet.source, now: now), now: now)
        }
        return !packets.isEmpty
    }

    /// An answer that waits unread is an answer: before anybody's silence is judged, what is here is read. On a machine where many
    /// nodes start at once, they would hold each other for dead otherwise.
    private func keepTime() async {
        wake.continuation.yield()
        for await _ in wake.stream {
            if let transport { takeIn(transport) }
            timerDeadline = nil
            let now = ContinuousClock.now
            perform(instance.tick(now: now), now: now)
        }
    }

    private func exchange() async {
        await withDiscardingTaskGroup { group in
            for await request in exchanges.stream {
                guard let member = view.member(request.peer) else {
                    exchangeFailed(request, CancellationError())
                    continue
                }
                group.addTask { [peers] in
                    do {
                        let answer = try await peers.exchange(with: member, request.request)
                        await self.exchanged(request, answer)
                    } catch {
                        await self.exchangeFailed(request, error)
                    }
                }
            }
        }
    }

    private func exchanged(_ request: ExchangeRequest, _ answer: [UInt8]) {
        let now = ContinuousClock.now
        perform(instance.exchangeAnswered(request.purpose, answer, by: request.peer, now: now), now: now)
    }

    private func exchangeFailed(_ request: ExchangeRequest, _ error: any Error) {
        let now = ContinuousClock.now
        logger.debug("no exchange with \(instance.name(of: request.peer)): \(error)", metadata: ["peer": "\(request.peer.short)"])
        perform(instance.exchangeFailed(request.purpose, by: request.peer, now: now), now: now)
    }

    private func keepHouse() async {
        while (try? await ContinuousClock().sleep(for: Self.housekeepingInterval)) != nil {
            publishOwnRecord()
            announceChanges()
            for (refusal, packets) in transport?.refusals.take() ?? [:] { instance.drops.count(refusal, packets) }
            if let boot = unwrittenBoot { raise(to: boot) }
            if trustWriter.hasFailed { saveTrust() }
            let now = ContinuousClock.now
            if let peersChangedAt, now - peersChangedAt >= Self.housekeepingInterval,
                peersSavedAt.map({ now - $0 >= Self.peersSaveInterval }) ?? true
            {
                savePeers(now: now)
            }
            reportLosses(now: now)
            instance.tell(wallClock(), now: now)
            let view = instance.view(now: now)
            shared.withLock { $0 = view }
        }
    }

    /// A cable pulled, a lease renewed with another address: everybody hears at once.
    private func followAddresses() async {
        guard let monitor = AddressMonitor() else { return }
        for await _ in monitor.changes { publishOwnRecord() }
    }

    private func announcement(port: Int) -> ServiceAnnouncement {
        ServiceAnnouncement(
            id: identity.id, name: instance.name(of: identity.id), state: instance.roster.members.count > 1 ? .mesh : .alone,
            mesh: trust.meshID, version: ownRecord.version, port: ownRecord.peerPort > 0 ? Int(ownRecord.peerPort) : settings.peerPort,
            gossipPort: port, webPort: Int(ownRecord.webPort))
    }

    private func discover(with discovery: any Discovery, port: Int) async {
        let announcement = announcement(port: port)
        lastAnnouncement = announcement
        let (events, continuation) = AsyncStream<DiscoveryEvent>.makeStream(bufferingPolicy: .bufferingNewest(Self.changeLimit))
        await withDiscardingTaskGroup { group in
            group.addTask { [logger] in
                await discovery.keepRunning(publishing: announcement, logger: logger) { continuation.yield($0) }
                continuation.finish()
            }
            group.addTask { for await event in events { await self.discovered(event) } }
        }
    }

    /// Another name, or no longer alone in the mesh.
    private func announceChanges() {
        guard let discovery, let lastAnnouncement, let transport else { return }
        let announcement = announcement(port: transport.port)
        guard announcement != lastAnnouncement else { return }
        self.lastAnnouncement = announcement
        discovery.update(announcement)
    }

    private func discovered(_ event: DiscoveryEvent) {
        discovered.withLock { $0.follow(event) }
        switch event {
        case .found(let service):
            guard let node = service.id, service.mesh == trust.meshID, node != identity.id else { return }
            let now = ContinuousClock.now
            let address = PeerAddress(host: service.host, port: service.gossipPort)
            perform(instance.discovered(node, at: address, now: now), now: now)
        case .status(.noDaemon(let why)):
            logger.warning("\(why)")
        case .lost, .status:
            break
        }
    }

    // MARK: Performing

    func perform(_ actions: [GossipInstance.Action], now: ContinuousClock.Instant) {
        var changes: [MeshChange] = []
        var triggers: [GroupTrigger] = []
        for action in actions {
            switch action {
            case .send(let packet, let address):
                transport?.send(packet, to: address)
            case .exchange(let peer, let request, let purpose):
                let request = ExchangeRequest(peer: peer, request: request, purpose: purpose)
                if case .dropped = exchanges.continuation.yield(request) {
                    perform(instance.exchangeFailed(purpose, by: peer, now: now), now: now)
                }
            case .changed(let change):
                changes.append(change)
            case .deliver(let trigger):
                triggers.append(trigger)
            case .saveTrust:
                saveTrust()
            case .savePeers:
                peersChangedAt = peersChangedAt ?? now
            case .raiseBoot(let boot):
                raise(to: boot)
            case .log(let level, let message, let peer):
                logger.log(level: level.level, "\(message)", metadata: peer.map { ["peer": "\($0.short)"] } ?? [:])
            }
        }
        if !changes.isEmpty {
            // First the view, then the news of it: who hears of a change must find it there.
            shared.withLock { instance.update(&$0, after: changes, now: now) }
            for change in changes { changeFeed.yield(change) }
        }
        for trigger in triggers {
            let lost = triggerFeed.yield(trigger)
            if lost > 0 { instance.drops.count(.unread, lost) }
        }
        if !triggers.isEmpty { reportLosses(now: now) }
        schedule(now: now)
    }

    private func reportLosses(now: ContinuousClock.Instant) {
        guard let lost = triggerFeed.report(now: now) else { return }
        logger.warning("\(lost) triggers of other nodes were given up: this node acts on them too slowly. See whether its card or storage hangs.")
    }

    /// Sets the timer if something is due before it rings.
    private func schedule(now: ContinuousClock.Instant) {
        guard transport != nil else { return }
        let deadline = instance.nextDeadline
        if let timerDeadline, timerDeadline <= deadline { return }
        timer?.cancel()
        timerDeadline = deadline
        let nanoseconds = max(Int64(1_000_000), Int64((deadline - now) / .nanoseconds(1)))
        timer = eventLoop.scheduleTask(in: .nanoseconds(nanoseconds)) { [continuation = wake.continuation] in _ = continuation.yield() }
    }

    private func publishOwnRecord() {
        guard let transport else { return }
        var record = ownRecord
        if record.name.isEmpty { record.name = instance.name(of: identity.id) }
        if record.peerPort == 0 { record.peerPort = UInt32(clamping: settings.peerPort) }
        record.complete(with: identity, gossipPort: transport.port, addresses: InterfaceAddresses.told())
        guard record != lastOwnRecord else { return }
        let moved = lastOwnRecord.map { $0.addresses != record.addresses } ?? false
        lastOwnRecord = record
        let now = ContinuousClock.now
        perform(instance.publish(.node, record.wireBytes, now: now), now: now)
        if moved {
            logger.info("this node's addresses are now \(record.addresses.joined(separator: ", "))")
            perform(instance.addressesChanged(now: now), now: now)
        }
    }

    // MARK: Keeping

    private func saveTrust() {
        trust.roster = instance.roster
        trust.config = instance.config
        trustWriter.save(trust)
    }

    private func savePeers(now: ContinuousClock.Instant) {
        guard peersChangedAt != nil else { return }
        peersChangedAt = nil
        peersSavedAt = now
        let content = PeersFile.content(of: instance.links)
        writer.write { [directory = trust.directory, logger] in
            do { try PeersFile.save(content, in: directory) } catch { logger.debug("\(error)") }
        }
    }

    /// The new number must be on the disk before anybody hears it.
    private func raise(to boot: UInt32) {
        guard !isRaisingBoot else { return }
        isRaisingBoot = true
        writer.write { [identity, continuation = raisings.continuation] in
            do { continuation.yield(.done(try identity.raised(to: boot))) } catch { continuation.yield(.failed(boot: boot, reason: "\(error)")) }
        }
    }

    private func followRaisings() async {
        for await raising in raisings.stream {
            isRaisingBoot = false
            switch raising {
            case .done(let raised):
                unwrittenBoot = nil
                identity = raised
                let now = ContinuousClock.now
                perform(instance.raise(boot: raised.boot, now: now), now: now)
            case .failed(let boot, let reason):
                // A full card says it once, however often it is tried.
                if unwrittenBoot == nil { logger.error("\(reason)") }
                unwrittenBoot = max(boot, unwrittenBoot ?? 0)
            }
        }
    }
}
