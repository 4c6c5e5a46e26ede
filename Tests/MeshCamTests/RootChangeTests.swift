import Foundation
import Gossip
import Testing

@testable import MeshCam

@Suite struct RootChangeTests {
    @Test func aRecoveryNamesWhatIsWrongBeforeItCostsATry() throws {
        let phrase = Founding.found(name: "test").2.printed
        func request(_ phrase: String, user: String = "ann", password: String = "twelve chars") -> RecoveryRequest {
            RecoveryRequest(phrase: phrase, username: user, password: password)
        }
        #expect(try request(phrase).check().printed == phrase)
        for wrong in [request("no phrase"), request(phrase, password: "short"), request(phrase, user: "")] {
            let problem = #expect(throws: ProblemDetails.self) { try wrong.check() }
            #expect(problem?.cure?.isEmpty == false)
        }
        #expect("\(request(phrase))" == "RecoveryRequest(username: ann)" && "\(StolenRequest(passphrase: "x"))" == "StolenRequest")
    }

    @Test func whatIsLeftToDoByHand() {
        let list = StolenResource(node: "1", name: "gate", targets: ["/mnt/nas"], admins: ["ann", "bob"]).changes
        #expect(list.contains { $0.what.contains("/mnt/nas") } && list.contains { $0.what.contains("ann, bob") })
        #expect(list.allSatisfy { !$0.why.isEmpty && $0.why.hasSuffix(".") })
    }

    @Test func aReplacedRootLocksEverybodyOut() {
        let keychain = RootKeychain()
        let (_, root, _) = Founding.found(name: "test")
        let admin = AdminKey()
        keychain.unlock(root, signer: Signer(name: "ann", key: admin), for: .local)
        keychain.unlock(root, for: .session([1]))
        #expect(keychain.admin(for: .local)?.publicKey == admin.publicKey && keychain.admin(for: .session([1])) == nil)
        keychain.lockAll()
        #expect(keychain.root(for: .local) == nil && keychain.root(for: .session([1])) == nil && keychain.count == 0)
    }

    /// A node that was revoked says that, one that lost its identity says that, and both say what to do.
    @Test func whatIsWrongWithANodesPlace() throws {
        let directory = try TemporaryDirectory()
        let identity = try NodeIdentity.loadOrCreate(in: directory.path, board: .current())
        let (genesis, root, _) = Founding.found(name: "test")
        var roster = Roster(genesis: genesis)
        #expect(NodeServices.membershipProblem(of: identity.id, in: roster) == NodeServices.strangerProblem)
        roster.merge([root.admit(identity.public, name: "n", serial: 1)])
        #expect(NodeServices.membershipProblem(of: identity.id, in: roster) == nil)
        var doubted = roster
        doubted.merge([root.replaced(in: roster).record, root.replaced(in: roster).record])
        #expect(NodeServices.membershipProblem(of: identity.id, in: doubted) == NodeServices.rootConflictProblem)
        roster.merge([root.revoke(identity.id, serial: 2)])
        #expect(NodeServices.membershipProblem(of: identity.id, in: roster) == NodeServices.revokedProblem)
        #expect(NodeServices.revokedProblem.cure.contains("meshcam reset"))
    }

    @Test func resetLeavesNothingButFootage() throws {
        let directory = try TemporaryDirectory()
        for name in ResetCommand.files { _ = try directory.file(name, "x") }
        let footage = try directory.file("clip.mp4", "x")
        #expect(try ResetCommand.reset(directory.path) == ResetCommand.files)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["clip.mp4"] && FileManager.default.fileExists(atPath: footage))
        #expect(try ResetCommand.reset(directory.path).isEmpty)
        // A name that is taken by something else is told.
        try FileManager.default.createDirectory(atPath: directory.path + "/identity", withIntermediateDirectories: true)
        #expect(throws: NodeError.self) { try ResetCommand.reset(directory.path) }
    }

    @Test func leftOversOfTheSetupCodeGo() throws {
        let (state, card) = (try TemporaryDirectory(), try TemporaryDirectory())
        let files = [try state.file("setup", "x"), try state.file("setup-code.txt", "x"), try card.file("setup-code.txt", "x")]
        let other = try card.file("meshcam.toml", "")
        SetupCodeKeeper.removeLeftOvers(in: state.path, card: card.path)
        #expect(files.allSatisfy { !FileManager.default.fileExists(atPath: $0) } && FileManager.default.fileExists(atPath: other))
    }
}
