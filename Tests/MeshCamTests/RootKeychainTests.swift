import Gossip
import Testing
import TestSupport

@testable import MeshCam

@Suite struct RootKeychainTests {
    @Test func forOneHolderAndTenMinutes() {
        let keychain = RootKeychain()
        let (_, root, _) = Founding.found(name: "test")
        let now = ContinuousClock.now
        keychain.unlock(root, for: .session([1]), now: now)
        #expect(keychain.root(for: .session([1]), now: now + .seconds(599))?.publicKey == root.publicKey)
        #expect(keychain.root(for: .session([2]), now: now) == nil && keychain.root(for: .local, now: now) == nil)
        #expect(keychain.root(for: .session([1]), now: now + .seconds(600)) == nil)
        keychain.lock(.session([1]))
        #expect(keychain.root(for: .session([1]), now: now) == nil)
    }

    /// What follows from an unlocked root by itself needs the admin's own key as well.
    @Test func whoeverUnlockedIt() {
        let keychain = RootKeychain()
        let (_, root, _) = Founding.found(name: "test")
        let (admin, now) = (AdminKey(), ContinuousClock.now)
        keychain.unlock(root, for: .session([1]), now: now)
        #expect(keychain.unlocked(now: now) { _ in true } == nil)
        keychain.unlock(root, signer: Signer(name: "owner", key: admin), for: .session([2]), now: now)
        let unlocked = keychain.unlocked(now: now + .seconds(599)) { _ in true }
        #expect(unlocked?.root.publicKey == root.publicKey && unlocked?.admin.publicKey == admin.publicKey)
        #expect(keychain.unlocked(now: now + .seconds(600)) { _ in true } == nil)
        keychain.lock(.session([2]))
        #expect(keychain.unlocked(now: now) { _ in true } == nil)
    }

    /// Whose key ended with another password is passed over, and wiped where that happens.
    @Test func keysThatEndedAreOfNoUse() {
        let keychain = RootKeychain()
        let (_, root, _) = Founding.found(name: "test")
        let (old, new) = (AdminKey(), AdminKey())
        for number in 0..<8 { keychain.unlock(root, signer: Signer(name: "ann", key: old), for: .session([UInt8(number)])) }
        keychain.unlock(root, signer: Signer(name: "bob", key: new), for: .local)
        #expect(keychain.unlocked { $0.publicKey == new.publicKey }?.admin.publicKey == new.publicKey)
        keychain.lock(user: "ann")
        #expect(keychain.count == 1 && keychain.signer(for: .local)?.name == "bob")
    }

    /// Nobody looks, and it is wiped all the same.
    @Test func itIsWipedByItself() async throws {
        let keychain = RootKeychain()
        let (_, root, _) = Founding.found(name: "test")
        keychain.unlock(root, for: .local, now: .now - RootKeychain.lifetime)
        try await eventually { keychain.count == 0 }
    }

    @Test func foundingNeedsAPassword() {
        func request(_ password: String, mesh: String = "home", user: String = "ann") -> FoundingRequest {
            FoundingRequest(code: "", mesh: mesh, username: user, password: password)
        }
        #expect(throws: Never.self) { try request("twelve chars").check() }
        for wrong in [request("eleven char"), request(""), request(String(repeating: "x", count: 2000)), request("twelve chars", mesh: ""), request("twelve chars", user: "\u{1b}[2J")] {
            #expect(throws: ProblemDetails.self) { try wrong.check() }
        }
        #expect("\(request("twelve chars"))" == "FoundingRequest(mesh: home, username: ann)")
        #expect("\(PairingRequest(node: "gate", code: "123"))" == "PairingRequest(node: gate)" && "\(UnlockRequest(passphrase: "x"))" == "UnlockRequest")
    }

    @Test func whichCamera() throws {
        func found(_ name: String) -> DiscoveredResource {
            var resource = DiscoveredResource(DiscoveredNode(instance: name, id: nil, name: name, version: "", addresses: []))
            resource.id = "id of \(name)"
            return resource
        }
        #expect(try PairCommand.only(of: [found("gate")]) == "id of gate")
        let none = #expect(throws: APIError.self) { try PairCommand.only(of: []) }
        #expect(none?.cure.contains("--camera") == true)
        let several = #expect(throws: APIError.self) { try PairCommand.only(of: [found("gate"), found("yard\u{1b}")]) }
        #expect(several?.cure == "choose one with --camera: gate, yard\u{FFFD}")
    }
}
