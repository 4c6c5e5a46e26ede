import Foundation
import Logging
import Synchronization
import Testing

@testable import Gossip

/// Real sockets on loopback.
@Suite(.timeLimit(.minutes(1))) struct GossipServiceTests {
    /// Carries exchanges by a direct call: TLS is tested elsewhere.
    final class DirectExchange: PeerExchange {
        let services = Mutex<[NodeID: GossipService]>([:])
        let own: NodeID
        init(own: NodeID) { self.own = own }

        struct Unreachable: Error {}

        func exchange(with member: Member, _ request: [UInt8]) async throws -> [UInt8] {
            guard let service = services.withLock({ $0[member.id] }) else { throw Unreachable() }
            guard let answer = await service.answer(peer: own, request) else { throw Unreachable() }
            return answer
        }
    }

    struct Running {
        let mesh: TestMesh
        var services: [GossipService] = []
        var exchanges: [DirectExchange] = []
        let directories: [TemporaryDirectory]

        init(_ mesh: TestMesh) {
            self.mesh = mesh
            directories = mesh.identities.map { _ in TemporaryDirectory() }
        }

        mutating func add(port: Int = 0, seeds: [String]) {
            let index = services.count
            let identity = mesh.identities[index]
            let exchange = DirectExchange(own: identity.id)
            var node = NodeRecord()
            node.name = "camera \(index)"
            let trust = TrustStore(directory: directories[index].path, genesis: mesh.genesis, records: mesh.roster.records)
            services.append(
                GossipService(
                    settings: GossipSettings(port: port, peerPort: 1, seeds: seeds), identity: identity, trust: trust, discovery: nil,
                    peers: exchange, node: node, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
            exchanges.append(exchange)
            let all = Dictionary(uniqueKeysWithValues: zip(mesh.identities.map(\.id), services))
            for exchange in exchanges { exchange.services.withLock { $0 = all } }
        }
    }

    private static func bound(_ service: GossipService) async -> Int? {
        let changes = service.changes()
        guard await waits(for: changes, until: { service.boundPort != nil }) else { return nil }
        return service.boundPort
    }

    @Test func threeNodesMeetTalkAndPart() async throws {
        let mesh = TestMesh(nodes: 3)
        var running = Running(mesh)
        running.add(seeds: [])
        let first = running.services[0]
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await first.run() }
            let port = try #require(await Self.bound(first))
            running.add(seeds: ["127.0.0.1:\(port)"])
            running.add(seeds: ["127.0.0.1:\(port)"])
            let services = running.services
            let changes = services.map { $0.changes() }
            var last: Task<Void, any Error>?
            group.addTask { try await services[1].run() }
            last = Task { try await services[2].run() }
            for (service, news) in zip(services, changes) {
                #expect(await waits(for: news) { service.view.members.allSatisfy { $0.status == .alive && $0.node != nil && $0.certificateDER != nil } })
            }
            #expect(services[0].view.members.map(\.name).sorted() == ["camera 0", "camera 1", "camera 2"])

            // Records, small and large.
            let large = [UInt8](repeating: 3, count: 20_000)
            let news = services[2].changes()
            await services[1].publish(.cameras, [1, 2, 3])
            await services[1].publish(.clips, large)
            let one = mesh.identities[1].id
            #expect(await waits(for: news) {
                let records = services[2].view.member(one)?.records
                return records?[.cameras]?.bytes == [1, 2, 3] && records?[.clips]?.bytes == large
            })

            // Configuration, kept on the disk of the others.
            let settings = services[2].changes()
            try await services[0].setConfig("users", [9], by: mesh.admin)
            #expect(await waits(for: settings) { services[2].view.config["users"] == [9] })

            // Triggers.
            let heard = services[0].triggers()
            let at = ContinuousClock.now
            let event = await services[2].trigger(TriggerDraft(group: "home", kind: "motion", label: "somebody", camera: "c", age: .seconds(1)))
            var iterator = heard.makeAsyncIterator()
            let trigger = try #require(await iterator.next())
            #expect(trigger.id == event && trigger.incident == event && trigger.origin == mesh.identities[2].id)
            #expect(trigger.group == "home" && trigger.kind == "motion" && trigger.label == "somebody" && trigger.camera == "c")
            let lateness = trigger.occurred - (at - .seconds(1))
            #expect(lateness > .milliseconds(-5) && lateness < .milliseconds(500), "\(lateness)")

            // Goodbye.
            let partings = services[0].changes()
            last?.cancel()
            #expect(await waits(for: partings) { services[0].view.member(mesh.identities[2].id)?.status == .left })
            try await last?.value
            #expect(services[2].boundPort == nil)
            group.cancelAll()
        }
        // What was learned is on the disk.
        let stored = try #require(try TrustStore.load(from: running.directories[2].path))
        #expect(stored.values["users"] == [9])
        #expect(PeersFile.load(from: running.directories[2].path)[mesh.identities[0].id]?.addresses.isEmpty == false)
    }

    @Test func takenPortIsNamed() async throws {
        let taken = try UDPTransport(port: 0)
        var running = Running(TestMesh(nodes: 1))
        running.add(port: taken.port, seeds: [])
        let service = running.services[0]
        let error = await #expect(throws: GossipError.self) { try await service.run() }
        #expect(error?.description.contains("\(taken.port)") == true && error?.cure.contains("network.gossipPort") == true)
        taken.close()
    }

    /// Absent neighbours and impossible addresses do not end the conversation.
    @Test func transportSurvivesUnreachableAddresses() async throws {
        let (a, b) = (try UDPTransport(port: 0), try UDPTransport(port: 0))
        for host in ["127.0.0.1", "240.0.0.1", "fe80::1%none", "2001:db8::1", "::1", "255.255.255.255", "nonsense"] {
            a.send([1], to: PeerAddress(host: host, port: 9))
        }
        let sent = a.send([1, 2, 3], to: PeerAddress(host: "127.0.0.1", port: b.port))
        #expect(sent)
        var arrivals = b.arrivals.makeAsyncIterator()
        #expect(await arrivals.next() != nil)
        let packet = b.takeWaiting(limit: 10).first
        #expect(packet?.bytes == [1, 2, 3] && packet?.source == PeerAddress(host: "127.0.0.1", port: a.port))
        a.close()
        b.close()
        while await arrivals.next() != nil {}
        #expect(b.takeWaiting(limit: 10).isEmpty)
        #expect(!a.send([1], to: PeerAddress(host: "127.0.0.1", port: b.port)))
    }

    @Test func slowReadersAreToldOfLosses() async {
        let feed = ChangeFeed<Int>(limit: 4, lossNotice: -1)
        let stream = feed.stream()
        for number in 1...10 { feed.yield(number) }
        var read: [Int] = []
        for await number in stream {
            read.append(number)
            if read.count == 4 { break }
        }
        #expect(read.contains(-1) && read.count == 4)
    }
}
