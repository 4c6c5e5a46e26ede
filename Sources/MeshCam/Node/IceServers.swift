import Foundation
import Gossip
import Logging
import Synchronization

/// The servers that help viewers of this node's camera through routers: from the settings, until an app sets others
/// (`PUT /api/v1/media/live/config`), which last. None of them is needed on a LAN.
final class IceServers: Sendable {
    private struct State {
        var servers: [IceServer]
        /// Hosts' addresses, as far as they are known.
        var addresses: [String: [String]] = [:]

        init(_ servers: [IceServer]) {
            self.servers = servers
            // Those need no resolver, and no time.
            for server in servers where NameLookup.isAddress(server.host) { addresses[server.host] = [server.host] }
        }
    }

    /// Names that were known may mean another address later; those that were not are asked for again sooner.
    private static let interval = Duration.seconds(300)
    private static let retry = Duration.seconds(10)
    private static let sizeLimit = 16 << 10

    private let path: String
    private let state: Mutex<State>
    private let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    /// - Parameter directory: of this node's state. What stands in it wins over the settings; what cannot be read there is said and left out.
    init(_ settings: [String], directory: String, logger: Logger) {
        path = directory + "/ice-servers.json"
        var texts = settings
        do {
            if let kept = try DurableFile.read(path, limit: Self.sizeLimit, operation: "read the ICE servers") {
                texts = try JSONDecoder().decode([String].self, from: Data(kept))
            }
        } catch {
            logger.warning("the ICE servers that were set are lost; those of the settings count: \(error). Set them again")
        }
        state = Mutex(State(texts.compactMap { IceServer($0) }))
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// As URIs, in the order in which they were set.
    var uris: [String] { state.withLock { $0.servers.map(\.uri) } }

    /// Where to ask what our address looks like from outside, as `(address, port)`.
    var stun: [(String, UInt16)] {
        let state = state.withLock { $0 }
        return state.servers.filter { $0.scheme == .stun }.flatMap { server in
            let addresses = state.addresses[server.host] ?? []
            // One of each family: the others are the same server.
            return [addresses.first { !$0.contains(":") }, addresses.first { $0.contains(":") }].compactMap { $0 }.map { ($0, server.port) }
        }
    }

    /// Counts from the next viewer on, and after restarts.
    ///
    /// - Throws: when it could not be kept; then nothing is changed.
    func set(_ servers: [IceServer]) throws {
        try DurableFile.write(Array(try JSONEncoder().encode(servers.map(\.uri))), to: path, operation: "keep the ICE servers")
        state.withLock { $0 = State(servers) }
        changed.yield()
    }

    /// Keeps the servers' addresses, until it is cancelled.
    func run() async {
        await withTaskGroup { group in
            group.addTask { [changes] in for await _ in changes { _ = await self.look() } }
            group.addTask {
                var isComplete = false
                repeat { isComplete = await self.look() } while (try? await ContinuousClock().sleep(for: isComplete ? Self.interval : Self.retry)) != nil
            }
        }
    }

    /// Whether all names are known.
    private func look() async -> Bool {
        var isComplete = true
        for host in Set(state.withLock { $0.servers }.filter { $0.scheme == .stun }.map(\.host)) {
            let addresses = await NameLookup.addresses(of: host)
            // A name server that is gone makes nobody forget where they were.
            if addresses.isEmpty { isComplete = false } else { state.withLock { $0.addresses[host] = addresses } }
        }
        return isComplete
    }
}
