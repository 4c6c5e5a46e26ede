import Testing

@testable import Gossip

@Suite struct MeshPublicKeysTests {
    private let mesh = TestMesh.shared
    private let facts = Array("what a camera saw".utf8)

    private func keys(_ records: [SignedRecord]) -> MeshPublicKeys {
        var roster = Roster(genesis: mesh.genesis)
        roster.merge(records)
        return MeshPublicKeys(roster)
    }

    private func signed(by index: Int, mesh id: MeshID) -> [UInt8] { mesh.identities[index].sign(facts, domain: .manifest, mesh: id) }

    @Test func anybodyCanCheckWhatANodeSigned() throws {
        let known = keys(mesh.roster.records)
        let read = try #require(MeshPublicKeys(file: known.file))
        #expect(read.file == known.file && read.roster.meshID == mesh.genesis.meshID)
        let node = mesh.identities[0].id
        for id in [mesh.genesis.meshID, node.aloneMesh] {
            #expect(read.verifies(signed(by: 0, mesh: id), of: facts, by: node, domain: .manifest))
            #expect(!read.verifies(signed(by: 0, mesh: id), of: facts + [0], by: node, domain: .manifest))
            #expect(!read.verifies(signed(by: 0, mesh: id), of: facts, by: mesh.identities[1].id, domain: .manifest), "another member's name")
            #expect(!read.verifies(signed(by: 0, mesh: id), of: facts, by: node, domain: .record), "signed as something else")
        }
        #expect(!read.verifies(signed(by: 0, mesh: mesh.identities[1].id.aloneMesh), of: facts, by: node, domain: .manifest), "another mesh")
    }

    @Test func whoWasRevokedHasSignedAllTheSame() throws {
        let node = mesh.identities[1].id
        let without = keys(mesh.roster.records), revoked = keys([mesh.root.revoke(node, serial: 900)])
        var both = without
        both.merge(revoked)
        let read = try #require(MeshPublicKeys(file: both.file))
        #expect(read.roster.isRevoked(node) && !without.roster.isRevoked(node))
        #expect(read.verifies(signed(by: 1, mesh: mesh.genesis.meshID), of: facts, by: node, domain: .manifest))
        #expect(!revoked.verifies(signed(by: 1, mesh: mesh.genesis.meshID), of: facts, by: node, domain: .manifest), "of whom nothing is known but that")
    }

    /// The file lies where guests look at footage: who administers is nobody's business there.
    @Test func namesOfAdminsAreNotInIt() throws {
        let admin = mesh.admin
        var roster = mesh.roster
        roster.merge([mesh.root.certify(admin.publicKey, name: "grandmother", serial: 901)])
        let file = MeshPublicKeys(roster).file
        #expect(roster.adminKeys.values.contains("grandmother") && file.firstRange(of: Array("grandmother".utf8)) == nil)
        #expect(try #require(MeshPublicKeys(file: file)).roster.adminKeys.isEmpty)
    }

    @Test func damageIsSeen() {
        let file = keys(mesh.roster.records).file
        for place in stride(from: 0, to: file.count, by: 7) {
            var damaged = file
            damaged[place] ^= 0x10
            #expect(MeshPublicKeys(file: damaged) == nil)
        }
        for length in stride(from: 0, to: file.count, by: 11) { #expect(MeshPublicKeys(file: Array(file.prefix(length))) == nil) }
    }
}
