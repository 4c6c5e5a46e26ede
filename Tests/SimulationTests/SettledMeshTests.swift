import Gossip
import Testing

@testable import Simulation

/// A mesh that begins as if all had met long ago is one in which all have met.
@Suite struct SettledMeshTests {
    private static func mesh(_ crypto: SimulatedCrypto.Kind) -> SimulatedMesh {
        var options = SimulatedMesh.Options()
        options.isSettled = true
        options.crypto = crypto
        options.remembers = true
        return SimulatedMesh(20, seed: 1, options: options)
    }

    @Test(arguments: SimulatedCrypto.Kind.allCases) func everybodyKnowsEverything(crypto: SimulatedCrypto.Kind) {
        let mesh = Self.mesh(crypto)
        let everybody = EverybodyAgrees(members: Array(0..<20), revoked: [])
        #expect(everybody.holds(in: mesh))
        for node in mesh.nodes {
            let members = node.instance.view(now: node.clock.instant(mesh.time)).members
            #expect(members.count == 20 && members.allSatisfy { $0.status == .alive && $0.node != nil && $0.certificateDER != nil })
        }
    }

    /// Nothing is left to do: links need no hello, nobody is suspected, and it is as quiet as a mesh that has met by itself.
    @Test func staysQuietAndWorks() {
        var mesh = Self.mesh(.real)
        _ = mesh.run(until: mesh.time + .seconds(20))
        var quiet = IdleIsQuiet()
        quiet.begin(mesh)
        _ = mesh.run(until: mesh.time + .seconds(60))
        #expect(quiet.end(mesh, members: Array(0..<20)) == nil)
        #expect((400...460).contains(quiet.rates.reduce(0, +) / 20))
        #expect(mesh.takeObservations().allSatisfy { if case .standing = $0.what { false } else { true } })
        #expect(mesh.nodes.allSatisfy { $0.instance.drops.total.isEmpty })
        let event = mesh.trigger(3)
        _ = mesh.run(until: mesh.time + .seconds(1))
        #expect(mesh.nodes.indices.allSatisfy { $0 == 3 || mesh.nodes[$0].delivered.map(\.id) == [event] })
    }

    /// What is measured of it is what a mesh shows that met by itself.
    @Test func measuresAsAColdStartDoes() {
        func figures(settled: Bool) -> GossipMeasurement {
            GossipMeasurement(nodes: 12, seeds: 4, settings: GossipSettings(), crypto: .fast, startsSettled: settled)
        }
        let (cold, settled) = (figures(settled: false), figures(settled: true))
        for measured in [cold, settled] {
            #expect(measured.unfinished == 0 && measured.falseDeaths == 0 && measured.detections.count == 4)
            #expect(measured.detections.allSatisfy { (2...8).contains($0) })
        }
        #expect(cold.meetings.count == 4 && settled.meetings.isEmpty)
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        #expect(abs(mean(settled.idleRates) / mean(cold.idleRates) - 1) < 0.05)
        #expect(abs(mean(settled.lossyRates) / mean(cold.lossyRates) - 1) < 0.2)
    }
}
