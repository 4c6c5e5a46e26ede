import Foundation
import Testing

@testable import Gossip

@Suite struct RosterTests {
    private let mesh = TestMesh.shared

    @Test func orderDoesNotMatter() {
        let records = mesh.roster.records + [mesh.root.revoke(mesh.identities[3].id, serial: 5)]
        var rng = Randomness.seeded(7)
        let rosters = (0..<5).map { _ in
            var roster = Roster(genesis: mesh.genesis)
            for record in records.shuffled(using: &rng) { roster.merge([record]) }
            roster.merge(records)
            return roster
        }
        #expect(Set(rosters.map(\.hash)).count == 1)
        #expect(rosters.allSatisfy { $0.members.map(\.id) == rosters[0].members.map(\.id) && $0.members.count == 9 })
        #expect(rosters[0].admission(of: mesh.identities[3].id) == nil)
        #expect(rosters[0].node(forTLSKeyHash: mesh.identities[3].tlsKeyHash) == nil)
        #expect(rosters[0].node(forTLSKeyHash: mesh.identities[4].tlsKeyHash) == mesh.identities[4].id)
        #expect(rosters[0].isAdmin(mesh.admin.publicKey) && !rosters[0].isAdmin(AdminKey().publicKey))
    }

    @Test func revocationIsFinalAndRenewalCounts() {
        let identity = TestMesh.identity()
        var roster = mesh.roster
        let changes = [
            roster.merge([mesh.root.admit(identity.public, name: "a", serial: 2)]), roster.merge([mesh.root.admit(identity.public, name: "b", serial: 3)]),
            roster.merge([mesh.root.admit(identity.public, name: "c", serial: 1)]), roster.merge([mesh.root.revoke(identity.id, serial: 4)]),
            roster.merge([mesh.root.admit(identity.public, name: "d", serial: 9)]),
        ]
        #expect(changes == [[.admitted(identity.id)], [.renewed(identity.id)], [], [.revoked(identity.id)], []])
        #expect(roster.admission(of: identity.id) == nil && roster.isRevoked(identity.id))
    }

    @Test func forgedForeignAndDamagedRecordsAreRefused() {
        let (_, otherRoot, _) = Founding.found(name: "other")
        let identity = TestMesh.identity()
        let true_ = mesh.root.admit(identity.public, name: "x", serial: 1)
        var roster = mesh.roster
        let before = roster.hash
        var bad = [otherRoot.admit(identity.public, name: "x", serial: 1)]
        for index in true_.body.indices {
            var body = true_.body
            body[index] ^= 1
            bad.append(SignedRecord(kind: .admit, body: body, signature: true_.signature))
        }
        bad.append(SignedRecord(kind: .revoke, body: true_.body, signature: true_.signature))
        bad.append(SignedRecord(kind: .admit, body: true_.body, signature: []))
        bad.append(SignedRecord(kind: .admit, body: [], signature: true_.signature))
        #expect(roster.merge(bad).isEmpty)
        #expect(roster.hash == before && roster.members.count == 10)
        let changes = roster.merge([true_])
        #expect(changes == [.admitted(identity.id)])
    }

    /// The same words for another mesh are not signed.
    @Test func signaturesNameMeshAndPurpose() throws {
        let identity = mesh.identities[0]
        let admission = try #require(mesh.roster.admission(of: identity.id))
        let other = Founding.found(name: "other").0.meshID
        let signature = identity.sign([1, 2], domain: .manifest, mesh: mesh.genesis.meshID)
        #expect(admission.verifies(signature, of: [1, 2], domain: .manifest, mesh: mesh.genesis.meshID))
        #expect(!admission.verifies(signature, of: [1, 2], domain: .manifest, mesh: other))
        #expect(!admission.verifies(signature, of: [1, 2], domain: .record, mesh: mesh.genesis.meshID))
        #expect(!admission.verifies(signature, of: [1, 3], domain: .manifest, mesh: mesh.genesis.meshID))
        #expect(!admission.verifies([], of: [1, 2], domain: .manifest, mesh: mesh.genesis.meshID))
    }
}

@Suite struct NodeIdentityTests {
    private let board = BoardSerial("board")

    @Test func isKeptAndCountsItsBoots() throws {
        let directory = TemporaryDirectory()
        let first = try NodeIdentity.loadOrCreate(in: directory.path + "/a/b", board: board)
        let second = try NodeIdentity.loadOrCreate(in: directory.path + "/a/b", board: board)
        #expect(first.origin == .created && second.origin == .loaded)
        #expect(first.boot == 1 && second.boot == 2 && first.public == second.public)
        #expect(first.tlsCertificateDER == second.tlsCertificateDER)
        #expect(NodeCertificate.keyHash(ofDER: first.tlsCertificateDER) == first.tlsKeyHash)
        let mode = try FileManager.default.attributesOfItem(atPath: directory.path + "/a/b/identity")[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let raised = try second.raised(to: 40)
        #expect(raised.boot == 40 && raised.id == second.id)
        #expect(try NodeIdentity.loadOrCreate(in: directory.path + "/a/b", board: board).boot == 41)
    }

    @Test func anotherBoardGetsAnotherIdentity() throws {
        let directory = TemporaryDirectory()
        let first = try NodeIdentity.loadOrCreate(in: directory.path, board: board)
        let second = try NodeIdentity.loadOrCreate(in: directory.path, board: BoardSerial("other"))
        guard case .replaced(let reason) = second.origin else {
            Issue.record("\(second.origin)")
            return
        }
        #expect(reason.contains("board") && first.id != second.id && second.boot == 1)
    }

    /// Cut at every place, and with every tenth byte altered.
    @Test func damagedFileIsReplaced() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/identity"
        let first = try NodeIdentity.loadOrCreate(in: directory.path, board: board)
        let good = try Data(contentsOf: URL(filePath: path))
        var damaged = [Data(), good.prefix(1), good.prefix(31), good.prefix(good.count / 2), good.dropLast()]
        for index in stride(from: 0, to: good.count, by: 97) {
            var copy = good
            copy[index] ^= 0xff
            damaged.append(copy)
        }
        for content in damaged {
            try content.write(to: URL(filePath: path))
            let next = try NodeIdentity.loadOrCreate(in: directory.path, board: board)
            #expect(next.id != first.id && next.origin != .loaded && next.origin != .created)
        }
    }

    @Test func secretsNeverShow() throws {
        let identity = TestMesh.identity()
        let mesh = TestMesh.shared
        let texts = [
            "\(identity)", String(reflecting: identity), "\(mesh.root)", String(reflecting: mesh.root), "\(mesh.admin)", "\(identity.signingKey)",
        ]
        var dumped = ""
        dump(identity, to: &dumped)
        dump(mesh.root, to: &dumped)
        let secrets = [identity.signingKey.seed, identity.tlsKey.copy, identity.dhSecret.copy, mesh.root.key.seed]
        for secret in secrets {
            let forms = [secret.hexDigits, Data(secret).base64EncodedString(), "\(secret)", secret.prefix(6).map { "\($0)" }.joined(separator: ", ")]
            for text in texts + [dumped] { for form in forms { #expect(!text.contains(form)) } }
        }
    }

    @Test func unwritableDirectoryNamesTheCure() {
        let error = #expect(throws: IdentityError.self) { try NodeIdentity.loadOrCreate(in: "/proc/meshcam", board: board) }
        #expect(error?.cure.isEmpty == false && error?.reason.contains("/proc/meshcam") == true)
    }
}

@Suite struct TrustStoreTests {
    @Test func keepsRosterAndConfiguration() throws {
        let directory = TemporaryDirectory()
        let mesh = TestMesh.shared
        #expect(try TrustStore.load(from: directory.path) == nil)
        var store = TrustStore(directory: directory.path, genesis: mesh.genesis, records: mesh.roster.records)
        try store.setConfig(SharedConfigKey.users, [1, 2, 3], by: mesh.admin)
        try store.setConfig(SharedConfigKey.users, [4], by: mesh.admin)
        #expect(throws: TrustError.self) { try store.setConfig("users", [1], by: AdminKey()) }
        #expect(throws: TrustError.self) { try store.setConfig("", [1], by: mesh.admin) }
        try store.save()
        let loaded = try #require(try TrustStore.load(from: directory.path))
        #expect(loaded.roster == mesh.roster && loaded.values == ["users": [4]] && loaded.meshID == mesh.genesis.meshID)
        let path = directory.path + "/mesh"
        var content = try Data(contentsOf: URL(filePath: path))
        content[content.count / 2] ^= 1
        try content.write(to: URL(filePath: path))
        #expect(throws: TrustError.self) { try TrustStore.load(from: directory.path) }
    }

    @Test func rootKeyInAFile() throws {
        let directory = TemporaryDirectory()
        let mesh = TestMesh.shared
        try mesh.root.write(to: directory.path + "/root")
        let loaded = try RootKey.load(from: directory.path + "/root")
        var roster = Roster(genesis: mesh.genesis)
        let changes = roster.merge([loaded.admit(mesh.identities[0].public, name: "x", serial: 1)])
        #expect(changes.count == 1)
        let mode = try FileManager.default.attributesOfItem(atPath: directory.path + "/root")[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(throws: TrustError.self) { try RootKey.load(from: directory.path + "/none") }
    }

    @Test func passwords() throws {
        let hash = try PasswordHash.make("correct horse ä")
        #expect(hash.hasPrefix("$argon2id$v=19$m=65536,t=3,p=1$"))
        #expect(PasswordHash.verify("correct horse ä", against: hash))
        #expect(!PasswordHash.verify("correct horse a", against: hash))
        // phc-winner-argon2, src/test.c: Argon2id, version 0x13, t = 2, m = 2^16, p = 1, "password", "somesalt".
        let published = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
        #expect(PasswordHash.verify("password", against: published) && !PasswordHash.verify("passwort", against: published))
        // A hash from elsewhere must not be able to ask for gigabytes.
        let greedy = hash.replacingOccurrences(of: "m=65536", with: "m=4194304")
        for bad in ["", "$argon2id$", greedy, String(repeating: "$", count: 300)] { #expect(!PasswordHash.verify("x", against: bad)) }
    }
}

/// architecture.md: cores know no C library, no clock, no input or output.
@Suite struct LayeringTests {
    @Test func decisionsArePure() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/Gossip")
        var looked = 0
        for folder in ["Core", "Wire", "SimulationSupport"] {
            for file in try FileManager.default.contentsOfDirectory(at: sources.appending(path: folder), includingPropertiesForKeys: nil)
            where file.pathExtension == "swift" && !file.lastPathComponent.hasSuffix(".pb.swift") {
                looked += 1
                let text = try String(contentsOf: file, encoding: .utf8)
                for forbidden in ["import CSodium", "import CAvahi", "import Glibc", "import NIO", "import Dispatch", "Clock.now", "Instant.now", "Date(", "FileManager"] {
                    #expect(!text.contains(forbidden), "\(file.lastPathComponent): \(forbidden)")
                }
            }
        }
        #expect(looked > 20)
    }
}
