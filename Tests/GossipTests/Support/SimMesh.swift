import Foundation
import Simulation

@testable import Gossip

/// The project's simulator, with a test's own keys and everything remembered.
typealias SimMesh = SimulatedMesh

extension SimulatedMesh {
    init(_ count: Int, seed: UInt64, mesh: TestMesh = .shared, settings: GossipSettings = GossipSettings(), knowEachOther: Bool = true) {
        var options = Options()
        options.settings = settings
        options.knowEachOther = knowEachOther
        options.remembers = true
        options.keepsWire = true
        self.init(count, seed: seed, keys: mesh.keys, options: options)
    }

    var mesh: TestMesh { .shared }
    /// On a node's clock; all run alike here.
    var now: ContinuousClock.Instant { nodes[0].clock.instant(time) }

    static func address(of index: Int) -> PeerAddress { PeerAddress(host: SimulatedNetwork.host(of: index), port: SimulatedNetwork.port) }

    mutating func block(_ a: Int, _ b: Int) {
        network.blocked.insert(.init(from: a, to: b))
        network.blocked.insert(.init(from: b, to: a))
    }

    /// Off and on again, with a boot counter of that value.
    mutating func restart(_ index: Int, boot: UInt32) {
        kill(index)
        setDisk(index, boot: boot - 1)
        start(index)
    }

    mutating func run(_ duration: Duration) { _ = run(until: time + duration) }

    /// Runs until `condition` holds, looked at every 10 ms. Answers how long that took, or `nil` after `limit`.
    mutating func run(atMost limit: Duration, until condition: (SimMesh) -> Bool) -> Duration? {
        let began = time
        while !condition(self) {
            guard time - began < limit else { return nil }
            run(.milliseconds(10))
        }
        return time - began
    }

    func status(of index: Int, at observer: Int) -> Status? { nodes[observer].instance.membership.standing(of: id(index))?.status }

    /// Everybody who runs sees everybody else who runs as alive.
    var allSeeAll: Bool {
        let running = nodes.indices.filter { nodes[$0].isRunning }
        return running.allSatisfy { a in running.allSatisfy { b in status(of: b, at: a) == .alive } }
    }

    /// Everybody who runs knows the same.
    var allKnowTheSame: Bool { Set(nodes.filter(\.isRunning).map(\.instance.stateHash)).count == 1 }

    func drops(_ index: Int, _ refusal: PeerLink.Refusal) -> Int { nodes[index].instance.drops.total[refusal] ?? 0 }
}

extension SimulatedNode {
    var largest: Int { largestPacket }
}
