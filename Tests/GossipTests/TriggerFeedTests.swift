import Logging
import Synchronization
import Testing

@testable import Gossip

/// Triggers were acknowledged: if this node's own readers then lose them, that is said.
@Suite struct TriggerFeedTests {
    /// Remembers what is logged.
    private struct Recorder: LogHandler {
        final class Lines: Sendable { let all = Mutex<[String]>([]) }

        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.warning

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.all.withLock { $0.append("\(event.message)") } }
    }

    private func triggers(_ range: ClosedRange<UInt32>) -> [GroupTrigger] {
        let origin = TestMesh.shared.identities[1].id
        return range.map { counter in
            let id = EventID(origin: origin, boot: 1, counter: counter)
            return GroupTrigger(
                id: id, incident: id, origin: origin, camera: "c", group: "home", kind: "motion", label: nil, occurred: .now)
        }
    }

    @Test func theOldestGoAndAreCounted() async {
        let feed = TriggerFeed()
        let start = ContinuousClock.now
        // Without a reader there is nobody who could miss anything.
        #expect(triggers(1...300).map { feed.yield($0) }.allSatisfy { $0 == 0 } && feed.report(now: start) == nil)
        let reader = feed.stream()
        #expect(triggers(1...300).reduce(0) { $0 + feed.yield($1) } == 44)
        #expect(feed.report(now: start) == 44 && feed.report(now: start + .seconds(61)) == nil)
        #expect(triggers(301...302).reduce(0) { $0 + feed.yield($1) } == 2)
        #expect(feed.report(now: start + .seconds(59)) == nil && feed.report(now: start + .seconds(60)) == 2)
        var read: [UInt32] = []
        for await trigger in reader {
            read.append(trigger.id.counter)
            if read.count == TriggerFeed.limit { break }
        }
        #expect(read == Array(47...302))
    }

    /// In one line, however many they are, and among the refused packets of `GET /nodes`.
    @Test func aNodeSaysWhatItLost() async throws {
        let mesh = TestMesh.shared
        let lines = Recorder.Lines()
        let directory = TemporaryDirectory()
        let service = GossipService(
            settings: GossipSettings(port: 0), identity: mesh.identities[0],
            trust: TrustStore(directory: directory.path, genesis: mesh.genesis, records: mesh.roster.records), discovery: nil,
            peers: GossipServiceTests.DirectExchange(own: mesh.identities[0].id), node: NodeRecord(),
            logger: Logger(label: "test") { _ in Recorder(lines: lines) })
        let reader = service.triggers()
        for trigger in triggers(1...1000) { await service.perform([.deliver(trigger)], now: .now) }
        let one = mesh.identities[1].id
        await service.perform([.changed(.member(one, .dead))], now: .now)
        #expect(service.view.refusedPackets["unread"] == 744)
        let said = lines.all.withLock { $0.filter { $0.contains("were given up") } }
        #expect(said.count == 1)
        var iterator = reader.makeAsyncIterator()
        #expect(await iterator.next()?.id.counter == 745)
    }
}
