public import Logging
import NIOCore
import NIOPosix
import Synchronization

/// A new node's door: waits until a member of some mesh shows that it knows this node's setup code, and joins that mesh.
///
/// Whoever connects says who it is within 5 s, or goes; the newest gets in for the oldest that has said nothing. One at a time may try a
/// code. A refusal names its reason, so that the person at the other end learns what to do.
public actor PairingService {
    private static let connectionLimit = 16
    private static let connectionLimitPerHost = 4
    private static let helloPatience = TimeAmount.seconds(5)
    /// From the first message to the last.
    private static let handshakeDeadline = TimeAmount.seconds(60)

    private let identity: NodeIdentity
    private let name: String
    private let directory: String
    private let code: SetupCodeKeeper
    private let discovery: (any Discovery)?
    private let version: String
    private let onDiscovery: @Sendable (DiscoveryEvent) -> Void
    private let logger: Logger
    /// All that are open, oldest first.
    private var connections: [(channel: any Channel, host: String?, isSilent: Bool)] = []
    private var isTrying = false
    /// When the log was last told of somebody who was not added.
    private var told: [ContinuousClock.Instant] = []
    private var joined: TrustStore?
    /// Whose handshake that was: the door stays open until the last message to it is out.
    private var winner: ObjectIdentifier?
    private let ports = AsyncStream<Int>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// - Parameters:
    ///   - directory: the state directory, where the mesh is kept once this node belongs to it.
    ///   - discovery: how dashboards find this node; `nil`: by its address alone.
    ///   - version: of MeshCam, for people.
    ///   - onDiscovery: hears of other nodes, where `discovery` finds them.
    public init(
        identity: NodeIdentity, name: String, directory: String, code: SetupCodeKeeper, discovery: (any Discovery)? = nil, version: String = "",
        onDiscovery: @escaping @Sendable (DiscoveryEvent) -> Void = { _ in }, logger: Logger
    ) {
        self.identity = identity
        self.name = name
        self.directory = directory
        self.code = code
        self.discovery = discovery
        self.version = version
        self.onDiscovery = onDiscovery
        self.logger = logger
    }

    /// The port, once it is open.
    func boundPort() async -> Int? {
        for await port in ports.stream { return port }
        return nil
    }

    /// Opens the port and waits; returns when this node has joined a mesh and all of it is on the disk.
    ///
    /// - Throws: when the port is taken, or cancelled.
    public func run(host: String, port: Int) async throws -> TrustStore {
        let accepted = AcceptedChannels()
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .bind(host: host, port: port) { channel in
                // Plain, because one that is accepted in the moment when this ends is read by nobody: an async channel would trap then.
                accepted.add(channel)
                return channel.eventLoop.makeSucceededFuture(channel)
            }
        defer { accepted.closeAll() }
        let bound = server.channel.localAddress?.port ?? port
        logger.info("waiting to be added to a mesh", metadata: ["port": "\(bound)"])
        ports.continuation.yield(bound)
        do {
            try await server.executeThenClose { clients in
                try await withThrowingDiscardingTaskGroup { group in
                    group.addTask { await self.announce(port: bound) }
                    for try await client in clients {
                        group.addTask { await self.serve(client, closing: server.channel) }
                    }
                    group.cancelAll()
                }
            }
        } catch where joined != nil {
            // Stopped a moment after it had joined: what is on the disk counts.
        }
        guard let joined else { throw CancellationError() }
        return joined
    }

    private func announce(port: Int) async {
        let announcement = ServiceAnnouncement(
            id: identity.id, name: name, state: .unpaired, mesh: nil, version: version, port: port, gossipPort: 0)
        await discovery?.keepRunning(publishing: announcement, logger: logger, onChange: onDiscovery)
    }

    private func serve(_ channel: any Channel, closing server: any Channel) async {
        enter(channel)
        let timer = channel.eventLoop.scheduleTask(in: Self.handshakeDeadline) { channel.close(promise: nil) }
        defer {
            timer.cancel()
            leave(channel)
        }
        do {
            let stream = try await PairingConnection.begin(on: channel)
            try await stream.executeThenClose { inbound, outbound in
                var connection = PairingConnection(channel: channel, inbound: inbound, outbound: outbound)
                do throws(PairingError) {
                    try await handshake(&connection, channel)
                } catch {
                    tell("not added: \(error.reason)", of: channel)
                    // Twenty wrong ones: the new code is there before anybody looks for it.
                    if case .wrongCode = error { _ = try? code.code(now: .now) }
                    try await connection.send(WirePairingMessage.refusal(refusal(of: error), retryAfter: code.wait(now: .now)))
                }
            }
        } catch {
            // It is gone; nobody is left to tell.
            channel.close(promise: nil)
        }
        if winner == ObjectIdentifier(channel) { server.close(promise: nil) }
    }

    private func handshake(_ connection: inout PairingConnection, _ channel: any Channel) async throws(PairingError) {
        let hello = try await connection.receive(within: Self.helloPatience)
        note(channel)
        let pause = code.wait(now: .now)
        guard pause <= .zero else { throw .paused(pause) }
        guard joined == nil else { throw .busy }
        var responder: PairingResponder
        responder = PairingResponder(identity: identity, name: name, code: try code.code(now: .now))
        var message = hello
        var isMine = false
        defer { if isMine { isTrying = false } }
        while true {
            switch try responder.receive(message) {
            case .send(let answer):
                try await connection.send(answer)
            case .count(let answer):
                guard !isTrying, joined == nil else { throw .busy }
                (isTrying, isMine) = (true, true)
                try code.begin(now: .now)
                try await connection.send(answer)
            case .join(let welcome):
                guard code.claim() else { throw .busy }
                let trust = TrustStore(directory: directory, genesis: welcome.genesis, records: welcome.records)
                do {
                    try PeersFile.save(PeersFile.content(of: welcome.peers.mapValues { ($0, 0) }), in: directory)
                    // Last: with it the node belongs to the mesh.
                    try trust.save()
                } catch {
                    code.release()
                    logger.error("\(error)")
                    throw .notKept
                }
                code.end()
                (joined, winner) = (trust, ObjectIdentifier(channel))
                logger.notice("added to the mesh '\(welcome.genesis.name)'", metadata: ["mesh": "\(trust.meshID)"])
                if let acknowledgement = responder.acknowledgement { try await connection.send(acknowledgement) }
                return
            }
            message = try await connection.receive(
                limit: responder.expectsWelcome ? PairingConnection.welcomeLimit : PairingConnection.messageLimit)
        }
    }

    /// Some lines a minute: whoever knocks all the time fills nobody's log.
    private func tell(_ line: String, of channel: any Channel) {
        let now = ContinuousClock.now
        told = told.filter { now - $0 < .seconds(60) }
        let level: Logger.Level = told.count < 10 ? .info : .debug
        if level == .info { told.append(now) }
        logger.log(level: level, "\(line)", metadata: ["address": "\(channel.remoteAddress?.ipAddress ?? "?")"])
    }

    private func refusal(of error: PairingError) -> PairingRefusal {
        switch error {
        case .wrongCode: .wrongCode
        case .paused: .paused
        case .busy: .busy
        case .noCommonVersion: .noCommonVersion
        case .notKept: .notKept
        case .notGenuine, .silent, .unreachable, .malformed, .notAdmitted: .notUnderstood
        }
    }

    /// The newest gets in for the oldest that has said nothing, and not at all where all have.
    private func enter(_ channel: any Channel) {
        let host = channel.remoteAddress?.ipAddress
        connections.append((channel, host, true))
        let own = connections.count { $0.host == host }
        guard own > Self.connectionLimitPerHost || connections.count > Self.connectionLimit else { return }
        let isFromHost = own > Self.connectionLimitPerHost
        if let place = connections.firstIndex(where: { $0.isSilent && (!isFromHost || $0.host == host) }) {
            connections.remove(at: place).channel.close(promise: nil)
        }
    }

    /// It has said who it is.
    private func note(_ channel: any Channel) {
        if let place = connections.firstIndex(where: { $0.channel === channel }) { connections[place].isSilent = false }
    }

    private func leave(_ channel: any Channel) { connections.removeAll { $0.channel === channel } }
}

/// All connections that are open, also those that nobody serves yet.
private final class AcceptedChannels: Sendable {
    private struct State {
        var open: [ObjectIdentifier: any Channel] = [:]
        var isOver = false
    }

    private let state = Mutex(State())

    /// One that comes too late is closed.
    func add(_ channel: any Channel) {
        let isOver = state.withLock { state in
            if !state.isOver { state.open[ObjectIdentifier(channel)] = channel }
            return state.isOver
        }
        guard !isOver else { return channel.close(promise: nil) }
        channel.closeFuture.whenComplete { [weak self] _ in
            _ = self?.state.withLock { $0.open.removeValue(forKey: ObjectIdentifier(channel)) }
        }
    }

    func closeAll() {
        let open = state.withLock { state in
            state.isOver = true
            return Array(state.open.values)
        }
        for channel in open { channel.close(promise: nil) }
    }
}
