import Foundation
import Testing

@testable import Gossip

/// However much an admin's key signs, a node keeps what its memory and its trust file have room for.
@Suite struct ConfigRoomTests {
    private let mesh = TestMesh.shared
    private let now = ContinuousClock.now

    private func instance(_ index: Int) -> GossipInstance {
        GossipInstance(
            id: mesh.identities[index].id, boot: 1, roster: mesh.roster, config: SharedConfig(), settings: GossipSettings(),
            crypto: NodeCrypto(identity: mesh.identities[index], mesh: mesh.genesis.meshID), random: .seeded(1), now: now)
    }

    @Test func whatFindsNoRoomIsRefusedWithItsCure() throws {
        var node = instance(0)
        let large = [UInt8](repeating: 7, count: SharedConfig.valueLimit)
        let count = SharedConfig.totalLimit / SharedConfig.valueLimit
        for number in 0..<count { _ = try node.setConfig("k\(number)", large, by: mesh.admin) }
        let refusal = #expect(throws: TrustError.self) { try node.setConfig("more", [1], by: mesh.admin) }
        #expect(refusal?.cure.contains("Remove or shorten others") == true)
        #expect(node.config.values.count == count)
        // In its place, a value may change, and make room.
        _ = try node.setConfig("k0", large.map { $0 + 1 }, by: mesh.admin)
        _ = try node.setConfig("k1", [], by: mesh.admin)
        _ = try node.setConfig("more", [1], by: mesh.admin)
        #expect(node.config.values["more"] == [1] && node.config.values["k0"]?.first == 8)
    }

    @Test func whatOthersHaveTooMuchOfIsNotTaken() {
        var config = SharedConfig()
        let large = [UInt8](repeating: 7, count: SharedConfig.valueLimit)
        for number in 0..<80 {
            let body = SharedConfig().next("k\(number)", large, adminKey: mesh.admin.publicKey)
            config.accept(WireSigned(body: body, signature: mesh.admin.key.sign(body, domain: .config, mesh: mesh.genesis.meshID), signer: mesh.admin.publicKey))
        }
        #expect(config.values.count == SharedConfig.totalLimit / SharedConfig.valueLimit)
    }

    /// A revocation and the data key that follows from it: a power cut leaves both or neither.
    @Test func recordsAndValuesComeInOneStep() throws {
        var node = instance(0)
        let gone = mesh.identities[4].id
        let records = mesh.root.revoke(gone, in: mesh.roster)
        #expect(throws: TrustError.self) { try node.merge(records, setting: ["data-key": [UInt8](repeating: 0, count: 300_000)], by: mesh.admin, now: now) }
        #expect(!node.roster.isRevoked(gone), "nothing has changed before it is known to work")
        _ = try node.merge(records, setting: ["data-key": [9]], by: mesh.admin, now: now)
        #expect(node.roster.isRevoked(gone) && node.config.values["data-key"] == [9])
    }
}
