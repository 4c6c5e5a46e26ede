import Foundation
import Testing

@testable import Gossip

@Suite struct SetupCodeTests {
    /// Damm's own example (2004): 572 has the check digit 4.
    @Test func checkDigit() { #expect(SetupCode.checkDigit(of: [5, 7, 2]) == 4 && SetupCode.checkDigit(of: [5, 7, 2, 4]) == 0) }

    @Test func typedAsPeopleDo() throws {
        let code = SetupCode()
        let plain = code.digits.map(String.init).joined()
        #expect(SetupCode(typed: plain) == code && SetupCode(typed: code.printed) == code)
        #expect(SetupCode(typed: " \(plain.prefix(4))-\(plain.dropFirst(4))\r\n") == code)
        for wrong in ["", String(plain.dropLast()), plain + "0", "x" + plain.dropFirst(), "12345678九"] { #expect(SetupCode(typed: wrong) == nil) }
        #expect("\(code)" == "<setup code>" && String(reflecting: code) == "<setup code>")
    }

    /// Every single wrong digit and every swap of two different neighbours is seen.
    @Test func commonMistakesAreSeen() {
        for _ in 0..<50 {
            let code = SetupCode()
            for place in 0..<9 {
                for digit in 0...9 as ClosedRange<UInt8> where digit != code.digits[place] {
                    var wrong = code.digits
                    wrong[place] = digit
                    #expect(SetupCode(typed: wrong.map(String.init).joined()) == nil)
                }
                if place < 8, code.digits[place] != code.digits[place + 1] {
                    var wrong = code.digits
                    wrong.swapAt(place, place + 1)
                    #expect(SetupCode(typed: wrong.map(String.init).joined()) == nil)
                }
            }
        }
    }

    @Test func allDigitsAreDrawn() {
        let codes = (0..<2000).map { _ in SetupCode() }
        for place in 0..<8 { #expect(Set(codes.map { $0.digits[place] }).count == 10) }
        #expect(Set(codes).count > 1990)
    }
}

@Suite struct SetupCodeAttemptsTests {
    @Test func pausesGrow() {
        var now = ContinuousClock.now
        var attempts = SetupCodeAttempts(failures: 0, now: now)
        var waits: [Int] = []
        for _ in 0..<10 {
            now += attempts.wait(now: now)
            attempts.begin(now: now)
            waits.append(attempts.wait(now: now).seconds)
        }
        #expect(waits == [0, 0, 8, 16, 32, 64, 128, 256, 300, 300])
        #expect(!attempts.isUsedUp)
        for _ in 0..<10 { attempts.begin(now: now) }
        #expect(attempts.isUsedUp && attempts.failures == 20)
        attempts.succeed(now: now)
        #expect(attempts.failures == 0 && attempts.wait(now: now) == .zero)
    }

    /// Whoever pulls the plug has the pause before them again.
    @Test func aRestartPausesAgain() {
        let now = ContinuousClock.now
        #expect(SetupCodeAttempts(failures: 5, now: now).wait(now: now) == .seconds(32))
        #expect(SetupCodeAttempts(failures: 2, now: now).wait(now: now) == .zero)
        #expect(SetupCodeAttempts(failures: -5, now: now).failures == 0 && SetupCodeAttempts(failures: 1 << 40, now: now).isUsedUp)
    }
}

/// Both sides as values, with a person in the middle who may alter everything.
@Suite struct PairingHandshakeTests {
    private let mesh = TestMesh.shared
    private let newcomer = TestMesh(nodes: 1, name: "newcomer").identities[0]
    private let code = SetupCode()

    private var member: PairingInitiator { PairingInitiator(own: mesh.identities[0].public, name: "yard", code: code) }
    private func camera(_ code: SetupCode? = nil) -> PairingResponder {
        PairingResponder(identity: newcomer, name: "gate", code: code ?? self.code)
    }

    private struct Outcome {
        var counted = 0
        var admitted: NodeIdentity.Public?
        var welcome: PairingWelcome?
        var isJoined = false
        /// What the camera said, in order.
        var said: [[UInt8]] = []
        var heard: [[UInt8]] = []
    }

    /// Runs both to the end; `alter` sees each message by number (from A even, from B odd) and may change it.
    private func run(
        _ member: PairingInitiator, _ camera: PairingResponder, roster: Roster? = nil, alter: (Int, [UInt8]) -> [UInt8] = { $1 }
    ) throws -> Outcome {
        var (member, camera, outcome) = (member, camera, Outcome())
        var message = member.hello
        var number = 0
        while true {
            message = alter(number, message)
            outcome.heard.append(message)
            let answer: [UInt8]
            switch try camera.receive(message) {
            case .send(let bytes): answer = bytes
            case .count(let bytes):
                outcome.counted += 1
                answer = bytes
            case .join(let welcome):
                outcome.welcome = welcome
                answer = try #require(camera.acknowledgement)
            }
            outcome.said.append(answer)
            switch try member.receive(alter(number + 1, answer)) {
            case .send(let bytes): message = bytes
            case .admit(let node, let name):
                outcome.admitted = node
                #expect(name == "gate")
                var grown = roster ?? mesh.roster
                if roster == nil { grown.merge([mesh.root.admit(node, name: name, serial: 2)]) }
                let welcome = PairingWelcome(roster: grown, peers: [mesh.identities[0].id: [PeerAddress(host: "192.0.2.1", port: 7462)]])
                let sealed = member.welcome(welcome)
                message = try #require(sealed)
            case .joined:
                outcome.isJoined = true
                return outcome
            }
            number += 2
        }
    }

    @Test func aCameraJoins() throws {
        let outcome = try run(member, camera())
        #expect(outcome.isJoined && outcome.counted == 1 && outcome.admitted == newcomer.public)
        let welcome = try #require(outcome.welcome)
        var roster = Roster(genesis: welcome.genesis)
        roster.merge(welcome.records)
        #expect(welcome.genesis == mesh.genesis && roster.admission(of: newcomer.id)?.name == "gate" && roster.members.count == 11)
        #expect(welcome.peers == [mesh.identities[0].id: [PeerAddress(host: "192.0.2.1", port: 7462)]])
        // Nothing secret is in the clear: neither the code nor the mesh.
        let all = (outcome.said + outcome.heard).flatMap { $0 }
        #expect(!all.contains(code.password) && !all.contains(mesh.genesis.bytes) && !all.contains(mesh.meshIDBytes))
    }

    @Test func aWrongCodeIsCountedAndTellsNothing() throws {
        var wrong = SetupCode()
        while wrong.digits == code.digits { wrong = SetupCode() }
        var (a, b) = (PairingInitiator(own: mesh.identities[0].public, name: "yard", code: wrong), camera())
        guard case .send(let helloBack) = try b.receive(a.hello), case .send(let shareA) = try a.receive(helloBack),
            case .count(let shareB) = try b.receive(shareA), case .send(let tagA) = try a.receive(shareB)
        else {
            Issue.record("the handshake went another way")
            return
        }
        #expect(throws: PairingError.wrongCode(retryAfter: .zero)) { try b.receive(tagA) }
        // It is over: the right tag would come too late.
        #expect(throws: PairingError.malformed) { try b.receive(tagA) }
        #expect(b.acknowledgement == nil && a.welcome(PairingWelcome(roster: mesh.roster, peers: [:])) == nil)
    }

    /// Every byte of every message matters: whoever alters one ends the handshake, and nobody is admitted or joins wrongly.
    @Test(arguments: 0..<8) func alteredMessagesEndIt(message: Int) throws {
        let clean = try run(member, camera())
        let length = message.isMultiple(of: 2) ? clean.heard[message / 2].count : clean.said[message / 2].count
        for place in stride(from: 0, to: min(length, 400), by: length > 120 ? 7 : 1) {
            var admitted = false
            do {
                let outcome = try run(member, camera()) { number, bytes in
                    guard number == message, place < bytes.count else { return bytes }
                    var bytes = bytes
                    bytes[place] ^= 0x10
                    return bytes
                }
                admitted = outcome.isJoined
            } catch is PairingError {
                continue
            }
            #expect(!admitted, "message \(message), byte \(place)")
        }
    }

    /// A device in between that speaks with both, and does not know the code, learns one guess and no more.
    @Test func somebodyInBetween() throws {
        let thief = TestMesh(nodes: 1, name: "thief").identities[0]
        var (a, b) = (member, camera())
        // It shows its own keys to each side, and passes on shares and tags.
        func forged(_ bytes: [UInt8]) throws -> [UInt8] {
            var message = try WirePairingMessage(bytes)
            switch message.content {
            case .hello(var hello):
                hello.signKey = Data(thief.signPublicKey)
                hello.dhKey = Data(thief.dhPublicKey)
                message.content = .hello(hello)
            case .helloBack(var hello):
                hello.signKey = Data(thief.signPublicKey)
                hello.dhKey = Data(thief.dhPublicKey)
                message.content = .helloBack(hello)
            default: break
            }
            return message.wireBytes
        }
        guard case .send(let helloBack) = try b.receive(forged(a.hello)), case .send(let shareA) = try a.receive(forged(helloBack)),
            case .count(let shareB) = try b.receive(shareA), case .send(let tagA) = try a.receive(shareB)
        else {
            Issue.record("the handshake went another way")
            return
        }
        #expect(throws: PairingError.wrongCode(retryAfter: .zero)) { try b.receive(tagA) }
        // And its own tags do not help it with the member.
        #expect(throws: PairingError.notGenuine) { try a.receive(WirePairingMessage.proof(tag: [UInt8](repeating: 7, count: 64), signature: [])) }
    }

    /// It knows the code, and shows the sign key of somebody whose secret it does not have: a camera that it saw elsewhere, say.
    @Test func aNewcomerProvesThatItsKeysAreItsOwn() throws {
        let thief = TestMesh(nodes: 1, name: "thief").identities[0]
        let shown = NodeIdentity.Public(
            id: newcomer.id, signPublicKey: newcomer.signPublicKey, dhPublicKey: thief.dhPublicKey, tlsKeyHash: thief.tlsKeyHash, hardware: "")
        // Its own signature; one that the victim made in another pairing; and one over another purpose.
        var old: [UInt8] = []
        let outcome = try run(member, camera())
        if case .proof(let proof) = try WirePairingMessage(outcome.said[2]).content { old = Array(proof.signature) }
        #expect(old.count == 64)
        let signatures: [@Sendable ([UInt8], MeshID) -> [UInt8]] = [
            { thief.sign($0, domain: .pairing, mesh: $1) }, { [old] _, _ in old }, { [newcomer] in newcomer.sign($0, domain: .manifest, mesh: $1) }, { _, _ in [] },
        ]
        for sign in signatures {
            let error = #expect(throws: PairingError.self) {
                try run(member, PairingResponder(own: shown, name: "gate", code: code, sign: sign))
            }
            #expect(error?.reason.contains("did not prove") == true, "\(String(describing: error))")
        }
        // The owner of the sign key may have whatever other keys it likes.
        let moved = try run(member, PairingResponder(own: shown, name: "gate", code: code) { [newcomer] in newcomer.sign($0, domain: .pairing, mesh: $1) })
        #expect(moved.isJoined && moved.admitted?.dhPublicKey == thief.dhPublicKey)
    }

    /// What a mirror sends back, an old handshake's messages and messages out of turn.
    @Test func reflectedAndReplayedMessages() throws {
        var a = member
        #expect(throws: PairingError.malformed) { try a.receive(a.hello) }
        let old = try run(member, camera())
        for message in old.said {
            var fresh = member
            let step = Result<PairingInitiator.Step, PairingError> { () throws(PairingError) in try fresh.receive(message) }
            // The old answer to a hello is only a hello; what follows it fails.
            if case .success(.send) = step {
                #expect(throws: PairingError.self) {
                    _ = try fresh.receive(old.said[1])
                    _ = try fresh.receive(old.said[2])
                }
            }
        }
        var camera = camera()
        _ = try camera.receive(old.heard[0])
        guard case .count = try camera.receive(old.heard[1]) else {
            Issue.record("a share was not counted")
            return
        }
        #expect(throws: PairingError.wrongCode(retryAfter: .zero)) { try camera.receive(old.heard[2]) }
    }

    /// A welcome that does not admit this node, or comes from nobody of that mesh.
    @Test func aWelcomeMustBeTrue() throws {
        #expect(throws: PairingError.malformed) { try run(member, camera(), roster: mesh.roster) }
        let (genesis, root, _) = Founding.found(name: "other")
        var strange = Roster(genesis: genesis)
        strange.merge([root.admit(newcomer.public, name: "gate", serial: 1)])
        #expect(throws: PairingError.malformed) { try run(member, camera(), roster: strange) }
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>) func nonsense(seed: UInt64) throws {
        var rng = Randomness.seeded(seed)
        let clean = try run(member, camera())
        for _ in 0..<2000 {
            var (a, b) = (member, camera())
            var bytes = (clean.said + clean.heard).randomElement(using: &rng) ?? []
            for _ in 0..<Int.random(in: 0...4, using: &rng) where !bytes.isEmpty {
                switch Int.random(in: 0..<3, using: &rng) {
                case 0: bytes[Int.random(in: 0..<bytes.count, using: &rng)] = UInt8.random(in: 0...255, using: &rng)
                case 1: bytes.removeLast(Int.random(in: 0...bytes.count, using: &rng))
                default: bytes.append(UInt8.random(in: 0...255, using: &rng))
                }
            }
            let (fromB, fromA) = (Result<PairingInitiator.Step, PairingError> { () throws(PairingError) in try a.receive(bytes) }, Result<PairingResponder.Step, PairingError> { () throws(PairingError) in try b.receive(bytes) })
            if case .success(.admit) = fromB { Issue.record("admitted by nonsense") }
            if case .success(.join) = fromA { Issue.record("joined by nonsense") }
        }
    }
}

extension TestMesh {
    fileprivate var meshIDBytes: [UInt8] { genesis.meshID.bytes }
}

extension [UInt8] {
    fileprivate func contains(_ other: [UInt8]) -> Bool {
        guard count >= other.count else { return false }
        return (0...(count - other.count)).contains { self[$0..<$0 + other.count].elementsEqual(other) }
    }
}
