import Foundation
import Logging
import Synchronization
import Testing

@testable import Gossip

/// With a real avahi-daemon. Other machines' (and other tests') services may be there too; each test knows its own.
@Suite(.serialized, .timeLimit(.minutes(2))) struct AvahiDiscoveryTests {
    /// What one discovery has told so far.
    final class Observer: Sendable {
        private let found = Mutex<[String: Set<DiscoveredService>]>([:])
        private let statuses = Mutex<[DiscoveryStatus]>([])
        let news = ChangeFeed<Int>(limit: 64, lossNotice: nil)
        let discovery: AvahiDiscovery
        let announcement: ServiceAnnouncement

        init(name: String, resolverLimit: Int = AvahiSession.resolverLimit) {
            discovery = AvahiDiscovery(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, resolverLimit: resolverLimit)
            let id = NodeID(bytes: secureRandomBytes(16))
            announcement = ServiceAnnouncement(
                id: id ?? TestMesh.shared.identities[0].id, name: name, state: .mesh, mesh: TestMesh.shared.genesis.meshID, version: "1.2",
                port: 7000, gossipPort: 7001)
        }

        func run() async throws {
            try await discovery.run(publishing: announcement) { [self] event in
                switch event {
                case .found(let service): found.withLock { _ = $0[service.instance, default: []].insert(service) }
                case .lost(let instance): found.withLock { $0[instance] = nil }
                case .status(let status): statuses.withLock { $0.append(status) }
                }
                news.yield(0)
            }
        }

        func services(of id: NodeID) -> [DiscoveredService] {
            found.withLock { $0.values.flatMap { $0 }.filter { $0.id == id } }
        }

        func forget() { found.withLock { $0 = [:] } }
        var status: DiscoveryStatus { discovery.status }
        var sawNoDaemon: Bool {
            statuses.withLock { $0.contains { if case .noDaemon(let why) = $0 { why.contains("avahi-daemon") } else { false } } }
        }

        func sees(_ other: Observer, bound: Duration = .seconds(30)) async -> Bool {
            await waits(bound, for: news.stream()) { !self.services(of: other.announcement.id).isEmpty }
        }
    }

    @Test func followsADaemonThatComesAndGoes() async throws {
        let avahi = try PrivateAvahi()
        let first = Observer(name: "porch")
        let second = Observer(name: "porch")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await first.run() }
            // No bus, no daemon: told plainly, and waited for.
            #expect(await waits(for: first.news.stream()) { first.sawNoDaemon })
            let bus = try avahi.startBus()
            var daemon = try avahi.startDaemon()
            defer {
                daemon.stop()
                bus.stop()
            }
            #expect(await waits(.seconds(30), for: first.news.stream()) { first.status == .running })

            // Two of one name on one host: one of them gets a number, and both see each other.
            group.addTask { try await second.run() }
            #expect(await first.sees(second))
            #expect(await second.sees(first))
            let seen = try #require(first.services(of: second.announcement.id).first)
            #expect(seen.name == "porch" && seen.port == 7000 && seen.gossipPort == 7001 && seen.version == "1.2" && seen.state == .mesh)
            #expect(seen.mesh == TestMesh.shared.genesis.meshID && IPAddress(seen.host) != nil)
            #expect(Set([seen.instance, try #require(second.services(of: first.announcement.id).first).instance]).count == 2)

            // In a crowd that it cannot resolve at once, a node still finds everybody.
            let narrow = Observer(name: "shed", resolverLimit: 1)
            group.addTask { try await narrow.run() }
            #expect(await narrow.sees(first))
            #expect(await narrow.sees(second))
            #expect(await narrow.sees(narrow))

            // Other facts are heard of.
            var changed = first.announcement
            changed.state = .unpaired
            first.discovery.update(changed)
            #expect(await waits(.seconds(30), for: second.news.stream()) { second.services(of: first.announcement.id).contains { $0.state == .unpaired } })

            // Killed without a word: both know; and they find each other again when it is back.
            daemon.stop(SIGKILL)
            #expect(await waits(for: first.news.stream()) { first.status != .running && second.status != .running })
            first.forget()
            second.forget()
            daemon = try avahi.startDaemon()
            #expect(await first.sees(second))
            #expect(await second.sees(first))
            await nodesMeetByMulticastAlone()
            group.cancelAll()
        }
    }

    /// product.md: visible at most 3 s after its address is up. Whole services, real sockets, no seeds.
    private func nodesMeetByMulticastAlone() async {
        let mesh = TestMesh(nodes: 3)
        let directories = mesh.identities.map { _ in TemporaryDirectory() }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let services = zip(mesh.identities, directories).map { identity, directory in
            GossipService(
                settings: GossipSettings(port: 0, peerPort: 1), identity: identity,
                trust: TrustStore(directory: directory.path, genesis: mesh.genesis, records: mesh.roster.records),
                discovery: AvahiDiscovery(logger: logger), peers: NoExchange(), logger: logger)
        }
        let news = services.map { $0.changes() }
        await withTaskGroup(of: Void.self) { group in
            for service in services { group.addTask { try? await service.run() } }
            for (service, news) in zip(services, news) {
                #expect(await waits(for: news) { service.view.members.allSatisfy { $0.status == .alive && $0.node != nil } })
            }
            group.cancelAll()
        }
    }

    private struct NoExchange: PeerExchange {
        struct Unreachable: Error {}
        func exchange(with member: Member, _ request: [UInt8]) async throws -> [UInt8] { throw Unreachable() }
    }
}
