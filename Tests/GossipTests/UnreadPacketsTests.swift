import Foundation
import Logging
import Synchronization
import Testing

@testable import Gossip

/// What waits unread is read before anybody's silence is judged. Real sockets on loopback.
@Suite(.timeLimit(.minutes(5))) struct UnreadPacketsTests {
    /// A member whose answers are sent when the test says so.
    private actor Partner {
        let transport: UDPTransport
        private var instance: GossipInstance
        /// Kept back since ``hold()``.
        private var held: [(packet: [UInt8], to: PeerAddress)] = []
        private var isHolding = false

        init(_ index: Int, of mesh: TestMesh, seed: PeerAddress) throws {
            transport = try UDPTransport(port: 0)
            let identity = mesh.identities[index]
            instance = GossipInstance(
                id: identity.id, boot: 1, roster: mesh.roster, config: SharedConfig(), settings: GossipSettings(),
                crypto: NodeCrypto(identity: identity, mesh: mesh.genesis.meshID), seeds: [seed], random: .system, now: .now)
        }

        func run() async {
            perform(instance.tick(now: .now))
            for await _ in transport.arrivals {
                for packet in transport.takeWaiting(limit: .max) {
                    perform(instance.receive(packet.bytes, from: packet.source, now: .now))
                    perform(instance.tick(now: .now))
                }
            }
        }

        private func perform(_ actions: [GossipInstance.Action]) {
            for case .send(let packet, let address) in actions {
                if isHolding { held.append((packet, address)) } else { transport.send(packet, to: address) }
            }
        }

        /// From now on nothing is sent.
        func hold() { isHolding = true }

        /// Sends what was kept back.
        func release() {
            isHolding = false
            for (packet, address) in held { transport.send(packet, to: address) }
            held = []
        }

        /// Sends an answer to that probe and nothing else.
        func answer(probe sequence: UInt32, of node: NodeID) {
            held = []
            isHolding = false
            for directive in instance.membership.answer(toPing: sequence, from: node) {
                guard case .send(let frame, let peer) = directive else { continue }
                perform(instance.send([frame], to: peer, now: .now, news: .none))
            }
        }
    }

    @Test func anAnswerThatWaitsUnreadIsNoSilence() async throws {
        let mesh = TestMesh(nodes: 2)
        let directory = TemporaryDirectory()
        let service = GossipService(
            settings: GossipSettings(port: 0, peerPort: 1), identity: mesh.identities[0],
            trust: TrustStore(directory: directory.path, genesis: mesh.genesis, records: mesh.roster.records), discovery: nil,
            peers: NoExchange(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let other = mesh.identities[1].id
        let changes = service.changes()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            #expect(await waits(.seconds(120), for: service.changes()) { service.boundPort != nil })
            let port = try #require(service.boundPort)
            let partner = try Partner(1, of: mesh, seed: PeerAddress(host: "127.0.0.1", port: port))
            group.addTask { await partner.run() }
            #expect(await waits(.seconds(120), for: changes) { service.view.member(other)?.status == .alive })

            // A machine that is busy with other tests may let the moment pass; then there is another one, until the suite's time is over.
            while try await !Self.judgesUnread(service, answeredBy: partner, about: other, as: mesh.identities[0].id) {}
            group.cancelAll()
            partner.transport.close()
        }
    }

    /// Between the moment when it asks others and the moment when it would suspect, the service's actor is held back; the one answer comes
    /// after that second moment has passed, and waits in queue or socket. Answers whether it went like that.
    private static func judgesUnread(
        _ service: GossipService, answeredBy partner: Partner, about other: NodeID, as own: NodeID
    ) async throws -> Bool {
        try #require(await waits(.seconds(120), for: service.changes()) { service.view.member(other)?.status == .alive })
        await partner.hold()
        var found: Membership.Probe?
        while found == nil {
            try await ContinuousClock().sleep(for: .milliseconds(5))
            guard service.view.member(other)?.status == .alive else {
                await partner.release()
                return false
            }
            if let probe = await service.instance.membership.probe, probe.askedOthers { found = probe }
        }
        let probe = try #require(found)
        let isHeld = AsyncStream<Void>.makeStream()
        let goOn = DispatchSemaphore(value: 0)
        async let holding: Void = service.hold(isHeld.continuation, until: goOn)
        for await _ in isHeld.stream { break }
        let wasInTime = ContinuousClock.now < probe.deadline && service.view.member(other)?.status == .alive
        try? await ContinuousClock().sleep(until: probe.deadline + .milliseconds(60))
        await partner.answer(probe: probe.sequence, of: own)
        goOn.signal()
        await holding
        // Whatever waited for the actor runs before this.
        for _ in 0..<3 { await service.pass() }
        // Later than that, the service takes it for its own pause and judges nobody.
        let isStillInTime = ContinuousClock.now < probe.deadline + .milliseconds(450)
        guard wasInTime else { return false }
        #expect(service.view.member(other)?.status == .alive)
        return isStillInTime
    }

    private struct NoExchange: PeerExchange {
        struct Unreachable: Error {}
        func exchange(with member: Member, _ request: [UInt8]) async throws -> [UInt8] { throw Unreachable() }
    }

    /// The thread has had no time to read; what the socket holds can be had all the same, in bounded pieces and looked at.
    @Test func theSocketIsReadWithoutItsThread() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0 }
        }
        try #require(isBound)
        let (queue, refusals) = (PacketQueue(limit: 10), RefusalCounters())
        let receiver = DatagramReceiver(descriptor: descriptor, wakeDescriptor: -1, queue: queue, refusals: refusals) {
            $0 == [1] ? .damaged : nil
        }
        let destination = PeerAddress(host: "127.0.0.1", port: Int(UInt16(bigEndian: address.sin_port)))
        let sender = try UDPTransport(port: 0)
        for byte in 1...6 as ClosedRange<UInt8> { sender.send([byte], to: destination) }
        // What the thread had time for comes first.
        #expect(queue.append(.init(bytes: [0], source: destination)))
        #expect(receiver.takeWaiting(limit: 4).map(\.bytes) == [[0], [2], [3]], "one was queued, two were read, and one was refused")
        #expect(receiver.takeWaiting(limit: 100).map(\.bytes) == [[4], [5], [6]])
        #expect(receiver.takeWaiting(limit: 100).isEmpty && refusals.take() == [.damaged: 1])
        sender.close()
    }

    /// The thread reads what comes, and its end is told; what it had read can still be had.
    @Test func theThreadReadsUntilItIsClosed() async throws {
        let receiver = try UDPTransport(port: 0) { $0 == [1] ? .damaged : nil }
        let sender = try UDPTransport(port: 0)
        for byte in 1...3 as ClosedRange<UInt8> { sender.send([byte], to: PeerAddress(host: "127.0.0.1", port: receiver.port)) }
        var taken: [[UInt8]] = []
        for await _ in receiver.arrivals {
            taken += receiver.takeWaiting(limit: 100).map(\.bytes)
            if taken.count == 2 { receiver.close() }
        }
        #expect(taken == [[2], [3]] && receiver.refusals.take() == [.damaged: 1])
        #expect(receiver.takeWaiting(limit: 100).isEmpty)
        sender.close()
    }

    @Test func aFullQueueDropsTheNewest() {
        let queue = PacketQueue(limit: 4)
        func packet(_ byte: UInt8) -> UDPTransport.Packet { .init(bytes: [byte], source: PeerAddress(host: "::1", port: 1)) }
        let admitted = (1...6 as ClosedRange<UInt8>).map { queue.append(packet($0)) }
        #expect(admitted == [true, true, true, true, false, false])
        #expect(queue.take(2).map(\.bytes) == [[1], [2]] && queue.append(packet(7)))
        #expect(queue.take(10).map(\.bytes) == [[3], [4], [7]] && queue.take(10).isEmpty)
    }
}

extension GossipService {
    /// Keeps everybody out, as a busy machine does.
    fileprivate func hold(_ isHeld: AsyncStream<Void>.Continuation, until semaphore: DispatchSemaphore) {
        isHeld.yield()
        Self.wait(for: semaphore)
    }

    /// With a bound: the pool has few threads, and whoever is to signal needs one.
    private static func wait(for semaphore: DispatchSemaphore) { _ = semaphore.wait(timeout: .now() + 20) }

    fileprivate func pass() {}
}
